"""A petition that accuses a unit: it never gets there, and stays with the units involved."""

import pytest
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.followed import Followed, FollowIncident
from services.petition import codec
from services.petition.petition.acceptance import AcceptPetition, DeclinePetition, ReferPetition
from services.petition.petition.handling import ReplyPetition
from services.petition.petition.record import Handling, Kind, State, may_see
from services.petition.petition.routing import RoutePetition, matter_of
from tests.cities import NORTH
from tests.unit.petition.petitions import (
    ACCEPT,
    ACCUSATION,
    ACCUSE,
    ACCUSED,
    CLAIMED,
    DESK,
    LEADER,
    LI,
    a_registration,
    after,
    decide,
    refusal_of,
)

LEADERS = [LEADER, replace(LEADER, unit="north"), replace(LEADER, unit="north", role="auditor")]


def test_an_accusation_never_reaches_the_accused() -> None:
    assert refusal_of(ACCUSATION, RoutePetition(DESK)) == "RECEIVER_MISSING"
    assert refusal_of(ACCUSATION, RoutePetition(DESK, "north")) == "ACCUSED_UNIT"
    county = after(a_registration(against_unit="county"), AcceptPetition(DESK, Kind.ACCUSATION))
    assert refusal_of(county, RoutePetition(DESK, "south")) == "ACCUSED_UNIT", "it is below"
    routed = after(RoutePetition(DESK, "county", category="theft"), petition=ACCUSATION)
    assert matter_of(routed).category == "accusation"
    strayed = after(CLAIMED, petition=routed)
    assert "north" in strayed.units
    assert not may_see(strayed, LI)
    assert codec.scope(strayed).audience == ("command",)


def test_who_is_below_the_accused_does_not_answer_it_alone() -> None:
    """Such a desk may hand it to a unit above, and pass on what that one has found."""
    desk = replace(DESK, unit="north")
    filed = replace(a_registration(against_unit="county"), by=desk)
    said = ReplyPetition(desk, "查无此事")
    assert decide(after(filed, AcceptPetition(desk, Kind.ADVICE)), said)
    decline = DeclinePetition(desk, "不属于受理范围", "请向法院起诉")
    assert refusal_of(after(filed), decline) == "OWN_UNIT_ACCUSED"
    assert decide(after(filed), ReferPetition(desk, "市纪委", "检举上级"))
    assert decide(after(ACCUSE), replace(decline, by=DESK))
    petition = after(filed, AcceptPetition(desk, Kind.ACCUSATION))
    assert refusal_of(petition, said) == "OWN_UNIT_ACCUSED"
    routed = replace(petition, handling=Handling("city", Followed()), state=State.ASSIGNED)
    resolved = FollowIncident("IncidentResolved", 4, state="RESOLVED", unit="city", reply="已查")
    assert decide(after(resolved, petition=routed), ReplyPetition(desk))
    assert refusal_of(after(resolved, petition=routed), said) == "OWN_UNIT_ACCUSED"
    voided = FollowIncident("IncidentVoided", 4, state="VOIDED", unit="city")
    assert refusal_of(after(voided, petition=routed), said) == "OWN_UNIT_ACCUSED"


@pytest.mark.parametrize("who", LEADERS, ids=lambda a: f"{a.role} of {a.unit}")
def test_what_may_be_an_accusation_stays_with_the_units_involved(who: Actor) -> None:
    for petition in (after(ACCUSE), ACCUSATION, ACCUSED):
        assert may_see(petition, DESK) and not may_see(petition, who)
        assert may_see(petition, replace(who, unit="elsewhere", role="auditor"))
        assert codec.scope(petition).accused == "north"
    claim = after(ACCUSE, ACCEPT)
    assert may_see(claim, who)
    assert (codec.scope(claim).area, codec.scope(claim).accused) == (NORTH, "")


def test_the_matter_says_whom_it_accuses_and_only_an_accusation_does() -> None:
    assert matter_of(ACCUSATION).against == "north"
    assert matter_of(after(ACCUSE)).against == "north", "no clerk has said yet that it is none"
    assert matter_of(after(ACCUSE, ACCEPT)).against == ""


def test_who_is_complained_of_may_handle_a_claim() -> None:
    claim = after(ACCUSE, ACCEPT, RoutePetition(DESK, "north"), CLAIMED)
    assert may_see(claim, LI)
    assert not may_see(after(ACCUSE), LI)
    assert not may_see(after(ACCUSE), replace(LI, role="leader"))
