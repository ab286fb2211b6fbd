"""Settling 联动办结: every pair of the table, from every state in which a record can move."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from backbone.words.actor import CLOCK, Actor
from backbone.words.errors import Denied
from backbone.words.policy import DISPUTE_CALL_BACK
from backbone.words.sight import sees
from services.workflow.incident import INCIDENTS, clocks
from services.workflow.incident.claiming import ClaimIncident
from services.workflow.incident.closing import CloseIncident, ReworkIncident, VerifyIncident
from services.workflow.incident.escalating import EscalateIncident
from services.workflow.incident.lapsing import Lapse
from services.workflow.incident.record import OPEN, OVER, POOLED_OR_HELD, Incident, State
from services.workflow.incident.returning import AcceptReturn
from services.workflow.incident.settling import PAIRS, SettleIncident
from services.workflow.incident.waiting import shown_to, waits_for
from tests.cities import COUNTY, NORTH
from tests.incidents import (
    ASKED,
    CITY,
    CLAIMED,
    DESK,
    HANDING_OFF,
    LI,
    NOW,
    OFFERED,
    RESOLVED,
    SECOND,
    TRIAGE,
    VERIFIED,
    after,
    changed,
    decide,
    evolve,
    refusal_of,
)
from tests.life_cycles import Legal, UseCase

FOUND = {
    "triage": after(TRIAGE),
    "pool": OFFERED,
    "held": CLAIMED,
    "handed off": HANDING_OFF,
    "return asked": ASKED,
    "escalated": after(EscalateIncident(LI, "too much"), found=CLAIMED),
    "taken back": after(AcceptReturn(DESK), found=ASKED),
    "resolved": RESOLVED,
    "verified": VERIFIED,
    "closed": after(CloseIncident(DESK), found=VERIFIED),
}


def legal(**people: Any) -> tuple[Legal, ...]:
    return (Legal(SettleIncident(CLOCK, "DisputeClosed")),)


EVERYWHERE = "SettleIncident in TRIAGE, OFFERED, CLAIMED, HANDLING, RESOLVED, CLOSED, VOIDED"
USE_CASE = UseCase(
    verbs=frozenset({"SettleIncident"}),
    legal=legal,
    rights={
        "an incident": f"{EVERYWHERE}, MERGED\n",
        "an incident that accuses the unit of its own place": f"{EVERYWHERE}\n",
    },
)


@pytest.mark.parametrize("step", PAIRS)
@pytest.mark.parametrize("found", FOUND.values(), ids=FOUND)
def test_each_pair_leads_to_its_state_and_leaves_nothing_to_fire(
    step: str, found: Incident
) -> None:
    pair = PAIRS[step]
    settled = after(SettleIncident(CLOCK, step), found=found)
    if found.state not in pair.begins:
        assert settled == found
        return
    waits = pair.state is State.HANDLING and found.state is State.OFFERED
    assert settled.state == (State.OFFERED if waits else pair.state)
    assert not any(each.kind == "SIGN_IN" for each in settled.clocks)
    assert (settled.questions, settled.clocks) == ((), ()) or settled.state in POOLED_OR_HELD
    if pair.state is State.RESOLVED:
        assert (settled.ending.outcome, settled.ending.reply) == (pair.outcome, pair.text)
    assert after(SettleIncident(CLOCK, step), found=settled).state == settled.state


@pytest.mark.parametrize("step", PAIRS)
def test_no_idle_clock_offers_what_its_record_has_moved(step: str) -> None:
    settled = after(SettleIncident(CLOCK, step), found=CLAIMED)
    assert not any(each.kind == "CLAIM_IDLE" for each in clocks.heard(settled))
    assert refusal_of(settled, Lapse(), NOW + timedelta(days=400)) in (
        "NOT_DUE",
        "INVALID_TRANSITION",
    )


def test_a_session_before_any_claim_stops_the_sign_in_and_leaves_it_to_be_claimed() -> None:
    told = after(SettleIncident(CLOCK, "SessionHeld"), found=OFFERED)
    assert (told.state, told.clocks) == (State.OFFERED, ())
    assert refusal_of(told, Lapse(), NOW + timedelta(days=400)) == "NOT_DUE"
    assert after(ClaimIncident(LI), found=told).state is State.CLAIMED


def test_a_report_of_the_record_keeps_the_question_that_is_open() -> None:
    told = after(SettleIncident(CLOCK, "SessionHeld"), found=HANDING_OFF)
    assert [each.kind for each in told.questions] == ["HAND_OFF"]


def test_what_is_over_stays_as_it_is() -> None:
    closed = FOUND["closed"]
    for step in PAIRS:
        assert decide(closed, SettleIncident(CLOCK, step)) == []
    assert refusal_of(closed, SettleIncident(CLOCK, "PetitionEaten")) == "UNKNOWN_STEP"


def test_an_agreed_dispute_waits_for_the_call_back_of_its_desk() -> None:
    agreed = after(SettleIncident(CLOCK, "AgreementReached"), found=CLAIMED)
    assert waits_for(agreed) == ("command",)
    assert refusal_of(agreed, ClaimIncident(LI)) == "INVALID_TRANSITION"


def test_a_call_back_stands_before_those_whose_role_may_make_it() -> None:
    """A township's centre has no such role: the director above it makes the call-back."""
    found = changed(after(SettleIncident(CLOCK, "AgreementReached"), found=CLAIMED), desk="centre")
    found = changed(found, source="DISPUTE", involved=("centre", "north"))
    director = Actor("fan", "mediation", "centre_director", COUNTY)
    for role in ("head", "clerk", "mediator"):
        assert shown_to(found, Actor("x", "centre", role, NORTH), DISPUTE_CALL_BACK) == ()
    for actor in (director, Actor("x", "centre", "receptionist", NORTH)):
        assert [each.reason for each in shown_to(found, actor, DISPUTE_CALL_BACK)] == ["CALL_BACK"]
        assert after(VerifyIncident(actor, "YES"), found=found).ending.solved == "YES"
    assert shown_to(changed(found, against="south"), director, DISPUTE_CALL_BACK) == ()
    assert shown_to(changed(found, source="PETITION"), director, DISPUTE_CALL_BACK) == ()


def test_the_city_gives_the_call_backs_of_disputes_to_more_roles() -> None:
    found = changed(after(SettleIncident(CLOCK, "AgreementReached"), found=CLAIMED), desk="centre")
    found = changed(found, source="DISPUTE", involved=("centre", "north"))
    leader = Actor("ye", "county", "leader", COUNTY)
    call_back = VerifyIncident(leader, "YES")
    assert shown_to(found, leader, DISPUTE_CALL_BACK) == ()
    assert refusal_of(found, call_back) == "NOT_A_VERIFIER"
    policy = dataclasses.replace(CITY.policy, dispute_call_back=("leader",))
    city = dataclasses.replace(CITY, policy=policy)
    assert [each.reason for each in shown_to(found, leader, policy.dispute_call_back)] == [
        "CALL_BACK"
    ]
    assert after(call_back, found=found, city=city).ending.solved == "YES"
    alarm = changed(found, source="ALARM")
    with pytest.raises(Denied, match="NOT_A_VERIFIER"):
        after(call_back, found=alarm, city=city)


def test_a_record_moves_its_incident_out_of_the_sight_of_the_acting_person() -> None:
    """The mediator of the record may have had nothing to do with the incident."""
    stranger = Actor("hu", "mediation", "service", COUNTY)
    assert after(SettleIncident(stranger, "DisputeClosed"), found=CLAIMED).state == State.CLOSED


def test_after_a_rework_the_record_may_settle_it_again() -> None:
    again = after(ReworkIncident(DESK, "not performed"), found=VERIFIED)
    assert again.state == State.OFFERED
    [event] = decide(again, SettleIncident(CLOCK, "AgreementReached"))
    assert evolve(again, event).state == State.RESOLVED


def test_what_was_settled_before_any_unit_had_it_is_reworked_in_triage() -> None:
    """The simulation found it: an offer to no unit breaks the row."""
    agreed = after(SettleIncident(CLOCK, "AgreementReached"), found=FOUND["triage"])
    checked = after(VerifyIncident(SECOND, "NO"), found=agreed)
    again = after(ReworkIncident(DESK, "not performed"), found=checked)
    assert (again.state, again.charge.unit, again.clocks) == (State.TRIAGE, "", ())
    assert waits_for(again) == ("command",)


def test_the_table_begins_where_an_incident_can_be() -> None:
    assert all(pair.begins <= OPEN | {State.RESOLVED, State.SUSPENDED} for pair in PAIRS.values())
    assert not any(pair.begins & OVER for pair in PAIRS.values())
    assert SettleIncident in INCIDENTS.verbs


BORN = SettleIncident(CLOCK, "BornOfPetition")


@pytest.mark.parametrize("found", FOUND)
def test_an_incident_of_a_petition_s_dispute_is_told_so_once(found: str) -> None:
    """Whatever has become of it: nothing else changes."""
    before = FOUND[found]
    of_dispute = replace(before, matter=replace(before.matter, source="DISPUTE"))
    told = after(BORN, found=of_dispute)
    assert told.facts.source == "DISPUTE/PETITION"
    assert sees(DESK, of_dispute.facts) and not sees(DESK, told.facts)
    assert replace(told, matter=of_dispute.matter, version=0) == replace(
        of_dispute, time=told.time, version=0
    )
    assert decide(told, BORN) == []
    assert decide(before, BORN) == [], "an alarm is born of nothing"
