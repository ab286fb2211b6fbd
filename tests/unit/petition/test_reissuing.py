"""A new PIN 补发查询码: only for the petitioner, at the desk, and the old one ends."""

import pytest
from msgspec.structs import replace

from services.petition.petition.record import Petition, Petitioner
from services.petition.petition.reissuing import PinReissued, ReissuePin
from tests.cities import NOW
from tests.unit.petition.petitions import (
    ASSIGNED,
    CHEN,
    CLAIMED,
    DESK,
    LI,
    REGISTERED,
    after,
    decide,
    refusal_of,
)


def with_contact_alone(petition: Petition) -> Petition:
    """No identity number on file; the indexes are those of a contact."""
    filing = replace(petition.filing, petitioners=(Petitioner("sealed", "sealed"),))
    return replace(petition, filing=replace(filing, petitioner_indexes=("the phone",)))


def test_the_card_on_file_gets_the_next_pin() -> None:
    assert REGISTERED.pin_issue == 1
    assert decide(REGISTERED, ReissuePin(DESK, "the card")) == [PinReissued(NOW, 2, False)]
    assert after(*[ReissuePin(DESK, "the card")] * 2, petition=REGISTERED).pin_issue == 3


@pytest.mark.parametrize("identity", ["another card", ""])
def test_another_card_gets_none_whatever_contact_is_said(identity: str) -> None:
    command = ReissuePin(DESK, identity, ("the card", "the phone"))
    assert refusal_of(REGISTERED, command) == "IDENTITY_MISMATCH"


def test_without_a_number_on_file_the_contact_must_be_the_one() -> None:
    petition = with_contact_alone(REGISTERED)
    right = ReissuePin(DESK, "any card", ("the phone",))
    assert decide(petition, right) == [PinReissued(NOW, 2, True)]
    for contacts in ((), ("another phone",)):
        assert refusal_of(petition, ReissuePin(DESK, "any card", contacts)) == "IDENTITY_MISMATCH"


def test_a_petitioner_of_whom_nothing_is_on_file_gets_none() -> None:
    filing = replace(REGISTERED.filing, petitioners=(Petitioner("sealed"),), petitioner_indexes=())
    unknown = replace(REGISTERED, filing=filing)
    assert refusal_of(unknown, ReissuePin(DESK, "", ("",))) == "IDENTITY_MISMATCH"


def test_only_the_desk_that_registered_it_gives_one() -> None:
    held = after(CLAIMED, petition=ASSIGNED)
    assert refusal_of(held, ReissuePin(LI, "the card")) == "NOT_YOUR_UNIT"
    assert refusal_of(held, ReissuePin(CHEN, "the card")) == "NO_SUCH_PETITION"
