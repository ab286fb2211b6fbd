"""Handing off 转办: the receiver says yes or no; the giver answers for it until the yes."""

from datetime import timedelta

import pytest

from backbone.wire import to_record
from liandong.incident.v1 import incident_events_pb2 as events
from services.workflow.incident import clocks, question, waits_for
from services.workflow.incident.handing_off import (
    AcceptHandOff,
    HandOffAccepted,
    HandOffIncident,
    RefuseHandOff,
)
from services.workflow.incident.kinds import HAND_OFF
from services.workflow.incident.lapsing import Lapse
from services.workflow.incident.record import Incident
from tests.incidents import (
    ASKED,
    CHEN,
    CITY,
    CLAIMED,
    HANDING_OFF,
    LI,
    NOW,
    OFFER,
    WANG,
    after,
    changed,
    decide,
    evolve,
    refusal_of,
    who_has,
)

REFUSE = RefuseHandOff(CHEN, "not ours")


def test_an_offer_changes_nothing_until_it_is_answered() -> None:
    assert who_has(HANDING_OFF) == ("CLAIMED", "north", "north", "li")
    assert "south" in waits_for(HANDING_OFF)


def test_a_unit_that_was_asked_may_know_of_it() -> None:
    assert "south" in HANDING_OFF.involved and "south" not in CLAIMED.involved


def test_the_clerk_who_accepts_holds_it_and_the_unit_answers_for_it() -> None:
    accepted = after(AcceptHandOff(CHEN), found=HANDING_OFF)
    assert who_has(accepted) == ("CLAIMED", "south", "south", "chen")


def test_a_refusal_leaves_it_where_it_was_and_the_claim_its_clock() -> None:
    refused = after(REFUSE, found=HANDING_OFF)
    assert who_has(refused) == ("CLAIMED", "north", "north", "li")
    assert clocks.next_due(refused) == clocks.next_due(CLAIMED)


@pytest.mark.parametrize(
    ("to_unit", "reason", "why"),
    [
        ("north", "SAME_UNIT", "x"),
        ("moon", "UNKNOWN_UNIT", "x"),
        ("south", "REASON_MISSING", " "),
    ],
)
def test_an_offer_names_another_unit_and_says_why(to_unit: str, reason: str, why: str) -> None:
    assert refusal_of(CLAIMED, HandOffIncident(LI, to_unit, why)) == reason


def test_only_the_holder_hands_it_off() -> None:
    assert refusal_of(CLAIMED, HandOffIncident(WANG, "south", "x")) == "NOT_THE_HOLDER"


@pytest.mark.parametrize("waiting", [HANDING_OFF, ASKED], ids=["hand-off", "return"])
def test_one_question_waits_at_a_time(waiting: Incident) -> None:
    assert refusal_of(waiting, OFFER) == "ANSWER_PENDING"


def test_only_the_unit_that_was_asked_answers() -> None:
    assert refusal_of(HANDING_OFF, AcceptHandOff(WANG)) == "NOT_YOUR_UNIT"
    assert refusal_of(HANDING_OFF, RefuseHandOff(WANG, "x")) == "NOT_YOUR_UNIT"
    assert refusal_of(CLAIMED, AcceptHandOff(WANG)) == "NO_HAND_OFF_PENDING"


def test_a_refusal_says_why() -> None:
    assert refusal_of(HANDING_OFF, RefuseHandOff(CHEN, "")) == "REASON_MISSING"


def test_silence_raises_it_to_the_common_superior_and_the_giver_keeps_it() -> None:
    [lapsed] = decide(HANDING_OFF, Lapse(), NOW + timedelta(hours=2))
    raised = evolve(HANDING_OFF, lapsed)
    asked = question.open_one(raised, HAND_OFF)
    assert asked is not None and asked.raised_to == "county"
    assert raised.charge.holder == "li" and "county" in waits_for(raised)


def test_a_bounce_below_the_cap_is_raised_to_no_superior() -> None:
    bounced = after(REFUSE, found=changed(HANDING_OFF, bounces=1))
    assert (bounced.charge.raised_to, "county" in waits_for(bounced)) == ("", False)


def test_one_bounce_too_many_is_raised_and_offered_no_further() -> None:
    refused = after(REFUSE, found=changed(HANDING_OFF, bounces=2))
    assert refusal_of(refused, OFFER) == "TOO_MANY_BOUNCES"
    assert refused.charge.raised_to == "county" and "county" in waits_for(refused)
    assert who_has(refused) == ("CLAIMED", "north", "north", "li")


def test_an_acceptance_from_before_it_started_a_clock_still_evolves() -> None:
    message = events.HandOffAccepted(unit="south", holder="chen")
    old = evolve(HANDING_OFF, to_record(message, HandOffAccepted, time=NOW))
    assert (old.charge.holder, old.clocks) == ("chen", ())


def test_a_person_with_full_hands_accepts_no_hand_off() -> None:
    assert CITY.policy is not None
    cap = CITY.policy.claim_cap
    assert refusal_of(HANDING_OFF, AcceptHandOff(CHEN), held=cap) == "TOO_MANY_HELD"
