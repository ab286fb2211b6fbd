"""Supervisions that have yet to hear an origin: one that is refused for good holds up no other."""

from uuid import UUID

import pytest

from backbone.process.pulse import Pulse
from services.workflow import untold
from services.workflow.untold import Untold
from tests.integration.workflow.test_recounts import Workflow, workflow

__all__ = ["workflow"]

NOTE = """
INSERT INTO untold_supervisions
SELECT id, split_part(addressed[1], '/', 1)::uuid FROM supervisions WHERE id = $1
"""
# An incident that does not exist: its origin cannot be heard, now or later.
BROKEN = "INSERT INTO untold_supervisions VALUES ($1, $2)"
LEFT = "SELECT count(*) FROM untold_supervisions"


async def test_those_behind_refused_ones_are_told(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(untold, "UNTOLD", untold.UNTOLD.replace("LIMIT 100", "LIMIT 2"))
    supervisions = sorted([await workflow.supervised(), await workflow.supervised()])
    for number in range(1, 6):
        await workflow.pool.execute(BROKEN, supervisions[0], UUID(int=number))
    for each in supervisions:
        await workflow.pool.execute(NOTE, each)
    telling = Untold(workflow.pool, workflow.door, Pulse())
    assert await telling.tell() == 5
    assert await workflow.pool.fetchval(LEFT) == 5
    assert await telling.tell() == 5, "they are tried again, and stay"
    assert "5 supervisions cannot hear" in untold.flaw_of(5)
