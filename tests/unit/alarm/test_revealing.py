"""The disclosure 查看: the caller is shown to the desk that took the call, for a purpose."""

from typing import Any

import pytest
from msgspec import structs

from services.alarm.receipt.reveal import RevealCaller
from tests.desks import AUDITOR, GRID_MEMBER, STRANGER, TAKER
from tests.unit.alarm.receipts import RECEIVED, after, refusal_of

LEADER = structs.replace(AUDITOR, role="leader")


@pytest.mark.parametrize("actor", [LEADER, GRID_MEMBER, STRANGER], ids=lambda who: who.role)
def test_only_the_desk_that_took_the_call_sees_the_caller(actor: Any) -> None:
    refusal = refusal_of(RECEIVED, RevealCaller(actor, "核实"))
    assert refusal.reason in ("MAY_NOT_REVEAL", "NO_SUCH_RECEIPT", "ROLE_MAY_NOT")


def test_the_auditor_sees_the_caller_too() -> None:
    assert after(RevealCaller(AUDITOR, "抽查"), found=RECEIVED).version == RECEIVED.version + 1
    leader = RevealCaller(LEADER, "抽查")
    assert refusal_of(RECEIVED, leader).reason == "ROLE_MAY_NOT"


def test_a_disclosure_has_a_purpose() -> None:
    assert refusal_of(RECEIVED, RevealCaller(TAKER, " ")).reason == "PURPOSE_MISSING"
