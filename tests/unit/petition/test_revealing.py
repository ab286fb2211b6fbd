"""Disclosure 调阅: who petitions is shown to the units that handle it, for a purpose."""

import pytest
from msgspec.structs import replace

from backbone.words.errors import Refusal
from backbone.words.followed import FollowIncident
from services.petition.petition import PETITIONS
from services.petition.petition.disclosure import RevealPetitioner
from services.petition.petition.handling import RecordProgress
from services.petition.petition.record import may_see
from tests.cities import NOW
from tests.unit.petition.petitions import (
    ACCEPTED,
    ASSIGNED,
    CITY,
    CLAIMED,
    CLOSE,
    DESK,
    LEADER,
    LI,
    REPLIED,
    after,
    refusal_of,
)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (RevealPetitioner(DESK, " "), "PURPOSE_MISSING"),
        (RevealPetitioner(LEADER, "好奇"), "ROLE_MAY_NOT"),
    ],
)
def test_what_is_not_shown(command: RevealPetitioner, reason: str) -> None:
    assert refusal_of(after(CLOSE, petition=REPLIED), command) == reason


def test_who_repeats_a_reveal_must_still_be_allowed_to_see() -> None:
    held = after(CLAIMED, petition=ASSIGNED)
    elsewhere = FollowIncident("IncidentClaimed", 6, state="CLAIMED", unit="south", holder="chen")
    moved = after(elsewhere, petition=held)
    reveal = RevealPetitioner(LI, "送达答复")
    PETITIONS.check_repeat(held, reveal, NOW, CITY)
    with pytest.raises(Refusal, match="NOT_YOUR_UNIT"):
        PETITIONS.check_repeat(moved, reveal, NOW, CITY)
    PETITIONS.check_repeat(moved, RecordProgress(LI, "已派人"), NOW, CITY)
    with pytest.raises(Refusal, match="NO_SUCH_PETITION"):
        PETITIONS.check_repeat(ASSIGNED, RecordProgress(LI, "已派人"), NOW, CITY)


def test_the_110_desk_sees_no_petitions() -> None:
    assert may_see(ACCEPTED, LEADER)
    assert not may_see(ACCEPTED, replace(LEADER, role="dispatcher"))
