"""A merge, its undoing and the next merge that Kafka brings at once: each receipt ends up where its
incident goes on, whatever it has heard before."""

from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from backbone.words.followed import Followed
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from services.alarm import storage
from services.alarm.consumers import follower
from services.alarm.receipt.record import Receipt, State
from tests.unit.alarm.receipts import CODE, ID, OPEN, OTHER, RECEIVED, after

OPENED = after(OPEN, found=RECEIVED)
THIRD = UUID(int=77)
EAST = Followed(version=7, state="CLAIMED", unit="east", holder="li")
WEST = Followed(version=9, state="OFFERED", unit="west")


def an_event(version: int, **said: Any) -> IncidentEvent:
    event = IncidentEvent(**said)
    event.meta.aggregate_id, event.meta.version = str(ID), version
    event.meta.event_id = str(UUID(int=version))
    return event


def a_merge(version: int, into: UUID = OTHER) -> IncidentEvent:
    known = {"version": 3, "state": "OFFERED", "unit": "south"}
    return an_event(version, merged={"into": str(into), "into_code": CODE, "known": known})


def an_undoing(version: int, of: UUID = OTHER) -> IncidentEvent:
    return an_event(version, reinstated={"unit": "north", "parted_from": str(of)})


class Rows:
    """One receipt in its table, and what others know of the incidents that they follow."""

    def __init__(self, found: Receipt) -> None:
        self.found = found
        self.pool = self.decider = self

    async def fetch(self, _: str, incident: UUID) -> list[Any]:
        known = self.found.incident
        return [{"id": self.found.id}] if known and known.id == incident else []


@pytest.fixture(autouse=True)
def known_there(monkeypatch: pytest.MonkeyPatch) -> None:
    async def latest(_: Any, incident: UUID) -> Followed | None:
        return {OTHER: EAST, THIRD: WEST}.get(incident)

    monkeypatch.setattr(storage, "latest_known", latest)


async def heard(found: Receipt, *events: IncidentEvent) -> Receipt:
    rows: Any = Rows(found)
    for request in await follower(rows)(events):
        assert request.aggregate_id == found.id
        found = after(request.command, found=found)
    return found


STEPS = (a_merge(4), an_undoing(5), a_merge(6))


@pytest.mark.parametrize("cuts", [(), (1,), (2,), (1, 2)])
@pytest.mark.parametrize("direct", range(4))
async def test_it_follows_the_last_merge(cuts: tuple[int, ...], direct: int) -> None:
    """The first `direct` steps have come by calls, and Kafka brings all in batches."""
    found = OPENED
    for step in STEPS[:direct]:
        found = await heard(found, step)
    ends = (0, *cuts, len(STEPS))
    for first, last in pairwise(ends):
        found = await heard(found, *STEPS[first:last])
    assert found.incident is not None
    assert (found.state, found.matter_id) == (State.ENDED, OTHER)
    assert found.incident.known == EAST
    back = await heard(found, an_undoing(7))
    assert back.incident is not None
    assert (back.matter_id, back.incident.known.state) == (ID, "OFFERED")


async def test_one_that_was_merged_elsewhere_knows_that_one() -> None:
    merged = await heard(OPENED, a_merge(4))
    found = await heard(merged, an_undoing(5), a_merge(6, THIRD))
    assert found.incident is not None
    assert (found.matter_id, found.incident.known) == (THIRD, WEST)
    anew = await heard(OPENED, a_merge(4), an_undoing(5), a_merge(6, THIRD))
    assert anew.incident is not None and anew.incident.known == WEST
