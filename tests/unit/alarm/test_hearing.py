"""The desk's service hears of a merge by a call: all receipts move, also without the caller."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.rpc.caller import Call
from backbone.words.actor import Actor
from backbone.words.errors import InvalidTransition
from backbone.words.followed import Followed
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from liandong.incident.v1.incident_pb2 import Incident
from liandong.incident.v1.incident_service_pb2 import ReadIncidentResponse
from services.alarm.hearing import Hearing
from services.alarm.receipt.linking import LinkRepeat
from services.alarm.receipt.record import Receipt, State
from tests.desks import TAKER
from tests.unit.alarm.receipts import CODE, OTHER, RECEIVED, after

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


class Late:
    """The incident has ended, or was merged, between look-up and link; it remembers the steps."""

    def __init__(self, state: str) -> None:
        self.found = Incident(id=str(ENDED), code=CODE, version=9, merged_into=str(OTHER))
        self.found.state = Incident.State.Value(f"STATE_{state}")
        self.done: list[Any] = []
        self.receipt = LINKED

    async def glance(self, *_: Any) -> Incident:
        return self.found

    async def read(self, _: UUID) -> ReadIncidentResponse:
        going_on = Incident(id=str(OTHER), code=CODE, version=3, state=Incident.STATE_CLAIMED)
        return ReadIncidentResponse(incident=going_on)

    async def record(self, _: UUID, __: UUID, command: Any, ___: Any) -> Any:
        self.done.append(command)
        self.receipt = after(command, found=self.receipt)
        return SimpleNamespace(state=self.receipt)

    async def tell(self, *_: Any) -> None:
        self.done.append("team")


ENDED = UUID(int=70)
CALLED = Call(TAKER, UUID(int=3), NEVER)
LINKED = after(LinkRepeat(TAKER, ENDED, CODE, Followed(3, "CLAIMED", "north")), found=RECEIVED)


async def linked_to(late: Any, *, fresh: bool = True) -> Receipt:
    await Hearing(late, late, late, follower).linked(LINKED, ENDED, CALLED, fresh)
    found: Receipt = late.receipt
    return found


@pytest.mark.parametrize("state", ["CLOSED", "VOIDED"])
async def test_what_was_linked_as_its_incident_ended_is_open_at_its_desk_again(state: str) -> None:
    """It was filed with the end, and its team called back, though nobody had heard of it."""
    late = Late(state)
    with pytest.raises(InvalidTransition, match="INCIDENT_OVER"):
        await linked_to(late)
    assert (late.receipt.state, late.receipt.outcome) == (State.RECEIVED, None)
    assert late.done[-1] == "team", "a join that comes over Kafka is late"
    assert (await linked_to(Late(state), fresh=False)).state is State.CLOSED, "an old repeat"


async def test_what_was_linked_as_its_incident_was_merged_goes_on_with_the_other() -> None:
    found = await linked_to(Late("MERGED"))
    assert (found.state, found.matter_id) == (State.ENDED, OTHER)
