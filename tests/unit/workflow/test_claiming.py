"""Claiming 认领: one clerk of the offered unit gets it; a release 退领 puts it back."""

import pytest

from services.workflow.incident.claiming import ClaimIncident, ReleaseIncident
from services.workflow.incident.handing_off import RefuseHandOff
from services.workflow.incident.record import Incident
from tests.incidents import (
    ASKED,
    CHEN,
    CITY,
    CLAIM,
    CLAIMED,
    HANDING_OFF,
    LI,
    OFFERED,
    WANG,
    after,
    changed,
    decide,
    refusal_of,
    who_has,
)

RELEASE = ReleaseIncident(LI, "called away")


def test_a_claim_makes_the_clerk_hold_it_and_the_unit_answer_for_it() -> None:
    claimed = after(CLAIM, found=OFFERED)
    assert who_has(claimed) == ("CLAIMED", "north", "north", "li")
    assert claimed.charge.handlers == ("li",)


def test_only_the_offered_unit_claims() -> None:
    seen = changed(OFFERED, involved=("south",))
    assert refusal_of(seen, ClaimIncident(CHEN)) == "NOT_YOUR_UNIT"


def test_the_second_clerk_hears_that_it_is_claimed() -> None:
    assert refusal_of(CLAIMED, ClaimIncident(WANG)) == "ALREADY_CLAIMED"
    refused = after(RefuseHandOff(CHEN, "no"), found=HANDING_OFF)
    assert refusal_of(refused, ClaimIncident(CHEN)) == "ALREADY_CLAIMED"


def test_a_clerk_holds_so_many_at_most() -> None:
    assert CITY.policy is not None
    cap = CITY.policy.claim_cap
    assert refusal_of(OFFERED, CLAIM, held=cap) == "TOO_MANY_HELD"
    assert refusal_of(CLAIMED, CLAIM, held=cap) == "ALREADY_CLAIMED"


def test_a_release_puts_it_back_into_the_pool_of_a_unit_that_still_answers_for_it() -> None:
    released = after(RELEASE, found=CLAIMED)
    assert who_has(released) == ("OFFERED", "north", "north", "")
    assert released.counts.releases == 1


def test_a_release_says_why() -> None:
    [event] = decide(CLAIMED, RELEASE)
    assert event.reason == "called away"
    for empty in ("", " \u3164"):
        assert refusal_of(CLAIMED, ReleaseIncident(LI, empty)) == "REASON_MISSING"


def test_only_the_holder_releases() -> None:
    assert refusal_of(CLAIMED, ReleaseIncident(WANG, "busy")) == "NOT_THE_HOLDER"


@pytest.mark.parametrize("waiting", [HANDING_OFF, ASKED], ids=["hand-off", "return"])
def test_what_waits_for_an_answer_is_not_released(waiting: Incident) -> None:
    assert refusal_of(waiting, RELEASE) == "ANSWER_PENDING"
