"""Lapses 超时: each clock fires once, at its minute, and what follows from it."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from services.workflow.incident import clocks
from services.workflow.incident.handing_off import AcceptHandOff
from services.workflow.incident.handling import ReportProgress
from services.workflow.incident.lapsing import Lapse
from services.workflow.incident.record import Incident
from tests.incidents import (
    ASKED,
    CHEN,
    CLAIMED,
    HANDING_OFF,
    LI,
    NOW,
    OFFERED,
    after,
    decide,
    evolve,
    refusal_of,
    who_has,
)


@pytest.mark.parametrize(
    ("found", "minutes", "kind"),
    [
        (OFFERED, 15, "SignInLapsed"),
        (CLAIMED, 480, "ClaimLapsed"),
        (after(AcceptHandOff(CHEN), found=HANDING_OFF), 480, "ClaimLapsed"),
        (HANDING_OFF, 120, "HandOffLapsed"),
        (ASKED, 120, "ReturnLapsed"),
    ],
)
def test_a_clock_fires_at_its_minute_and_once(found: Incident, minutes: int, kind: str) -> None:
    due = NOW + timedelta(minutes=minutes)
    assert refusal_of(found, Lapse(), due - timedelta(seconds=1)) == "NOT_DUE"
    [event] = decide(found, Lapse(), due)
    assert type(event).__name__ == kind
    assert refusal_of(evolve(found, event), Lapse(), due) == "NOT_DUE"


def test_an_idle_claim_falls_back_into_the_pool() -> None:
    [lapsed] = decide(CLAIMED, Lapse(), NOW + timedelta(minutes=480))
    assert who_has(evolve(CLAIMED, lapsed)) == ("OFFERED", "north", "north", "")


@pytest.mark.parametrize("waiting", [HANDING_OFF, ASKED], ids=["hand-off", "return"])
def test_an_idle_claim_keeps_its_question(waiting: Incident) -> None:
    """Silence raises it to the superior; nothing else takes the question away."""
    [lapsed] = decide(waiting, Lapse(), NOW + timedelta(minutes=480))
    raised = evolve(waiting, lapsed)
    [open_one] = raised.questions
    assert open_one.raised_to and raised.charge.holder == "li"
    assert clocks.next_due(raised) is None
    assert refusal_of(raised, Lapse(), NOW + timedelta(days=9)) == "NOT_DUE"


def test_a_clock_that_a_question_has_silenced_meanwhile_does_not_fire() -> None:
    """The timer looked before the hand-off was offered; the lock came after it."""
    due = clocks.next_due(CLAIMED)
    assert due is not None and due[0].kind == "CLAIM_IDLE"
    late = due[1].time + timedelta(minutes=1)
    assert refusal_of(HANDING_OFF, Lapse(due[0].id), late) == "NOT_DUE"
    assert type(decide(CLAIMED, Lapse(due[0].id), late)[0]).__name__ == "ClaimLapsed"


def test_a_question_and_a_clock_of_unknown_kinds_stop_nothing() -> None:
    """A newer process has added them; this one carries them on."""
    asked = replace(HANDING_OFF.questions[0], kind="EXTENSION")
    strange = replace(CLAIMED.clocks[0], id="STATUTORY@1", kind="STATUTORY")
    odd = replace(CLAIMED, questions=(asked,), clocks=(*CLAIMED.clocks, strange))
    reported = after(ReportProgress(LI, "on it"), found=odd)
    assert (reported.questions, [each.kind for each in reported.clocks]) == (
        (asked,),
        ["STATUTORY"],
    )
    assert clocks.next_due(reported) is None
