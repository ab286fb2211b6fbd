"""Registration 登记: a desk writes down what came in, completely."""

import pytest

from services.petition.petition.record import Channel, Petitioner
from services.petition.petition.registration import RegisterPetition
from tests.unit.petition.petitions import REGISTER, REGISTERED, a_registration, after, refusal_of

SIX = tuple(Petitioner(f"sealed {number}") for number in range(6))


def test_a_petition_is_registered_once() -> None:
    assert refusal_of(REGISTERED, REGISTER) == "ALREADY_REGISTERED"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (a_registration(channel=None), "CHANNEL_MISSING"),
        (a_registration(subject=" "), "SUBJECT_MISSING"),
        (a_registration(text=""), "TEXT_MISSING"),
        (a_registration(petitioners=()), "PETITIONER_MISSING"),
        (a_registration(petitioners=(Petitioner(),)), "PETITIONER_MISSING"),
        (a_registration(channel=Channel.VISIT, petitioners=SIX), "TOO_MANY_REPRESENTATIVES"),
        (a_registration(priority="P9"), "UNKNOWN_PRIORITY"),
        (a_registration(category="moon"), "UNKNOWN_CATEGORY"),
        (a_registration(against_unit="moon"), "UNKNOWN_UNIT"),
    ],
)
def test_what_cannot_be_registered(command: RegisterPetition, reason: str) -> None:
    assert refusal_of(None, command) == reason


def test_at_least_those_named_stand_behind_it() -> None:
    assert after(a_registration(petitioners=SIX, head_count=2)).filing.head_count == 6
    assert after(a_registration(head_count=30)).filing.head_count == 30
