"""Which mission an order is about, while its call and its event are on their way at once."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from services.emergency import orders
from services.emergency.mission.record import Mission, mission_id
from tests.unit.emergency.missions import DISPATCH, MATTER, after

TEAM = DISPATCH.order.team


class Reads:
    """What one order after the other reads: answers, missions, and which ids stand."""

    def __init__(
        self, answers: Sequence[UUID | None], found: Sequence[list[Mission]], stand: set[UUID]
    ) -> None:
        self._answers, self._found, self._stand = [*answers], [*found], stand
        self.door, self.pool = SimpleNamespace(answer=self._answer), self

    async def _answer(self, request_id: UUID) -> Any:
        known = self._answers.pop(0)
        return None if known is None else SimpleNamespace(aggregate_id=known)

    async def missions(self, shell: Any, *ids: UUID) -> list[Mission]:
        return self._found.pop(0)

    async def fetchval(self, statement: str, one: UUID) -> bool:
        return one in self._stand


async def target(monkeypatch: pytest.MonkeyPatch, reads: Reads) -> tuple[UUID, int]:
    monkeypatch.setattr(orders, "missions_of", reads.missions)
    shell: Any = reads
    return await orders.target(shell, uuid4(), MATTER, TEAM)


def of(number: int) -> UUID:
    return mission_id(MATTER, TEAM, number)


def sent(number: int) -> Mission:
    return replace(after(DISPATCH), id=of(number), number=number)


async def test_an_order_that_its_call_has_performed_meanwhile_is_the_same_mission(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was no other one, which the desk would hear of as a refused follow-up."""
    reads = Reads([None, of(0)], [[], [sent(0)]], {of(0)})
    assert await target(monkeypatch, reads) == (of(0), 0)


async def test_an_order_that_another_desk_has_given_meanwhile_meets_the_open_mission(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads = Reads([None, None], [[], [sent(0)]], {of(0)})
    assert await target(monkeypatch, reads) == (of(0), 0)


async def test_a_mission_that_has_left_the_matter_keeps_its_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads = Reads([None, None, None], [[], [], []], {of(0), of(1)})
    assert await target(monkeypatch, reads) == (of(2), 2)
