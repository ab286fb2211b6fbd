"""Handling 办理: steps, the written reply 答复, and the file 办结."""

from typing import Any

import pytest
from msgspec.structs import replace

from services.petition.petition.handling import RecordProgress, ReplyPetition
from services.petition.petition.record import Petition, State
from tests.cities import NOW
from tests.unit.petition.petitions import (
    ACCEPTED,
    ASSIGNED,
    CLAIMED,
    CLOSE,
    DESK,
    HANDLING,
    LEADER,
    LI,
    REPLIED,
    REPLY,
    after,
    refusal_of,
)


def test_a_step_is_kept_with_the_unit_that_took_it() -> None:
    worked = after(RecordProgress(DESK, "已派人", public=True), petition=ACCEPTED)
    assert [(each.unit, each.text, each.public) for each in worked.handling.progress] == [
        ("command", "已派人", True)
    ]
    assert worked.state is State.ACCEPTED


def test_it_is_replied_to_and_then_filed() -> None:
    assert (REPLIED.state, REPLIED.ending and REPLIED.ending.reply) == (State.REPLIED, "已修好")
    closed = after(CLOSE, petition=REPLIED)
    assert (closed.state, closed.ending and closed.ending.close_time) == (State.CLOSED, NOW)


@pytest.mark.parametrize(
    ("petition", "command", "reason"),
    [
        (ACCEPTED, RecordProgress(DESK, " "), "TEXT_MISSING"),
        (ACCEPTED, ReplyPetition(DESK), "REPLY_MISSING"),
        (ASSIGNED, REPLY, "NOT_RESOLVED"),
        (after(CLAIMED, petition=ASSIGNED), REPLY, "NOT_RESOLVED"),
        (HANDLING, ReplyPetition(LEADER, "x"), "ROLE_MAY_NOT"),
        (REPLIED, replace(CLOSE, by=LEADER), "ROLE_MAY_NOT"),
    ],
)
def test_what_is_not_written_down(petition: Petition, command: Any, reason: str) -> None:
    assert refusal_of(petition, command) == reason


def test_the_reply_of_the_unit_that_resolved_it_is_the_reply() -> None:
    ending = after(ReplyPetition(LI), petition=HANDLING).ending
    assert ending and ending.reply == "已修"
