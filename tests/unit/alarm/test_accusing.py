"""A report by telephone against a unit: it never gets there, and no watcher learns of it."""

from typing import Any

import pytest

from backbone.words.followed import Followed
from services.alarm import codec
from services.alarm.receipt.amending import AmendReceipt
from services.alarm.receipt.dispatch import DispatchNow
from services.alarm.receipt.ending import OpenIncident, ReceiptOpened
from services.alarm.receipt.linking import LinkRepeat
from services.alarm.receipt.passing import PassTo12345, ReferToMediation
from services.alarm.receipt.record import Kind, Receipt
from services.alarm.receipt.rights import require_may_see
from services.emergency import codec as emergency
from services.emergency.mission.dispatching import Readiness
from services.emergency.mission.record import Team
from tests.cities import NORTH
from tests.desks import AUDITOR, DISPATCHER, GRID_MEMBER, TAKER, a_report
from tests.life_cycles import reason_of
from tests.unit.alarm.receipts import CITY, CODE, OPEN, OTHER, RECEIVED, after, decide, refusal_of

ACCUSED = "north"
ACCUSING = after(a_report(against=ACCUSED))
KNOWN = Followed(3, "CLAIMED", "roads")


@pytest.mark.parametrize(
    "command",
    [
        OpenIncident(TAKER, ACCUSED),
        PassTo12345(TAKER, ACCUSED),
        DispatchNow(TAKER, "red"),
        DispatchNow(DISPATCHER, "blue"),
    ],
)
@pytest.mark.parametrize("against", [ACCUSED, "county"])
def test_it_is_not_sent_to_the_accused_or_below(command: Any, against: str) -> None:
    assert refusal_of(after(a_report(against=against)), command).reason == "ACCUSED_UNIT"


def test_it_is_no_dispute() -> None:
    assert refusal_of(ACCUSING, ReferToMediation(TAKER)).reason == "ACCUSATION_APART"


def test_the_matter_names_the_accused_for_the_flow() -> None:
    [opened] = decide(ACCUSING, OPEN)
    assert isinstance(opened, ReceiptOpened) and opened.matter.against == ACCUSED


def test_the_desk_alone_knows_of_it() -> None:
    def sees(receipt: Receipt, actor: Any) -> bool:
        return not reason_of(lambda: require_may_see(receipt, actor))

    assert sees(ACCUSING, TAKER) and sees(ACCUSING, DISPATCHER)
    assert sees(RECEIVED, AUDITOR) and not sees(ACCUSING, AUDITOR)
    scope = codec.scope(ACCUSING)
    assert (scope.audience, scope.area) == (("command",), "")


def test_a_team_of_another_unit_goes_and_its_mission_is_not_watched() -> None:
    accusing = after(a_report(against="roads"))
    after(DispatchNow(TAKER, "red"), found=accusing)
    order = codec.to_order(accusing, DispatchNow(TAKER, "red"))
    sent = emergency.to_dispatch(order, CITY, True, Readiness(), number=0)
    assert sent.team == Team("north", "")
    plain = codec.to_order(RECEIVED, DispatchNow(TAKER, "red"))
    assert emergency.to_dispatch(plain, CITY, True, Readiness(), number=0).team == Team(
        "north", NORTH
    )


def test_whom_it_is_against_is_amended_until_the_end() -> None:
    named = after(AmendReceipt(by=TAKER, against=ACCUSED), found=RECEIVED)
    assert named.against == ACCUSED
    assert after(AmendReceipt(by=TAKER, narrative="又及"), found=named).against == ACCUSED
    assert after(AmendReceipt(by=TAKER, against=""), found=named).against == ""
    unknown = AmendReceipt(by=TAKER, against="nowhere")
    assert refusal_of(RECEIVED, unknown).reason == "UNKNOWN_UNIT"
    assert refusal_of(None, a_report(against="nowhere")).reason == "UNKNOWN_UNIT"
    opened = after(OPEN, found=RECEIVED)
    late = AmendReceipt(by=TAKER, against=ACCUSED)
    assert refusal_of(opened, late).reason == "ALREADY_ENDED"


def test_a_link_carries_the_protection_over() -> None:
    to_it = LinkRepeat(TAKER, OTHER, CODE, KNOWN, against=ACCUSED)
    assert after(to_it, found=RECEIVED).against == ACCUSED
    assert after(to_it, found=ACCUSING).against == ACCUSED
    elsewhere = LinkRepeat(TAKER, OTHER, CODE, KNOWN)
    assert refusal_of(ACCUSING, elsewhere).reason == "ACCUSATION_APART"
    theirs = after(a_report(by=GRID_MEMBER, kind=Kind.GRID_REPORT))
    below = LinkRepeat(DISPATCHER, OTHER, CODE, KNOWN, against="county")
    assert refusal_of(theirs, below).reason == "ACCUSED_UNIT"
