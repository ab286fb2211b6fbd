"""Supervisions that have yet to hear an origin: one that is refused for good holds up no other."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from backbone.process.pulse import Pulse
from backbone.words.actor import CLOCK, SERVICE, Actor
from liandong.supervision.v1.supervision_events_pb2 import SupervisionEvent
from services.workflow import storage, untold
from services.workflow.supervision.moving import AddressUnit
from services.workflow.untold import Untold
from tests.integration.workflow.test_recounts import Workflow, workflow
from tests.supervisions import FENG, NORTH_HEAD
from tests.unit.workflow.test_amending import a_correction
from tests.unit.workflow.test_outliving import step

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


ABOUT = "SELECT split_part(addressed[1], '/', 1)::uuid FROM supervisions WHERE id = $1"
ROW = "SELECT readers, apart, accused, waiting, state FROM supervisions WHERE id = $1"
TOLD = "SELECT payload FROM journal WHERE aggregate_id = $1 AND version > 1 ORDER BY version"
SERVICE_ITSELF = Actor("zhao", "command", SERVICE)


async def test_a_supervisor_that_may_not_read_the_accusation_is_told_nothing_of_it(
    workflow: Workflow,
) -> None:
    """By whatever road the supervision hears first: in no list, and in no live change."""
    supervision = await workflow.supervised()
    incident = await workflow.pool.fetchval(ABOUT, supervision)
    asked = replace(step("SupervisionOpened", 1, "north"), supervision_id=supervision)
    await workflow.perform(incident, CLOCK, asked)
    await workflow.perform(incident, SERVICE_ITSELF, a_correction(4, against="north"))
    version = await workflow.pool.fetchval("SELECT version FROM supervisions")
    moved = await workflow.pool.fetch(storage.MOVED.page, [], [])
    assert [(row["id"], row["version"], row["incident"]) for row in moved] == [
        (supervision, version, incident)
    ]
    await workflow.perform(supervision, CLOCK, AddressUnit(incident))
    row = await workflow.pool.fetchrow(ROW, supervision)
    assert not {FENG.unit, NORTH_HEAD.unit} & {*row["readers"], *row["apart"], *row["waiting"]}
    assert (row["accused"], row["state"]) == ("north", "ENDED")
    payloads = await workflow.pool.fetch(TOLD, supervision)
    events = [SupervisionEvent.FromString(each["payload"]) for each in payloads]
    assert [each.WhichOneof("kind") for each in events] == ["origin_learnt", "demand_ended"]
    for each in events:
        assert [*each.meta.audience] == [] and not each.meta.area and each.meta.accused == "north"
