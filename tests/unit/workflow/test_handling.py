"""Handling 办理: the holder reports what was done, and says how it ended."""

import pytest

from services.workflow.incident import waits_for
from services.workflow.incident.closing import ReworkIncident
from services.workflow.incident.handing_off import RefuseHandOff
from services.workflow.incident.handling import ReportProgress, ResolveIncident
from services.workflow.incident.record import Incident
from tests.incidents import (
    ASKED,
    CHEN,
    CLAIMED,
    DESK,
    HANDING_OFF,
    LI,
    RESOLVE,
    VERIFY,
    WANG,
    after,
    changed,
    refusal_of,
    who_has,
)


def test_a_first_report_shows_that_the_work_has_begun() -> None:
    reported = after(ReportProgress(LI, "on it"), found=CLAIMED)
    assert who_has(reported) == ("HANDLING", "north", "north", "li")


def test_a_report_says_something_and_is_the_holders() -> None:
    assert refusal_of(CLAIMED, ReportProgress(LI, "")) == "TEXT_MISSING"
    assert refusal_of(CLAIMED, ReportProgress(WANG, "x")) == "NOT_THE_HOLDER"


def test_what_is_resolved_waits_for_the_call_back_of_the_desk() -> None:
    resolved = after(RESOLVE, found=CLAIMED)
    assert who_has(resolved) == ("RESOLVED", "north", "north", "li")
    assert (resolved.ending.outcome, resolved.ending.reply) == ("SOLVED", "done")
    assert waits_for(resolved) == ("command",)


@pytest.mark.parametrize(
    ("outcome", "reply", "reason"),
    [("WELL", "x", "UNKNOWN_OUTCOME"), ("SOLVED", "", "REPLY_MISSING")],
)
def test_an_end_has_a_known_outcome_and_a_reply(outcome: str, reply: str, reason: str) -> None:
    assert refusal_of(CLAIMED, ResolveIncident(LI, outcome, reply)) == reason


@pytest.mark.parametrize("waiting", [HANDING_OFF, ASKED], ids=["hand-off", "return"])
def test_what_waits_for_an_answer_is_not_resolved(waiting: Incident) -> None:
    assert refusal_of(waiting, RESOLVE) == "ANSWER_PENDING"


def test_what_is_resolved_waits_for_no_superior() -> None:
    raised = after(RefuseHandOff(CHEN, "no"), found=changed(HANDING_OFF, bounces=2))
    assert raised.charge.raised_to == "county"
    again = after(RESOLVE, VERIFY, ReworkIncident(DESK, "again"), found=raised)
    assert (again.charge.raised_to, waits_for(again)) == ("", ("north",))
