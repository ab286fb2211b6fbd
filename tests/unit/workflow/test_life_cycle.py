"""Incidents, and incidents that accuse a unit: every verb, in every state, by every role."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.roles import DISPATCHERS
from services.workflow.incident import waits_for
from services.workflow.incident.assigning import AssignIncident, ReassignIncident
from services.workflow.incident.claiming import ClaimIncident, ReleaseIncident
from services.workflow.incident.closing import (
    CloseIncident,
    ReworkIncident,
    VerifyIncident,
    VoidIncident,
)
from services.workflow.incident.handing_off import AcceptHandOff, HandOffIncident, RefuseHandOff
from services.workflow.incident.handling import ReportProgress, ResolveIncident
from services.workflow.incident.lapsing import Lapse
from services.workflow.incident.opening import OpenIncident
from services.workflow.incident.record import HELD, Incident, State
from services.workflow.incident.returning import AcceptReturn, RejectReturn, RequestReturn
from services.workflow.incident.routing import DesignateUnit, RouteIncident
from services.workflow.wiring import build_decider
from tests.cities import COUNTY, NORTH
from tests.incidents import CHEN, CITY, DESK, HEAD, LEADER, LI, OPEN, SECOND, TRIAGE, WANG
from tests.life_cycles import (
    Legal,
    LifeCycleChecks,
    Subject,
    require_reviewed,
    use_cases_beside,
    watchers_of,
)
from tests.unit.workflow.accusations import (
    ACCUSED,
    BELOW,
    LIN,
    OFFICE,
    SU,
    VERIFIERS,
    an_opening,
)
from tests.unit.workflow.accusations import CITY as CITY_WITH_DISCIPLINE
from tests.unit.workflow.test_merging import MERGE, OTHER, Beside

USE_CASES = use_cases_beside(__file__)
UNREACHED = frozenset({State.REPORTED, State.SUSPENDED, State.MERGED})


def and_merged(parts: dict[str, Any]) -> dict[str, Any]:
    """The situation with a history that ends merged."""
    offered = parts["histories"][State.OFFERED]
    histories = {**parts["histories"], State.MERGED: (*offered, MERGE)}
    return {**parts, "histories": histories, "unreached": UNREACHED - {State.MERGED}}


def a_subject(
    opening: OpenIncident,
    holder: Actor,
    colleague: Actor,
    desk: Actor,
    superior: Actor,
    verifiers: tuple[Actor, Actor],
) -> dict[str, Any]:
    """Histories and legal commands: the holder has dealt with south, which knows of it since."""
    # The unit above must not have had to do with the incident: it sees it as a watcher alone.
    giver = desk if desk.role in DISPATCHERS else superior
    claim = ClaimIncident(holder)
    offer, ask = HandOffIncident(holder, "south", "theirs"), RequestReturn(holder, "not ours")
    resolve, verify = ResolveIncident(holder, "SOLVED", "done"), VerifyIncident(verifiers[0], "YES")
    claimed = (opening, claim, offer, RefuseHandOff(CHEN, "not ours"))
    handling = (*claimed, ReportProgress(holder, "on it"))
    resolved = (*claimed, resolve)
    offered = (*claimed, ReleaseIncident(holder, "busy"))
    return {
        "histories": {
            State.TRIAGE: (*claimed, ask, AcceptReturn(desk)),
            State.OFFERED: offered,
            State.CLAIMED: claimed,
            State.HANDLING: handling,
            State.RESOLVED: resolved,
            State.CLOSED: (*resolved, verify, CloseIncident(verifiers[0])),
            State.VOIDED: (*offered, VoidIncident(desk, "HOAX")),
        },
        "legal": (
            Legal(opening),
            Legal(RouteIncident(desk)),
            Legal(DesignateUnit(desk, "south", "theirs")),
            Legal(claim),
            Legal(ReleaseIncident(holder, "busy")),
            Legal(ask),
            Legal(AcceptReturn(desk), needs=(ask,)),
            Legal(RejectReturn(desk, "yours"), needs=(ask,)),
            Legal(offer),
            Legal(AcceptHandOff(CHEN), needs=(offer,)),
            Legal(RefuseHandOff(CHEN, "not ours"), needs=(offer,)),
            Legal(AssignIncident(superior, "south", "go")),
            Legal(ReassignIncident(colleague, "the holder is ill")),
            Legal(ReportProgress(holder, "on it")),
            Legal(resolve),
            Legal(verify),
            Legal(ReworkIncident(verifiers[1], "not done"), needs=(verify,)),
            Legal(CloseIncident(verifiers[0]), needs=(verify,)),
            Legal(VoidIncident(desk, "HOAX")),
            *(
                legal
                for case in USE_CASES
                for legal in case.legal(holder=holder, giver=giver, claimed=claimed)
            ),
            Legal(
                Lapse(), needs=(timedelta(hours=9),), instead={State.HANDLING: (*handling, offer)}
            ),
        ),
        "unreached": UNREACHED,
    }


def someone_answers_for_it(incident: Incident) -> None:
    """I1: a unit of the city answers for it at every instant. I3: what is held has one holder."""
    charge = incident.charge
    assert charge.accountable_unit in CITY_WITH_DISCIPLINE.units
    assert (incident.state in HELD) == bool(charge.holder) or incident.state in (
        State.RESOLVED,
        State.CLOSED,
        State.VOIDED,
        State.MERGED,
    )
    assert incident.state not in HELD or charge.accountable_unit == charge.unit


def it_never_gets_to_the_accused(incident: Incident) -> None:
    someone_answers_for_it(incident)
    reached = {*incident.involved, *waits_for(incident), incident.charge.unit}
    assert not {ACCUSED, BELOW} & reached


INCIDENT = Subject(
    title="an incident",
    decider=build_decider(lambda: CITY),
    people={
        "holder": LI,
        "colleague of the holder": WANG,
        "unit that was asked": CHEN,
        "desk": DESK,
        "colleague at the desk": SECOND,
        "unit above": LEADER,
        "neighbour": Actor("wu", "roads", "clerk", NORTH),
        "stranger": Actor("zheng", "harbour", "leader", "990102"),
        "without a unit": Actor("gao", "", "clerk", "990102"),
    },
    neighbours=("neighbour", "unit above"),
    strangers=("stranger", "without a unit"),
    watchers=watchers_of("ALARM"),
    openings=((OPEN,), (TRIAGE,)),
    more=(
        ClaimIncident(CHEN),
        HandOffIncident(CHEN, "north", "x"),
        DesignateUnit(HEAD, "roads", "x"),
    ),
    invariant=someone_answers_for_it,
    aims=frozenset({"NOT_A_SUPERIOR"}),
    also=Beside(OTHER),
    **and_merged(a_subject(OPEN, LI, WANG, DESK, LEADER, (SECOND, DESK))),
)

SENDERS = (OFFICE, SU, LIN, CHEN, LEADER)
ACCUSATION = Subject(
    title="an incident that accuses the unit of its own place",
    decider=build_decider(lambda: CITY_WITH_DISCIPLINE),
    people={
        "holder": LIN,
        "colleague of the holder": SU,
        "unit that was asked": CHEN,
        "desk": OFFICE,
        "the accused": Actor("li", ACCUSED, "head", COUNTY),
        "unit below the accused": Actor("wu", BELOW, "clerk", NORTH),
        "dispatchers of the area": DESK,
        "unit above": LEADER,
        "without a unit": Actor("he", "", "dispatcher", COUNTY),
    },
    strangers=(
        "the accused",
        "unit below the accused",
        "dispatchers of the area",
        "unit above",
        "without a unit",
    ),
    audited=(
        "unit below the accused",
        "dispatchers of the area",
        "unit above",
        "without a unit",
    ),
    more=tuple(
        send
        for by in SENDERS
        for to in (ACCUSED, BELOW, "county")
        for send in (
            HandOffIncident(by, to, "x"),
            AssignIncident(by, to, "x"),
            DesignateUnit(by, to, "x"),
        )
    ),
    openings=((an_opening(),), (an_opening(to_unit="", category="theft"),)),
    invariant=it_never_gets_to_the_accused,
    aims=frozenset({"NOT_A_SUPERIOR", "ACCUSED_UNIT"}),
    **a_subject(an_opening(), LIN, replace(SU, role="head"), OFFICE, SU, VERIFIERS),
)


class TestIncident(LifeCycleChecks):
    subject = INCIDENT


class TestAccusation(LifeCycleChecks):
    subject = ACCUSATION


def test_the_rights_are_those_that_were_reviewed() -> None:
    table = Path(__file__).with_name("who_may.txt")
    require_reviewed(table, [INCIDENT, ACCUSATION], USE_CASES)
