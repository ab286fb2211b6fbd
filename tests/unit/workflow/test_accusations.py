"""An incident that accuses a unit: it never gets there, and no other unit hears of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from backbone.wire import to_message, to_record
from backbone.words.errors import Refusal
from liandong.incident.v1 import incident_events_pb2 as events
from services.workflow import codec
from services.workflow.incident import routing
from services.workflow.incident.assigning import AssignIncident
from services.workflow.incident.claiming import ClaimIncident
from services.workflow.incident.handing_off import AcceptHandOff, HandOffIncident
from services.workflow.incident.lapsing import Lapse
from services.workflow.incident.opening import IncidentOpened, OpenIncident
from services.workflow.incident.record import Incident, State
from services.workflow.incident.returning import AcceptReturn, RequestReturn
from services.workflow.incident.routing import DesignateUnit, RouteIncident
from tests import incidents
from tests.cities import NORTH
from tests.incidents import CHEN, NOW, changed, evolve
from tests.unit.workflow.accusations import ACCUSED, BELOW, CITY, LIN, OFFICE, SU, an_opening


def decide(incident: Incident | None, command: Any, now: datetime = NOW) -> list[Any]:
    return incidents.decide(incident, command, now, CITY)


def after(*commands: Any, found: Incident | None = None) -> Incident:
    return incidents.after(*commands, found=found, city=CITY)


def refusal_of(found: Incident, command: Any) -> str:
    with pytest.raises(Refusal) as caught:
        decide(found, command)
    return caught.value.reason


OFFERED = after(an_opening())
CLAIMED = after(ClaimIncident(LIN), found=OFFERED)


@pytest.mark.parametrize("to", [ACCUSED, BELOW])
def test_nobody_sends_it_to_the_accused_or_below(to: str) -> None:
    sends: list[Any] = [
        HandOffIncident(LIN, to, "theirs"),
        AssignIncident(SU, to, "go"),
        DesignateUnit(OFFICE, to, "theirs"),
    ]
    for command in sends:
        assert refusal_of(CLAIMED, command) == "ACCUSED_UNIT"


def test_elsewhere_it_goes_as_any_other() -> None:
    offered = after(HandOffIncident(LIN, "south", "theirs"), found=CLAIMED)
    assert after(AcceptHandOff(CHEN), found=offered).charge.unit == "south"
    assert after(AssignIncident(SU, "south", "go"), found=CLAIMED).charge.unit == "south"


@pytest.mark.parametrize(
    "opening",
    [
        an_opening(to_unit="", category="theft"),
        an_opening(to_unit=ACCUSED),
        an_opening(to_unit=BELOW),
        an_opening(to_unit="", category="theft", against="county"),
        an_opening(to_unit="", category="", against="south"),
    ],
)
def test_a_policy_that_chooses_the_accused_leaves_it_in_triage(opening: OpenIncident) -> None:
    found = after(opening)
    assert (found.state, found.charge.unit, found.involved) == (State.TRIAGE, "", ("office",))
    assert found.routing is not None and found.routing.guesses == ()
    assert routing.explain(found, CITY).routing.guesses == ()


def test_its_desk_names_the_next_unit_where_no_dispatcher_may_know() -> None:
    returned = after(RequestReturn(LIN, "不属"), AcceptReturn(OFFICE), found=CLAIMED)
    assert returned.state is State.TRIAGE
    assert after(DesignateUnit(OFFICE, "south", "改派"), found=returned).charge.unit == "south"
    assert after(RouteIncident(OFFICE), found=returned).state is State.TRIAGE
    other = after(an_opening(against="", source="ALARM"))
    assert refusal_of(other, DesignateUnit(OFFICE, "south", "改派")) == "NOT_THE_DISPATCHER"


def test_silence_is_raised_to_no_superior_who_is_accused() -> None:
    asked = after(HandOffIncident(CHEN, "roads", "x"), found=held_by_south())
    for against, raised_to in (("north", "county"), ("county", "office")):
        accusing = changed(asked, against=against)
        [lapsed] = decide(accusing, Lapse(), NOW + timedelta(hours=2))
        raised = evolve(accusing, lapsed)
        assert [each.raised_to for each in raised.questions] == [raised_to]


def held_by_south() -> Incident:
    return after(an_opening(to_unit="south"), ClaimIncident(CHEN))


def test_only_the_units_involved_hear_of_its_events() -> None:
    scope = codec.scope(CLAIMED)
    assert (scope.audience, scope.accused) == (("office", "discipline"), ACCUSED)
    strayed = changed(CLAIMED, involved=(*CLAIMED.involved, ACCUSED))
    assert ACCUSED not in codec.scope(strayed).audience
    open_to_all = codec.scope(after(an_opening(against="")))
    assert (open_to_all.area, open_to_all.accused) == (NORTH, "")


def test_the_record_keeps_it_and_no_answer_shows_it() -> None:
    [opened, *_] = decide(None, an_opening())
    assert isinstance(opened, IncidentOpened)
    message = to_message(opened, events.IncidentOpened)
    assert to_record(message, IncidentOpened, time=NOW) == opened
    assert "against" not in codec.to_resource(CLAIMED).DESCRIPTOR.fields_by_name
