"""Mediation 调解: sessions, an agreement or the lawful channel that is left, and the file."""

from typing import Any

import pytest
from msgspec.structs import replace

from services.dispute.dispute.mediation import (
    CloseDispute,
    FailMediation,
    HoldSession,
    RecordAgreement,
)
from services.dispute.dispute.record import Agreement, Ending, State
from tests.cities import NOW
from tests.unit.dispute.disputes import (
    ACCEPTED,
    AGREE,
    AGREED,
    CLAIMED,
    CLOSE,
    DESK,
    FAIL,
    LEADER,
    LI,
    MEDIATING,
    ROUTED,
    SESSION,
    WRITTEN,
    after,
    refusal_of,
)


@pytest.mark.parametrize("left_out", ["document", "facts", "terms", "performance"])
def test_a_written_agreement_has_its_fields(left_out: str) -> None:
    incomplete = RecordAgreement(DESK, replace(WRITTEN, **{left_out: " "}))  # type: ignore[arg-type]
    assert refusal_of(MEDIATING, incomplete) == "AGREEMENT_INCOMPLETE"
    agreed = after(RecordAgreement(DESK, WRITTEN), dispute=MEDIATING)
    assert agreed.proceedings.agreement == WRITTEN


def test_the_unit_that_claimed_it_mediates() -> None:
    held = after(CLAIMED, dispute=ROUTED)
    assert after(HoldSession(LI, "双方到场"), dispute=held).proceedings.sessions[0].mediator == "li"
    assert refusal_of(ROUTED, HoldSession(LI, "x")) == "NO_SUCH_DISPUTE"


@pytest.mark.parametrize(
    ("command", "state"),
    [(SESSION, State.MEDIATING), (AGREE, State.AGREED), (FAIL, State.FAILED)],
)
def test_a_session_is_held_and_ends_in_an_agreement_or_a_failure(
    command: Any, state: State
) -> None:
    assert after(command, dispute=ACCEPTED).state is state


def test_a_failure_tells_the_lawful_channel() -> None:
    assert after(FAIL, dispute=ACCEPTED).ending == Ending(NOW, "分歧过大", "向人民法院起诉")


def test_the_desk_files_what_has_ended() -> None:
    closed = after(CLOSE, dispute=AGREED)
    assert (closed.state, closed.ending and closed.ending.close_time) == (State.CLOSED, NOW)
    assert refusal_of(AGREED, CloseDispute(LEADER)) == "ROLE_MAY_NOT"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (HoldSession(DESK, ""), "TEXT_MISSING"),
        (HoldSession(LEADER, "x"), "ROLE_MAY_NOT"),
        (RecordAgreement(DESK, None), "AGREEMENT_INCOMPLETE"),
        (RecordAgreement(DESK, replace(WRITTEN, performance_due_time=NOW)), "DUE_TIME_OVER"),
        (RecordAgreement(DESK, Agreement(oral=True)), "AGREEMENT_INCOMPLETE"),
        (FailMediation(DESK, "", "x"), "REASON_MISSING"),
        (FailMediation(DESK, "x", ""), "TOLD_WHERE_MISSING"),
    ],
)
def test_what_is_not_written_down(command: Any, reason: str) -> None:
    assert refusal_of(ACCEPTED, command) == reason
