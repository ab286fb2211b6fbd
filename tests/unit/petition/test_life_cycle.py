"""Petitions, and petitions that accuse a unit: every verb, in every state, by every role."""

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.followed import FollowCaller, FollowIncident
from backbone.words.place import Place
from services.petition.petition.acceptance import AcceptPetition, DeclinePetition, ReferPetition
from services.petition.petition.amending import AmendPetition, PetitionerChange
from services.petition.petition.disclosure import RevealPetitioner
from services.petition.petition.handling import RecordProgress, ReplyPetition
from services.petition.petition.record import OVER, Kind, Petition, State, audience
from services.petition.petition.registration import RegisterPetition
from services.petition.petition.reissuing import ReissuePin
from services.petition.petition.routing import RoutePetition
from services.petition.wiring import build_decider
from tests.cities import COUNTY, SOUTH
from tests.life_cycles import Legal, LifeCycleChecks, Subject, require_reviewed, watchers_of
from tests.unit.petition.petitions import (
    ACCEPT,
    CHEN,
    CITY,
    CLAIMED,
    CLOSE,
    DESK,
    LEADER,
    LI,
    REGISTER,
    REPLY,
    RESOLVED,
    ROUTE,
    a_registration,
)

DECLINE = DeclinePetition(DESK, "不属于信访事项", "法院")
REFER = ReferPetition(DESK, "上级", "权限")
AMEND = AmendPetition(by=DESK, petitioners=(PetitionerChange(contact="sealed"),))
UNROUTED = (State.REGISTERED, State.ACCEPTED, State.DECLINED, State.REFERRED)
VOIDED = FollowIncident("IncidentVoided", 3, state="VOIDED")


def a_subject(
    register: RegisterPetition,
    accept: AcceptPetition,
    route: RoutePetition,
    claimed: FollowIncident,
) -> dict[str, Any]:
    """Histories and legal commands, from the registration to the unit that claimed it."""
    resolved = replace(RESOLVED, unit=claimed.unit)
    assigned = (register, accept, route)
    handling = (*assigned, claimed, resolved)
    return {
        "decider": build_decider(lambda: CITY),
        "histories": {
            State.REGISTERED: (register,),
            State.ACCEPTED: (register, accept),
            State.DECLINED: (register, DECLINE),
            State.REFERRED: (register, REFER),
            State.ASSIGNED: assigned,
            State.HANDLING: handling,
            State.REPLIED: (*handling, REPLY),
            State.CLOSED: (*handling, REPLY, CLOSE),
        },
        "legal": (
            Legal(register),
            Legal(AMEND, but=dict.fromkeys(OVER, "PETITION_OVER")),
            Legal(accept),
            Legal(DECLINE),
            Legal(REFER),
            Legal(route),
            Legal(FollowCaller(("kept",), "zhou", "command")),
            Legal(claimed, but=dict.fromkeys(UNROUTED, "NOT_ROUTED")),
            Legal(RecordProgress(DESK, "已派人", public=True)),
            Legal(REPLY, but={State.ASSIGNED: "NOT_RESOLVED"}),
            Legal(CLOSE),
            Legal(RevealPetitioner(DESK, "送达答复")),
            Legal(ReissuePin(DESK, "the card")),
        ),
        "openings": ((register,), (register, accept, route)),
        "more": (
            resolved,
            VOIDED,
            FollowIncident("ProgressReported", 5, state="HANDLING", public_text="灯杆已到货"),
            FollowIncident("IncidentReleased", 6, state="OFFERED", holder=""),
            ReplyPetition(DESK),
            RoutePetition(DESK, "north"),
            RoutePetition(DESK, "county"),
            AmendPetition(by=DESK, place=Place("桥头", area=SOUTH), text="灯杆倒了"),
            AmendPetition(by=DESK, against_unit="south", reason="来人补充"),
            CLAIMED,
        ),
    }


def it_is_with_a_unit_once_routed(petition: Petition) -> None:
    assert petition.handling.incident is not None or petition.state not in (
        State.ASSIGNED,
        State.HANDLING,
    )


def the_accused_never_knows_of_it(petition: Petition) -> None:
    it_is_with_a_unit_once_routed(petition)
    assert "north" not in audience(petition)


# After the end of its incident a petition is still corrected, in some facts alone.
OF_FACTS = frozenset({"INCIDENT_OVER"})
PETITION = Subject(
    title="a petition",
    people={
        "desk": DESK,
        "unit that claimed it": LI,
        "neighbour": LEADER,
        "stranger": CHEN,
        "without a unit": replace(CHEN, unit=""),
    },
    neighbours=("neighbour",),
    strangers=("stranger", "without a unit"),
    watchers=watchers_of("PETITION"),
    invariant=it_is_with_a_unit_once_routed,
    aims=OF_FACTS,
    **a_subject(REGISTER, ACCEPT, ROUTE, CLAIMED),
)
ACCUSATION = Subject(
    title="a petition that accuses a unit",
    people={
        "desk": DESK,
        "unit that claimed it": LEADER,
        "the accused": Actor("li", "north", "head", COUNTY),
        "watcher of the area": Actor("shen", "audit", "leader", COUNTY),
        "stranger": CHEN,
        "without a unit": Actor("gao", "", "leader", COUNTY),
    },
    strangers=("the accused", "watcher of the area", "stranger", "without a unit"),
    audited=("watcher of the area", "without a unit"),
    invariant=the_accused_never_knows_of_it,
    aims=OF_FACTS | {"ACCUSED_UNIT", "ACCUSATION_STAYS"},
    **a_subject(
        a_registration(against_unit="north"),
        AcceptPetition(DESK, Kind.ACCUSATION),
        RoutePetition(DESK, "county"),
        replace(CLAIMED, unit="county", holder="sun"),
    ),
)


class TestPetition(LifeCycleChecks):
    subject = PETITION


class TestAccusation(LifeCycleChecks):
    subject = ACCUSATION


def test_the_rights_are_those_that_were_reviewed() -> None:
    require_reviewed(Path(__file__).with_name("who_may.txt"), [PETITION, ACCUSATION])
