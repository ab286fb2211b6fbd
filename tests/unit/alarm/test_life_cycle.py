"""Receipts: every verb, in every state, by every role."""

from datetime import timedelta
from pathlib import Path

from backbone.words.actor import Actor
from backbone.words.followed import Followed
from backbone.words.followed import FollowIncident as Step
from backbone.words.place import Place
from services.alarm.receipt.accused_since import FollowAccusation
from services.alarm.receipt.amending import AmendReceipt
from services.alarm.receipt.call_back import RecordCallBack
from services.alarm.receipt.called_back import Finding
from services.alarm.receipt.classifying import ClassifyReceipt
from services.alarm.receipt.dispatch import DispatchNow, RefuseDispatch
from services.alarm.receipt.intake import ConfirmClass
from services.alarm.receipt.linking import FollowIncident
from services.alarm.receipt.merging import FollowMerge, FollowParting
from services.alarm.receipt.passed import PassedKind
from services.alarm.receipt.passing import FollowRecord
from services.alarm.receipt.record import Kind, Outcome, Receipt, State
from services.alarm.receipt.reinstating import UndoInvalid
from services.alarm.receipt.reveal import RevealCaller
from services.alarm.receipt.tickets import LapseTicket
from services.alarm.wiring import build_decider
from tests.desks import (
    AUDITOR,
    DISPATCHER,
    EAST_GRID,
    GRID_MEMBER,
    HERE,
    HOTLINE_CLERK,
    STRANGER,
    TAKER,
    a_report,
)
from tests.life_cycles import Legal, LifeCycleChecks, Subject, require_reviewed, watchers_of
from tests.unit.alarm.receipts import (
    ANSWER,
    ANSWER_TICKET,
    CITY,
    CLOSE,
    ID,
    INVALID,
    LINK,
    LINK_IS_OVER,
    OPEN,
    OTHER,
    PASS,
    PASS_TO_OFFICE,
    PASS_TO_UNIT,
    RECEIVE,
    REFER,
    REFUSE_TICKET,
    UNLINK,
)

ZHAO = Actor("zhao", "command")
GOES_ON = Followed(version=5, state="CLAIMED", unit="north", holder="li", priority="P2")
FOLLOW_MERGE = FollowMerge(
    ID, Step("IncidentMerged", 8, state="MERGED"), OTHER, "990101260101-000002-8", GOES_ON, ZHAO
)
RETURNED = (RECEIVE, PASS, REFUSE_TICKET)
DISPATCH = DispatchNow(TAKER, "red")


def it_ends_once(receipt: Receipt) -> None:
    """An open receipt has no end; an incident belongs to what was opened or linked."""
    assert (receipt.outcome is None) == (receipt.state is State.RECEIVED)
    became_one = receipt.passed is not None and receipt.passed.kind is PassedKind.INCIDENT
    has_one = became_one or receipt.outcome in (Outcome.OPENED, Outcome.LINKED)
    assert (receipt.incident is not None) == has_one


RECEIPT = Subject(
    title="a receipt, which was passed to the hotline when it has ended",
    decider=build_decider(lambda: CITY),
    histories={
        State.RECEIVED: (RECEIVE,),
        State.ENDED: (RECEIVE, PASS),
        State.CLOSED: (RECEIVE, PASS, CLOSE),
    },
    legal=(
        Legal(RECEIVE),
        # What was filed may only begin to accuse a unit.
        Legal(AmendReceipt(by=TAKER, narrative="三车相撞"), but={State.CLOSED: "ALREADY_ENDED"}),
        Legal(ClassifyReceipt(TAKER, "theft", "P2")),
        Legal(ConfirmClass(TAKER, "theft")),
        Legal(OPEN),
        Legal(ANSWER),
        Legal(PASS),
        Legal(REFER),
        Legal(INVALID),
        Legal(LINK),
        Legal(
            UNLINK,
            instead={State.ENDED: (RECEIVE, LINK), State.CLOSED: (RECEIVE, LINK, LINK_IS_OVER)},
        ),
        Legal(
            UndoInvalid(DISPATCHER, "确有其事"),
            instead={
                State.ENDED: (RECEIVE, INVALID),
                State.CLOSED: (RECEIVE, INVALID, CLOSE),
            },
        ),
        Legal(CLOSE),
        Legal(DISPATCH),
        Legal(RefuseDispatch("red", "UNKNOWN_TEAM")),
        Legal(RecordCallBack(TAKER, Finding.SATISFIED)),
        Legal(FollowIncident(ID, Step("IncidentClosed", 9, state="CLOSED"))),
        Legal(FollowAccusation(ID, "north")),
        Legal(FOLLOW_MERGE),
        Legal(FollowParting(ID, Step("IncidentReinstated", 99, state="OFFERED"), ZHAO)),
        Legal(RevealCaller(TAKER, "回访")),
        Legal(ANSWER_TICKET, instead={State.RECEIVED: RETURNED}),
        Legal(REFUSE_TICKET, instead={State.RECEIVED: RETURNED}),
        Legal(LapseTicket(), needs=(timedelta(days=6),)),
        Legal(FollowRecord(PassedKind.DISPUTE, "DisputeAccepted", 2, "ACCEPTED")),
    ),
    people={
        "desk": TAKER,
        "dispatcher of the same unit": DISPATCHER,
        "unit that it was passed to": HOTLINE_CLERK,
        "grid of the place": GRID_MEMBER,
        "neighbour": AUDITOR,
        "stranger": STRANGER,
        "without a unit": Actor("gao", "", "clerk", STRANGER.area),
    },
    neighbours=("neighbour",),
    strangers=("stranger", "without a unit"),
    watchers=watchers_of("ALARM"),
    openings=((RECEIVE,), (a_report(by=GRID_MEMBER, kind=Kind.GRID_REPORT),)),
    more=(
        LINK_IS_OVER,
        PASS_TO_UNIT,
        PASS_TO_OFFICE,
        FollowRecord(PassedKind.PETITION, "PetitionReplied", 5, "REPLIED", "已答复"),
        DispatchNow(TAKER, "blue"),
        FollowIncident(ID, Step("IncidentClaimed", 4, state="CLAIMED", unit="north")),
        FollowParting(ID, Step("IncidentReinstated", 9, state="OFFERED", unit="north"), ZHAO),
        FollowIncident(OTHER, Step("IncidentVoided", 5, state="VOIDED")),
        FollowIncident(OTHER, Step("IncidentReinstated", 6, state="OFFERED")),
        AmendReceipt(by=TAKER, danger="煤气味", for_incident=True),
        AmendReceipt(by=TAKER, place=Place("长风路14号", HERE, EAST_GRID)),
    ),
    invariant=it_ends_once,
    aims=frozenset({"ALREADY_DISPATCHED", "ACCUSED_UNIT"}),
)


class TestReceipt(LifeCycleChecks):
    subject = RECEIPT


def test_the_rights_are_those_that_were_reviewed() -> None:
    require_reviewed(Path(__file__).with_name("who_may.txt"), [RECEIPT])
