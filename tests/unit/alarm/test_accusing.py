"""A report by telephone against a unit: it never gets there, and no watcher learns of it."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.words.actor import Actor
from backbone.words.errors import Refusal
from backbone.words.followed import Followed
from backbone.words.followed import FollowIncident as Step
from backbone.words.sight import sees
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from services.alarm import codec
from services.alarm.outstanding import _shown
from services.alarm.receipt import RECEIPTS
from services.alarm.receipt.amending import AmendReceipt, CallerChange
from services.alarm.receipt.closing import CloseReceipt
from services.alarm.receipt.dispatch import DispatchNow
from services.alarm.receipt.ending import OpenIncident, ReceiptOpened
from services.alarm.receipt.linking import FollowIncident, LinkRepeat
from services.alarm.receipt.passing import PassTo12345, ReferToMediation
from services.alarm.receipt.record import Kind, Receipt, State
from services.alarm.receipt.rights import require_may_see
from services.alarm.receipt.table import BARRED, project
from services.alarm.receipt.tickets import AnswerTicket
from services.alarm.storage import SEEN
from services.alarm.wiring import build_decider
from services.emergency import codec as emergency
from services.emergency.mission.dispatching import Readiness
from services.emergency.mission.record import Team
from services.gateway.live.visibility import may_see, scope_of
from tests.cities import NORTH, NOW
from tests.desks import AUDITOR, DISPATCHER, GRID_MEMBER, HOTLINE, TAKER, a_report
from tests.life_cycles import reason_of
from tests.unit.alarm import test_danger as danger
from tests.unit.alarm.receipts import (
    ANSWER,
    ANSWER_TICKET,
    CITY,
    CODE,
    ID,
    INVALID,
    LINK,
    OPEN,
    OTHER,
    PASS,
    PASS_TO_OFFICE,
    PASS_TO_UNIT,
    RECEIVED,
    REFER,
    after,
    decide,
    refusal_of,
)

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
    assert sees(RECEIVED, AUDITOR) and sees(ACCUSING, AUDITOR)
    leader = replace(AUDITOR, role="leader")
    assert sees(RECEIVED, leader) and not sees(ACCUSING, leader)
    assert not sees(ACCUSING, replace(AUDITOR, unit=ACCUSED))
    scope = codec.scope(ACCUSING)
    assert (scope.audience, scope.accused) == (("command",), ACCUSED)


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


def test_whom_it_is_against_changes_freely_until_the_end() -> None:
    named = after(AmendReceipt(by=TAKER, against=ACCUSED), found=RECEIVED)
    assert named.against == ACCUSED
    assert after(AmendReceipt(by=TAKER, narrative="又及"), found=named).against == ACCUSED
    assert after(AmendReceipt(by=TAKER, against=""), found=named).against == ""
    unknown = AmendReceipt(by=TAKER, against="nowhere")
    assert refusal_of(RECEIVED, unknown).reason == "UNKNOWN_UNIT"
    assert refusal_of(None, a_report(against="nowhere")).reason == "UNKNOWN_UNIT"


LATE = AmendReceipt(by=TAKER, against=ACCUSED, reason="对方是该所民警")


@pytest.mark.parametrize("end", [OPEN, ANSWER, INVALID], ids=lambda each: type(each).__name__)
def test_after_the_end_it_begins_to_accuse_once_and_for_a_reason(end: Any) -> None:
    ended = after(end, found=RECEIVED)
    assert refusal_of(ended, replace(LATE, reason="\u200b")).reason == "REASON_MISSING"
    assert refusal_of(ended, replace(LATE, against="")).reason == "ALREADY_ENDED"
    assert refusal_of(ended, replace(LATE, against="nowhere")).reason == "UNKNOWN_UNIT"
    accusing = after(LATE, found=ended)
    assert (accusing.against, accusing.facts.accused) == (ACCUSED, ACCUSED)
    if end is OPEN:
        assert refusal_of(accusing, replace(LATE, against="roads")).reason == "ALREADY_ENDED"
    with pytest.raises(Refusal, match="NO_SUCH_RECEIPT"):
        require_may_see(accusing, replace(AUDITOR, role="supervisor"))


def test_the_incident_hears_whom_it_is_against_and_why_stays_at_the_desk() -> None:
    [event] = decide(after(OPEN, found=RECEIVED), LATE)
    assert [each.fact for each in event.correction.facts] == ["against"]
    assert event.correction.matter.against == ACCUSED
    assert event.reason == LATE.reason


@pytest.mark.parametrize("against", ["roads", "county"])
def test_a_unit_that_had_it_reads_it_no_more(against: str) -> None:
    """The unit itself, or any below the accused one."""
    passed = after(PASS_TO_UNIT, found=RECEIVED)
    assert "roads" in passed.readers
    accusing = after(replace(LATE, against=against), found=passed)
    assert accusing.readers == ("command",)
    assert found_by(accusing) == {"command"}
    assert project(accusing)["passed_to"] == BARRED
    assert accusing.passed_to == "roads"


def found_by(receipt: Receipt) -> set[str]:
    """The units that lists and reads find it by, as their SQL does."""
    row = project(receipt)
    return {row[column] for column in SEEN.units} - {"", BARRED}


@pytest.mark.parametrize("against", ["roads", "county"])
def test_a_unit_that_it_hears_of_only_later_does_not_read_it_either(against: str) -> None:
    """The incident was there already; the desk's service learns of it after the accusation."""
    accusing = after(OPEN, replace(LATE, against=against), found=RECEIVED)
    for version, unit in enumerate(("roads", "discipline"), 3):
        step = Step("IncidentClaimed", version, state="CLAIMED", unit=unit)
        accusing = after(FollowIncident(ID, step), found=accusing)
        assert accusing.bars(unit) == (unit == "roads")
        expected = ("command",) if unit == "roads" else ("command", unit)
        assert accusing.readers == expected
        assert found_by(accusing) == {*expected}


def test_whom_it_no_longer_accuses_before_its_end_may_have_it() -> None:
    named = after(AmendReceipt(by=TAKER, against="roads"), found=RECEIVED)
    cleared = after(AmendReceipt(by=TAKER, against=""), found=named)
    assert "roads" in after(PASS_TO_UNIT, found=cleared).readers


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (LINK, "ACCUSATION_APART"),
        (REFER, "ACCUSATION_NEW_REPORT"),
        (PASS_TO_OFFICE, "ACCUSATION_NEW_REPORT"),
    ],
    ids=["linked", "dispute", "petition"],
)
def test_what_others_know_of_begins_no_accusation(end: Any, reason: str) -> None:
    assert refusal_of(after(end, found=RECEIVED), LATE).reason == reason


OF_THE_HOTLINE = replace(LATE, against="hotline", reason="话务员骂人")


def lapsed(found: Receipt) -> Receipt:
    assert found.passed is not None
    return replace(found, passed=replace(found.passed, state="LAPSED"))


@pytest.mark.parametrize("how", [lambda each: each, lapsed], ids=["waits", "lapsed"])
@pytest.mark.parametrize("late", [LATE, OF_THE_HOTLINE], ids=["a unit", "the partner"])
def test_a_ticket_whose_report_begins_to_accuse_is_back_at_its_desk(how: Any, late: Any) -> None:
    """No partner sees an accusation: it would wait for an answer that nobody may give."""
    back = after(late, found=how(after(PASS, found=RECEIVED)))
    assert (back.state, back.ending, back.against) == (State.RECEIVED, None, late.against)
    assert back.passed is not None and back.passed.state == "RETURNED"
    row = project(back)
    assert (row["passed_state"], row["state"]) == ("RETURNED", "RECEIVED"), "the desk's inbox"
    waits = _shown(back, timedelta(days=5))
    assert (waits.reason, waits.cause) == (resources.Outstanding.REASON_ACCUSATION, "")
    assert back.readers == ("command",) and found_by(back) == {"command"}
    assert refusal_of(back, AnswerTicket(HOTLINE, "已答复")).reason == "NO_SUCH_RECEIPT"
    assert after(OPEN, found=back).outcome == "OPENED"


@pytest.mark.parametrize("end", [ANSWER, INVALID], ids=lambda each: type(each).__name__)
def test_what_was_answered_or_invalid_is_back_at_its_desk_with_an_accusation(end: Any) -> None:
    """Else it reaches nobody: the end has told no other unit of it."""
    back = after(LATE, found=after(end, found=RECEIVED))
    assert (back.state, back.ending, back.against) == (State.RECEIVED, None, ACCUSED)
    row = project(back)
    assert (row["passed_state"], row["state"]) == ("RETURNED", "RECEIVED"), "the desk's inbox"
    waits = _shown(back, timedelta(days=5))
    assert (waits.reason, waits.cause) == (resources.Outstanding.REASON_ACCUSATION, "")
    assert waits.HasField("since") and not waits.passed_to
    opened = after(OPEN, found=back)
    assert (opened.outcome, opened.against, project(opened)["passed_state"]) == (
        "OPENED",
        ACCUSED,
        "",
    )


def test_what_was_filed_stays_filed_when_it_begins_to_accuse() -> None:
    filed = replace(after(ANSWER, found=RECEIVED), state=State.CLOSED)
    lead = replace(LATE, by=replace(TAKER, role="dispatcher"))
    assert after(lead, found=filed).state is State.CLOSED


def test_an_answered_ticket_that_accuses_later_stays_answered() -> None:
    """And the partner, which has nothing to do with the accusation, reads no more of it."""
    answered = after(PASS, ANSWER_TICKET, found=RECEIVED)
    assert "hotline" in answered.readers
    accusing = after(LATE, found=answered)
    assert accusing.state is State.ENDED
    assert accusing.readers == ("command",) and found_by(accusing) == {"command"}


def test_an_open_report_bars_those_that_it_was_passed_to_by_whom_it_names_now() -> None:
    back = after(OF_THE_HOTLINE, found=after(PASS, found=RECEIVED))
    assert "hotline" not in back.readers
    none = after(AmendReceipt(by=TAKER, against=""), found=back)
    assert "hotline" in none.readers
    above = after(AmendReceipt(by=TAKER, against="county"), found=none)
    assert "hotline" not in above.readers, "a ticket is no accusation"


def test_a_link_carries_the_protection_over() -> None:
    to_it = LinkRepeat(TAKER, OTHER, CODE, KNOWN, against=ACCUSED)
    assert after(to_it, found=RECEIVED).against == ACCUSED
    assert after(to_it, found=ACCUSING).against == ACCUSED
    elsewhere = LinkRepeat(TAKER, OTHER, CODE, KNOWN)
    assert refusal_of(ACCUSING, elsewhere).reason == "ACCUSATION_APART"
    theirs = after(a_report(by=GRID_MEMBER, kind=Kind.GRID_REPORT))
    below = LinkRepeat(DISPATCHER, OTHER, CODE, KNOWN, against="county")
    assert refusal_of(theirs, below).reason == "ACCUSED_UNIT"


def filed(*steps: Any) -> Receipt:
    """Closed, the incident over: what the desk has ended so is corrected no more."""
    opened = after(*steps, found=RECEIVED)
    if opened.incident is None:
        return after(CloseReceipt(TAKER), found=opened)
    step = Step("IncidentClosed", 9, state="CLOSED", unit=ACCUSED)
    over = after(FollowIncident(opened.incident.id, step), found=opened)
    return over if over.state is State.CLOSED else after(CloseReceipt(TAKER), found=over)


OFFICER = replace(TAKER, role="duty_officer")
BY_LEAD = replace(LATE, by=OFFICER)


@pytest.mark.parametrize("end", [OPEN, ANSWER, INVALID], ids=lambda each: type(each).__name__)
def test_what_was_filed_may_still_begin_to_accuse_by_a_lead(end: Any) -> None:
    found = filed(end)
    assert refusal_of(found, LATE).reason == "ROLE_MAY_NOT"
    assert refusal_of(found, replace(BY_LEAD, reason="")).reason == "REASON_MISSING"
    more = refusal_of(found, replace(BY_LEAD, narrative="又及"))
    assert more.reason == ("INCIDENT_OVER" if found.incident else "ALREADY_ENDED")
    accusing = after(BY_LEAD, found=found)
    assert (accusing.state, accusing.ending) == (found.state, found.ending)
    assert accusing.facts.accused == ACCUSED and accusing.readers == ("command",)
    assert refusal_of(accusing, replace(BY_LEAD, against="roads")).reason in (
        "ALREADY_ENDED",
        "INCIDENT_OVER",
    )
    with pytest.raises(Refusal, match="NO_SUCH_RECEIPT"):
        require_may_see(accusing, replace(AUDITOR, role="supervisor"))


def test_the_incident_that_is_over_hears_it_too() -> None:
    [event] = decide(filed(OPEN), BY_LEAD)
    assert event.correction.matter.against == ACCUSED
    assert "against" in {each.fact for each in event.correction.facts}


def test_it_is_no_ticket_of_a_partner() -> None:
    """The hotline's own system sees no accusation: its ticket could never be answered."""
    for to in ("", "12345", "hotline"):
        refusal = refusal_of(ACCUSING, PassTo12345(TAKER, to))
        assert refusal.reason == "ACCUSATION_NOT_FOR_PARTNERS"


@pytest.mark.parametrize("against", [ACCUSED, "county"])
def test_no_event_of_the_act_that_begins_to_accuse_is_told_to_the_accused(against: str) -> None:
    """Not that a danger is heard, which comes before the accusation in the same act, either."""
    opened = after(OPEN, found=RECEIVED)
    step = Step("IncidentClaimed", 2, state="CLAIMED", unit=ACCUSED)
    assert opened.incident is not None
    held = after(FollowIncident(opened.incident.id, step), found=opened)
    clerk = Actor("li", ACCUSED, "clerk", NORTH)
    assert sees(clerk, held.facts)
    said = danger.amended(f"控告所长,{danger.KNIFE}")
    words = replace(said, against=against, reason="更正")
    request: Any = Request(ID, held.id, words, "", TAKER, NEVER)
    decider = build_decider(lambda: CITY)
    events = RECEIPTS.decide(held, words, NOW, CITY)
    end, rows = decider.journalled(held, events, request, b"")
    assert len(events) > 1 and end is not None and end.against == against
    for row in rows:
        scope = scope_of("alarm", AlarmEvent.FromString(row.payload).meta)
        assert not may_see(clerk, scope) and may_see(TAKER, scope), row.kind


def test_what_was_filed_may_still_protect_its_caller_and_nothing_else() -> None:
    """By any of the desk: the fear may come with the end."""
    filed = replace(after(ANSWER, found=RECEIVED), state=State.CLOSED)
    asked = AmendReceipt(by=TAKER, caller=CallerChange(protected=True, called=("sealed",)))
    kept = after(asked, found=filed)
    assert kept.report.caller.protected and kept.state is State.CLOSED
    for more in (
        replace(asked, narrative="两车相撞"),
        replace(asked, caller=CallerChange(protected=True, name="柳某")),
        replace(asked, caller=CallerChange(protected=False)),
        replace(asked, against=""),
    ):
        assert refusal_of(filed, more).reason in ("ALREADY_ENDED", "ROLE_MAY_NOT"), more
