"""After the work: call-back 回访, rework 退回重办, filing 归档; 作废 for what was no matter."""

import pytest

from backbone.words.actor import Actor
from services.workflow.incident.closing import (
    CloseIncident,
    ReworkIncident,
    VerifyIncident,
    VoidIncident,
)
from services.workflow.incident.waiting import CALL_BACK, FILING, REWORK, keys_of, waits_of
from tests.cities import SOUTH
from tests.incidents import (
    DESK,
    LI,
    OFFERED,
    RESOLVED,
    SECOND,
    VERIFIED,
    VERIFY,
    after,
    changed,
    refusal_of,
    who_has,
)

# South has been asked before: it may see it, and is not its desk.
WITH_SOUTH = changed(RESOLVED, involved=(*RESOLVED.involved, "south"))
WINDOW = Actor("feng", "south", "receptionist", SOUTH)


def test_a_call_back_is_written_down_and_changes_no_hands() -> None:
    verified = after(VERIFY, found=RESOLVED)
    assert who_has(verified) == ("RESOLVED", "north", "north", "li")
    assert (verified.ending.solved, verified.ending.verifier) == ("YES", "qian")


def test_only_the_desk_or_a_watcher_over_the_area_makes_the_call_back() -> None:
    assert refusal_of(RESOLVED, VerifyIncident(LI, "YES")) == "NOT_A_VERIFIER"
    assert refusal_of(WITH_SOUTH, VerifyIncident(WINDOW, "YES")) == "NOT_A_VERIFIER"
    assert refusal_of(WITH_SOUTH, CloseIncident(WINDOW)) == "NOT_A_VERIFIER"


def test_people_and_units_that_worked_on_it_do_not_judge_it() -> None:
    assert refusal_of(changed(RESOLVED, unit="command"), VERIFY) == "HANDLER_CANNOT_VERIFY"
    handled = changed(RESOLVED, handlers=("qian",))
    assert refusal_of(handled, VERIFY) == "HANDLER_CANNOT_VERIFY"


def test_a_call_back_has_a_known_finding() -> None:
    assert refusal_of(RESOLVED, VerifyIncident(SECOND, "MAYBE")) == "UNKNOWN_FINDING"


@pytest.mark.parametrize(
    ("solved", "reworks", "reason"),
    [
        ("", 0, CALL_BACK),
        ("YES", 0, FILING),
        ("PARTLY", 0, FILING),
        ("NO", 0, REWORK),
        ("NO", 1, REWORK),
        ("NO", 2, FILING),
    ],
)
def test_after_the_work_an_inbox_says_what_is_left_to_do(
    solved: str, reworks: int, reason: str
) -> None:
    """A call-back that was made is not asked for again."""
    found = changed(RESOLVED, solved=solved, reworks=reworks)
    assert [(each.unit, each.reason) for each in waits_of(found)] == [("command", reason)]
    assert keys_of(waits_of(found)) == (f"command {reason}", f"+ {reason}")


def test_rework_puts_it_back_into_the_pool_of_the_unit_that_handled_it() -> None:
    again = after(ReworkIncident(DESK, "again"), found=VERIFIED)
    assert who_has(again) == ("OFFERED", "north", "north", "")
    assert (again.counts.reworks, again.ending.solved) == (1, "")


def test_rework_follows_a_call_back_by_another_person_and_says_why() -> None:
    assert refusal_of(RESOLVED, ReworkIncident(SECOND, "x")) == "NOT_VERIFIED"
    assert refusal_of(VERIFIED, ReworkIncident(SECOND, "x")) == "SECOND_PERSON_NEEDED"
    assert refusal_of(VERIFIED, ReworkIncident(DESK, "")) == "REASON_MISSING"


def test_it_is_sent_back_twice_at_most() -> None:
    twice = changed(VERIFIED, reworks=2)
    assert refusal_of(twice, ReworkIncident(DESK, "x")) == "TOO_MANY_REWORKS"


def test_it_is_filed_after_a_call_back() -> None:
    assert refusal_of(RESOLVED, CloseIncident(SECOND)) == "NOT_VERIFIED"
    assert after(CloseIncident(SECOND), found=VERIFIED).state == "CLOSED"


def test_what_is_not_solved_is_filed_only_when_it_can_no_longer_be_sent_back() -> None:
    unsolved = after(VerifyIncident(SECOND, "NO"), found=RESOLVED)
    assert refusal_of(unsolved, CloseIncident(SECOND)) == "REWORK_DUE"
    assert after(CloseIncident(SECOND), found=changed(unsolved, reworks=2)).state == "CLOSED"


def test_what_was_no_matter_is_voided_by_a_dispatcher_with_a_known_reason() -> None:
    voided = after(VoidIncident(DESK, "TEST"), found=OFFERED)
    assert who_has(voided) == ("VOIDED", "north", "command", "")
    assert refusal_of(OFFERED, VoidIncident(LI, "HOAX")) == "NOT_THE_DISPATCHER"
    assert refusal_of(OFFERED, VoidIncident(DESK, "BORED")) == "UNKNOWN_VOID_REASON"


@pytest.mark.parametrize("solved", ["YES", "PARTLY", "CANNOT_EXPLAINED"])
def test_any_other_finding_lets_it_be_filed(solved: str) -> None:
    verified = after(VerifyIncident(SECOND, solved), found=RESOLVED)
    assert after(CloseIncident(SECOND), found=verified).state == "CLOSED"
