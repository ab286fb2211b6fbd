"""Acceptance 受理: what can be mediated is taken on; what cannot is told its channel."""

from typing import Any

import pytest
from msgspec.structs import replace

from services.dispute.dispute.acceptance import AcceptDispute, RefuseDispute
from services.dispute.dispute.record import Ending, Kind, Mediation, State
from tests.cities import NOW
from tests.unit.dispute.disputes import (
    ACCEPT,
    CHEN,
    DESK,
    LEADER,
    REGISTERED,
    a_registration,
    after,
    refusal_of,
)

REFUSE = RefuseDispute(DESK, "已经起诉", "人民法院")


def test_it_is_accepted_for_a_kind_of_mediation() -> None:
    accepted = after(ACCEPT, dispute=REGISTERED)
    assert accepted.state is State.ACCEPTED
    assert accepted.acceptance and accepted.acceptance.mediation is Mediation.PEOPLE


def test_it_is_refused_with_a_reason_and_a_channel() -> None:
    refused = after(REFUSE, dispute=REGISTERED)
    assert refused.state is State.REFUSED
    assert refused.ending == Ending(NOW, "已经起诉", "人民法院")


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (replace(ACCEPT, by=CHEN), "NO_SUCH_DISPUTE"),
        (replace(ACCEPT, by=LEADER), "ROLE_MAY_NOT"),
        (AcceptDispute(DESK, None), "MEDIATION_MISSING"),
        (RefuseDispute(DESK, "", "x"), "REASON_MISSING"),
        (RefuseDispute(DESK, "x", ""), "TOLD_WHERE_MISSING"),
    ],
)
def test_what_is_no_acceptance(command: Any, reason: str) -> None:
    assert refusal_of(REGISTERED, command) == reason


def test_violence_itself_is_never_mediated() -> None:
    violent = after(a_registration(kind=Kind.FAMILY, violence=True))
    assert refusal_of(violent, ACCEPT) == "VIOLENCE_NOT_MEDIATED"
    refused = after(RefuseDispute(DESK, "家庭暴力", "公安机关、人身安全保护令"), dispute=violent)
    assert refused.ending and refused.ending.told_where == "公安机关、人身安全保护令"
