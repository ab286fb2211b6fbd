"""Four eyes: a key may name any person, and stays one pair."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.words.actor import Actor, is_same_hand
from services.workflow.incident.closing import ReworkIncident, VerifyIncident
from tests.cities import COUNTY
from tests.incidents import DESK, RESOLVED, SECOND, after, decide, refusal_of

KEY = Actor("command", "command", "dispatcher", COUNTY)
CHECKED = after(VerifyIncident(replace(KEY, user="command/甲"), "NO"), found=RESOLVED)


@pytest.mark.parametrize("user", ["command/甲", "command/乙", "command", "command/甲 ", "command/"])
def test_a_key_that_verified_is_no_second_person(user: str) -> None:
    again = ReworkIncident(replace(KEY, user=user), "没有解决")
    assert refusal_of(CHECKED, again) == "SECOND_PERSON_NEEDED"


@pytest.mark.parametrize("who", [DESK, SECOND, replace(KEY, role="call_taker", user="command/乙")])
def test_an_account_or_another_key_is(who: Actor) -> None:
    assert decide(CHECKED, ReworkIncident(who, "没有解决"))


def test_a_key_that_handled_does_not_verify_under_another_name() -> None:
    charge = replace(RESOLVED.charge, handlers=("roads/甲",))
    handled = replace(RESOLVED, charge=charge)
    other = Actor("roads/乙", "command", "dispatcher", COUNTY)
    assert refusal_of(handled, VerifyIncident(other, "YES")) == "HANDLER_CANNOT_VERIFY"


NAMES = st.text(max_size=8)


@given(NAMES, NAMES, NAMES.filter(lambda name: "/" not in name))
def test_whatever_persons_it_names(one: str, other: str, key: str) -> None:
    actor = Actor(f"{key}/{one}", role="clerk")
    assert is_same_hand(actor, f"{key}/{other}", "clerk") and is_same_hand(actor, key)
    assert not is_same_hand(actor, f"x{key}/{one}", "clerk")
