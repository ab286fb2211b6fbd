"""Acceptance 受理: what the petition is, or where it lawfully belongs."""

from typing import Any

import pytest
from msgspec.structs import replace

from services.petition.petition.acceptance import AcceptPetition, DeclinePetition, ReferPetition
from services.petition.petition.record import Dismissal, Kind, LawfulChannel, State
from tests.unit.petition.petitions import (
    ACCEPT,
    ACCEPTED,
    CHEN,
    DESK,
    LEADER,
    REGISTERED,
    a_registration,
    after,
    refusal_of,
)

DECLINE = DeclinePetition(DESK, "不属于信访事项", "法院")
REFER = ReferPetition(DESK, "上级", "权限")


@pytest.mark.parametrize(
    ("command", "state"),
    [(ACCEPT, State.ACCEPTED), (DECLINE, State.DECLINED), (REFER, State.REFERRED)],
)
def test_it_is_accepted_declined_or_referred(command: Any, state: State) -> None:
    assert after(command, petition=REGISTERED).state is state


def test_it_says_what_the_petition_is_and_where_the_petitioner_was_told_to_go() -> None:
    accepted = after(ACCEPT, petition=REGISTERED)
    assert (accepted.kind, accepted.dismissal) == (Kind.CLAIM, None)
    declined = after(DECLINE, petition=REGISTERED)
    assert declined.dismissal == Dismissal("不属于信访事项", "法院")
    assert after(REFER, petition=ACCEPTED).dismissal == Dismissal("权限", "上级")


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (replace(ACCEPT, by=CHEN), "NO_SUCH_PETITION"),
        (replace(ACCEPT, by=LEADER), "ROLE_MAY_NOT"),
        (AcceptPetition(DESK, None), "KIND_MISSING"),
        (AcceptPetition(DESK, Kind.CLAIM), "LAWFUL_CHANNEL_MISSING"),
        (AcceptPetition(DESK, Kind.ADVICE, LawfulChannel.PETITION), "ONLY_CLAIMS_HAVE_CHANNELS"),
        (DeclinePetition(DESK, "", "x"), "REASON_MISSING"),
        (DeclinePetition(DESK, "x", ""), "TOLD_WHERE_MISSING"),
        (ReferPetition(DESK, "", "x"), "TOLD_WHERE_MISSING"),
    ],
)
def test_what_is_no_acceptance(command: Any, reason: str) -> None:
    assert refusal_of(REGISTERED, command) == reason


def test_nobody_judges_an_accusation_against_himself() -> None:
    own = after(a_registration(against_unit="command"))
    assert refusal_of(own, AcceptPetition(DESK, Kind.ACCUSATION)) == "OWN_UNIT_ACCUSED"
