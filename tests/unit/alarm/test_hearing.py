"""The desk's service hears of a merge by a call: all receipts move, also without the caller."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.words.actor import Actor
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from services.alarm.hearing import Hearing

OPENED = UUID(int=7)
RECEIPTS = [UUID(int=9), OPENED, UUID(int=8)]
BY = Actor("zhao", "command")


class Slow:
    """Its steps wait for each other, as those of slow roads do; it remembers them."""

    def __init__(self) -> None:
        self.done: list[tuple[str, UUID]] = []
        self.all_at_once = asyncio.Barrier(len(RECEIPTS))

    async def record(self, of: UUID, *_: Any) -> None:
        await self.all_at_once.wait()
        self.done.append(("record", of))

    async def moved(self, moved: Sequence[tuple[UUID, UUID]], *, left: bool) -> None:
        self.done += [("left" if left else "came", of) for of, _ in moved]
        await asyncio.sleep(0.02)

    async def tell(self, of: UUID, _: UUID) -> None:
        self.done.append(("team", of))


async def follower(events: Sequence[IncidentEvent]) -> list[Request[Any]]:
    ids = enumerate(RECEIPTS)
    return [Request(UUID(int=100 + n), of, None, "", BY, NEVER) for n, of in ids]


def a_merge() -> bytes:
    event = IncidentEvent()
    event.meta.aggregate_id = str(OPENED)
    return event.SerializeToString()


async def test_all_receipts_of_a_merged_incident_move_at_the_same_time() -> None:
    slow: Any = Slow()
    await Hearing(slow, slow, slow, follower).merge([a_merge()])
    steps = [step for step, _ in slow.done]
    assert steps == [each for each in ("record", "came", "team", "left") for _ in RECEIPTS]
    assert next(of for step, of in slow.done if step == "came") == OPENED


async def test_it_goes_on_when_nobody_waits_for_the_answer_any_more() -> None:
    """With Kafka away nothing else would tell the incident of the receipts that were left."""
    slow: Any = Slow()
    hearing = Hearing(slow, slow, slow, follower)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.005):
            await hearing.merge([a_merge()])
    await asyncio.gather(*hearing._going_on)
    assert len(slow.done) == 4 * len(RECEIPTS)
    await asyncio.sleep(0)
    assert not hearing._going_on
