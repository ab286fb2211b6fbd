"""No team is told that its danger is over and a moment later that it is there.

A receipt is linked, merged, parted and unlinked; its incidents, and the emergency service, hear of
it in every order that the two roads allow, with comparisons between all of that, and twice.
"""

from collections.abc import Iterator
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from services.alarm.receipt.amending import AmendReceipt
from services.alarm.receipt.dispatch import DispatchNow
from services.alarm.receipt.ending import OpenIncident
from services.emergency.mission.record import State
from services.workflow.incident.amending import SetPriority
from services.workflow.incident.closing import VoidIncident
from tests.desks import TAKER, a_report
from tests.incidents import DESK
from tests.unit.emergency.three_services import TEAM, Incoming

OWN, OTHER = UUID(int=7), UUID(int=8)
THIRD = UUID(int=9)
OIL, WIRE = "油箱漏油", "电线落地"
# The receipt's own event at the emergency service; then, for the incident to which it comes and the
# one that it leaves: the telling, and the emergency service's hearing of what that one says.
HEARD = "receipt"


async def begun(*, sends: bool = True) -> Incoming:
    """Another incident, and a receipt with a danger for which a team is under way."""
    world = Incoming()
    other = a_report(id=OTHER, code="990101260101-000002-8", place=a_report().place)
    await world.quietly(world.receipt(OTHER, other))
    await world.quietly(world.receipt(OTHER, OpenIncident(TAKER)))
    await world.quietly(world.receipt(OWN, a_report(priority="P1")))
    await world.quietly(world.receipt(OWN, AmendReceipt(by=TAKER, danger=OIL)))
    if sends:
        await world.send(OWN)
    return world


async def links() -> tuple[Incoming, list[Any]]:
    world = await begun()
    return world, world.link(OWN, OTHER)


async def unlinks() -> tuple[Incoming, list[Any]]:
    world, events = await links()
    await world.quietly(events)
    return world, world.unlink(OWN)


async def links_again() -> tuple[Incoming, list[Any]]:
    """It is linked again before anyone has heard that it was unlinked."""
    world, events = await unlinks()
    return world, [*events, *world.link(OWN, OTHER)]


async def merges() -> tuple[Incoming, list[Any]]:
    world = await begun()
    await world.quietly(world.receipt(OWN, OpenIncident(TAKER)))
    return world, world.merge(OWN, OTHER)


async def parts() -> tuple[Incoming, list[Any]]:
    """The danger was told before the merge: nothing has to be told to the own incident."""
    world, events = await merges()
    await world.quietly(events)
    return world, world.undo_merge(OWN)


async def parts_with_news() -> tuple[Incoming, list[Any]]:
    """What was told while it was merged has to be told to the own incident."""
    world, events = await merges()
    await world.quietly(events)
    await world.quietly(world.receipt(OWN, AmendReceipt(by=TAKER, danger=f"{OIL}，有人被困")))
    return world, world.undo_merge(OWN)


async def is_sent() -> tuple[Incoming, list[Any]]:
    """Workflow does not answer: the desk sends the team by what it knows itself."""
    world = await begun(sends=False)
    return world, [*world.link(OWN, OTHER), *world.receipt(OWN, DispatchNow(TAKER, TEAM))]


SCENES = (is_sent, links, unlinks, links_again, merges, parts, parts_with_news)


class Roads:
    """What waits to arrive: each step by a name, and after which others it can come."""

    def __init__(self, world: Incoming, events: list[Any]) -> None:
        self.world, self.events = world, events
        self.asked = [request for event in events for request in world.told(event)]
        self.news: dict[int, list[IncidentEvent]] = {}

    def orders(self) -> Iterator[tuple[str, ...]]:
        """Each telling comes before what the incident says of it, and is heard after it."""
        told = [f"{what} {n}" for n in range(len(self.asked)) for what in ("tell", "hear")]
        for order in permutations([HEARD, "else", *told]):
            at = order.index
            if all(at(f"tell {n}") < at(f"hear {n}") for n in range(len(self.asked))):
                yield order

    async def step(self, name: str) -> None:
        what, _, number = name.partition(" ")
        if what == HEARD:
            await self.world.hear_receipts(self.events)
        elif what == "else":
            await self._something_else()
        elif what == "tell":
            self.news[int(number)] = self.world.hear_request(self.asked[int(number)])
        elif news := self.news[int(number)]:
            await self.world.hear(*news)

    async def _something_else(self) -> None:
        """Somebody sets the priority of the other incident: of another matter than the danger."""
        low = self.world.flows[OTHER].matter.priority
        high = "P1" if low == "P2" else "P2"
        asked = SetPriority(DESK, high, "有人受伤", True)
        await self.world.hear(*self.world.incident(OTHER, asked))


async def played(scene: Any, order: tuple[str, ...], compares: bool) -> Roads:
    roads = Roads(*await scene())
    roads.world.store.seen.clear()
    for name in order:
        await roads.step(name)
        if compares:
            await roads.world.compare()
    await roads.world.hear_receipts(roads.events)
    for news in filter(None, roads.news.values()):
        await roads.world.hear(*news)
    await roads.world.compare()
    return roads


@pytest.mark.parametrize("compares", [True, False])
@pytest.mark.parametrize("scene", SCENES, ids=lambda each: each.__name__)
async def test_the_danger_is_there_all_the_time(scene: Any, compares: bool) -> None:
    for order in Roads(*await scene()).orders():
        roads = await played(scene, order, compares)
        mission = roads.world.mission
        lost = [each for each in roads.world.store.seen if OIL not in each.order.danger]
        assert not lost, order
        matter = roads.world.receipts[OWN].matter_id
        assert (mission.order.matter_id, mission.is_behind) == (matter, False), order
        assert (mission.state, mission.recall) == (State.PENDING, None), order
        if matter in roads.world.flows:
            knows = roads.world.flows[matter].matter
            told = mission.order.priority, mission.order.danger, mission.order.place
            assert told == (knows.priority, knows.danger, knows.place), order


async def merges_with_a_repeat() -> tuple[Incoming, list[Any]]:
    """The team knows the danger of another report of its incident, too."""
    world = await begun(sends=False)
    await world.quietly(world.receipt(OWN, OpenIncident(TAKER)))
    await world.quietly(world.receipt(THIRD, a_report(id=THIRD, code="990101260101-000003-6")))
    await world.quietly(world.receipt(THIRD, AmendReceipt(by=TAKER, danger=WIRE)))
    await world.quietly(world.link(THIRD, OWN))
    await world.send(OWN)
    return world, world.merge(OWN, OTHER)


@pytest.mark.parametrize("compares", [True, False])
async def test_the_danger_of_each_report_is_there_all_the_time(compares: bool) -> None:
    for order in Roads(*await merges_with_a_repeat()).orders():
        roads = await played(merges_with_a_repeat, order, compares)
        seen, mission = roads.world.store.seen, roads.world.mission
        lost = [each for each in seen if not {OIL, WIRE} <= {*each.order.danger.split("；")}]
        assert not lost, order
        knows = roads.world.flows[OTHER].matter
        assert (mission.order.matter_id, mission.is_behind) == (OTHER, False), order
        assert (mission.order.danger, mission.order.place) == (knows.danger, knows.place), order


@pytest.mark.parametrize("scene", [unlinks, parts, parts_with_news], ids=lambda each: each.__name__)
async def test_the_end_of_an_incident_that_its_receipt_has_left_is_not_its_own(scene: Any) -> None:
    """The incident is voided as soon as the receipt has left: a hoax, beside a real call."""
    roads = Roads(*await scene())
    for number in range(len(roads.asked)):
        await roads.step(f"tell {number}")
    end = roads.world.incident(OTHER, VoidIncident(DESK, "HOAX", True))
    await roads.world.hear(*end)
    await roads.world.compare()
    await roads.step(HEARD)
    await roads.world.compare()
    mission = roads.world.mission
    assert (mission.order.matter_id, mission.recall) == (OWN, None)
    assert OIL in mission.order.danger


@pytest.mark.parametrize("scene", [links, merges], ids=lambda each: each.__name__)
async def test_the_end_of_an_incident_that_it_has_come_to_is_its_own(scene: Any) -> None:
    """Also where that one has not heard of its receipt yet."""
    roads = Roads(*await scene())
    await roads.step(HEARD)
    await roads.world.hear(*roads.world.incident(OTHER, VoidIncident(DESK, "HOAX", True)))
    assert roads.world.mission.state is State.RECALLED
