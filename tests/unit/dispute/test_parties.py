"""Parties 当事人: named by the units that mediate, and shown to them, for a purpose."""

import pytest

from backbone.words.errors import Refusal
from backbone.words.followed import FollowCaller, FollowIncident
from services.dispute.dispute import DISPUTES
from services.dispute.dispute.mediation import HoldSession
from services.dispute.dispute.parties import NameParties, RevealParties
from services.dispute.dispute.record import Party, Side
from tests.cities import NOW
from tests.unit.dispute.disputes import (
    AGREED,
    CITY,
    CLAIMED,
    DESK,
    LI,
    REGISTERED,
    ROUTED,
    after,
    refusal_of,
)


def test_those_who_are_named_replace_those_who_were() -> None:
    one = (Party(Side.APPLICANT, "sealed three"),)
    assert after(NameParties(DESK, one), dispute=REGISTERED).filing.parties == one
    assert refusal_of(REGISTERED, NameParties(DESK, ())) == "PARTIES_MISSING"


def test_those_who_are_named_already_are_named_without_an_event() -> None:
    one = NameParties(DESK, (Party(Side.APPLICANT, "sealed three"),), ("sealed for texts",))
    known = after(one, dispute=REGISTERED)
    assert DISPUTES.decide(known, one, NOW, CITY) == []


def test_the_incident_hears_whom_its_texts_may_name_from_now_on() -> None:
    one = (Party(Side.APPLICANT, "sealed three"),)
    command = NameParties(DESK, one, ("sealed for texts",))
    [before] = DISPUTES.decide(REGISTERED, command, NOW, CITY)
    assert before.correction is None, "it has no incident yet"
    held = after(CLAIMED, dispute=ROUTED)
    [event] = DISPUTES.decide(held, NameParties(LI, one, ("sealed for texts",)), NOW, CITY)
    assert event.correction.matter.persons == (*ROUTED.filing.persons, "sealed for texts")
    assert [each.fact for each in event.correction.facts] == ["persons"]
    known = after(NameParties(LI, one, ("sealed for texts",)), dispute=held)
    assert "sealed for texts" in known.filing.persons


def test_a_disclosure_has_a_purpose() -> None:
    assert refusal_of(AGREED, RevealParties(DESK, "")) == "PURPOSE_MISSING"


def test_who_repeats_a_reveal_must_still_be_allowed_to_see() -> None:
    held = after(CLAIMED, dispute=ROUTED)
    elsewhere = FollowIncident("IncidentClaimed", 6, state="CLAIMED", unit="south", holder="chen")
    moved = after(elsewhere, dispute=held)
    reveal = RevealParties(LI, "通知到场")
    DISPUTES.check_repeat(held, reveal, NOW, CITY)
    with pytest.raises(Refusal, match="NOT_YOUR_UNIT"):
        DISPUTES.check_repeat(moved, reveal, NOW, CITY)
    DISPUTES.check_repeat(moved, HoldSession(LI, "双方到场"), NOW, CITY)
    with pytest.raises(Refusal, match="NO_SUCH_DISPUTE"):
        DISPUTES.check_repeat(ROUTED, HoldSession(LI, "双方到场"), NOW, CITY)


def test_a_caller_who_asks_for_protection_later_is_known_to_the_record_and_its_incident() -> None:
    said = FollowCaller(("kept",), "zhou", "command")
    [event] = DISPUTES.decide(REGISTERED, said, NOW, CITY)
    assert event.correction is None, "it has no incident yet"
    known = after(said, dispute=REGISTERED)
    assert known.filing.persons == (*REGISTERED.filing.persons, "kept")
    assert DISPUTES.decide(known, said, NOW, CITY) == [], "the record has these names already"
    [told] = DISPUTES.decide(after(CLAIMED, dispute=ROUTED), said, NOW, CITY)
    assert told.correction.matter.persons == (*ROUTED.filing.persons, "kept")
    assert (told.correction.user, told.correction.unit) == ("zhou", "command")
    ended = FollowIncident("IncidentClosed", 9, state="CLOSED", outcome="SOLVED", reply="已调解")
    closed = after(ended, dispute=after(CLAIMED, dispute=ROUTED))
    [over] = DISPUTES.decide(closed, said, NOW, CITY)
    assert over.correction is None, "an incident that is over hears no more"
    assert after(said, dispute=closed).filing.persons[-1] == "kept"
