"""A caller asks for protection after the report has left an incident: no text of that one, and of
the missions that ended while it was linked, names the caller any more."""

from typing import Any

import pytest

from backbone.intake.correcting import told_by
from services.alarm import codec
from services.alarm.receipt.amending import AmendReceipt, CallerChange
from services.alarm.receipt.ending import OpenIncident
from services.emergency.mission.record import OVER
from services.workflow.incident.closing import VoidIncident
from tests.desks import TAKER, a_report
from tests.incidents import DESK
from tests.unit.emergency.test_told_once import OTHER, OWN
from tests.unit.emergency.three_services import Incoming

SEALED = ("v1.sealed-name",)
PROTECTED = AmendReceipt(by=TAKER, caller=CallerChange(protected=True, called=SEALED))


async def begun(opens: bool) -> Incoming:
    """A team of the other incident, which the report belongs to as well."""
    world = Incoming()
    other = a_report(id=OTHER, code="990101260101-000002-8", priority="P2")
    await world.quietly(world.receipt(OTHER, other))
    await world.quietly(world.receipt(OTHER, OpenIncident(TAKER)))
    await world.send(OTHER)
    await world.quietly(world.receipt(OWN, a_report(priority="P2")))
    if opens:
        await world.quietly(world.receipt(OWN, OpenIncident(TAKER)))
    await world.quietly(world.merge(OWN, OTHER) if opens else world.link(OWN, OTHER))
    return world


async def leaves(world: Incoming, opens: bool) -> None:
    await world.quietly(world.undo_merge(OWN) if opens else world.unlink(OWN))


def requests_to(event: Any, incident: Any) -> list[Any]:
    asked = told_by(getattr(event, event.WhichOneof("kind")))
    return [each for each in asked if each.incident_id == str(incident)]


@pytest.mark.parametrize("opens", [True, False])
@pytest.mark.parametrize("is_over", [True, False])
async def test_the_incident_that_it_has_left_and_its_missions_hear_of_it(
    opens: bool, is_over: bool
) -> None:
    world = await begun(opens)
    if is_over:
        await world.hear(*world.incident(OTHER, VoidIncident(DESK, "HOAX", True)))
        assert world.mission.state in OVER
    await leaves(world, opens)
    before = world.flows[OTHER]
    events = world.receipt(OWN, PROTECTED)
    await world.quietly(events)
    assert {*SEALED} <= {*world.mission.order.persons}
    after = world.flows[OTHER]
    assert {*SEALED} <= {*after.matter.persons}
    same = ("narrative", "place", "danger", "priority", "category")
    assert all(getattr(after.matter, name) == getattr(before.matter, name) for name in same)
    assert [each.linked for each in after.reports if each.receipt == str(OWN)] == [False]
    told = [each.correction.matter for event in events for each in requests_to(event, OTHER)]
    assert [each.narrative for each in told] == [""], "no word of what is another matter now"


async def test_the_call_tells_what_the_event_tells() -> None:
    world = await begun(opens=False)
    await leaves(world, opens=False)
    [event] = world.receipt(OWN, PROTECTED)
    assert codec.to_protections(world.receipts[OWN], TAKER) == requests_to(event, OTHER)


async def test_it_is_told_once_and_not_with_other_corrections() -> None:
    world = await begun(opens=False)
    await leaves(world, opens=False)
    await world.quietly(world.receipt(OWN, PROTECTED))
    for each in world.receipt(OWN, AmendReceipt(by=TAKER, danger="有狗")):
        assert not requests_to(each, OTHER)
    assert not codec.to_protections(world.receipts[OWN], TAKER)
