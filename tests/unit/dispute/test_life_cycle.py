"""Disputes: every verb, in every state, by every role."""

from pathlib import Path

from msgspec.structs import replace

from backbone.words.followed import FollowCaller, FollowIncident
from services.dispute.dispute.acceptance import RefuseDispute
from services.dispute.dispute.mediation import HoldSession, RecordAgreement
from services.dispute.dispute.parties import NameParties, RevealParties
from services.dispute.dispute.record import Dispute, Source, State
from services.dispute.wiring import build_decider
from tests.life_cycles import Legal, LifeCycleChecks, Subject, require_reviewed, watchers_of
from tests.unit.dispute.disputes import (
    ACCEPT,
    AGREE,
    CHEN,
    CITY,
    CLAIMED,
    CLOSE,
    DESK,
    FAIL,
    LEADER,
    LI,
    PARTIES,
    REGISTER,
    ROUTE,
    SESSION,
    WRITTEN,
    a_registration,
)

REFUSE = RefuseDispute(DESK, "已经起诉", "人民法院")
UNROUTED = (State.REGISTERED, State.ACCEPTED, State.REFUSED)
ROUTED = (REGISTER, ACCEPT, ROUTE)
MEDIATING = (*ROUTED, CLAIMED, SESSION)
ENDED = (State.REFUSED, State.AGREED, State.FAILED, State.CLOSED)


def it_has_an_ending_once_it_has_ended(dispute: Dispute) -> None:
    """Only what was agreed has an agreement, and only what was routed has an incident."""
    assert (dispute.ending is not None) == (dispute.state in ENDED)
    assert dispute.state is not State.AGREED or dispute.proceedings.agreement is not None
    assert dispute.state is not State.ROUTED or dispute.routing.incident is not None


DISPUTE = Subject(
    title="a dispute",
    decider=build_decider(lambda: CITY),
    histories={
        State.REGISTERED: (REGISTER,),
        State.ACCEPTED: (REGISTER, ACCEPT),
        State.REFUSED: (REGISTER, REFUSE),
        State.ROUTED: (*ROUTED, CLAIMED),
        State.MEDIATING: MEDIATING,
        State.AGREED: (*MEDIATING, AGREE),
        State.FAILED: (*MEDIATING, FAIL),
        State.CLOSED: (*MEDIATING, AGREE, CLOSE),
    },
    legal=(
        Legal(REGISTER),
        Legal(ACCEPT),
        Legal(REFUSE),
        Legal(NameParties(DESK, PARTIES[:1])),
        Legal(RevealParties(DESK, "通知到场")),
        Legal(ROUTE),
        Legal(FollowCaller(("kept",), "zhou", "command")),
        Legal(CLAIMED, but=dict.fromkeys(UNROUTED, "NOT_ROUTED")),
        Legal(SESSION),
        Legal(AGREE),
        Legal(FAIL),
        Legal(CLOSE),
    ),
    people={
        "desk": DESK,
        "unit that claimed it": LI,
        "neighbour": LEADER,
        "stranger": CHEN,
        "without a unit": replace(CHEN, unit=""),
    },
    neighbours=("neighbour",),
    strangers=("stranger", "without a unit"),
    watchers=watchers_of("DISPUTE"),
    openings=(
        (REGISTER,),
        ROUTED,
        (a_registration(source=Source.GRID, parties=()),),
        (a_registration(violence=True),),
    ),
    more=(
        HoldSession(LI, "双方到场"),
        RecordAgreement(DESK, WRITTEN),
        FollowIncident("IncidentClosed", 9, state="CLOSED", outcome="SOLVED", reply="已调解"),
    ),
    invariant=it_has_an_ending_once_it_has_ended,
)


class TestDispute(LifeCycleChecks):
    subject = DISPUTE


def test_the_rights_are_those_that_were_reviewed() -> None:
    require_reviewed(Path(__file__).with_name("who_may.txt"), [DISPUTE])
