"""Four eyes: a key may name any person, and stays one pair, for each decision of another person."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.words.actor import Actor, is_same_hand
from backbone.words.errors import Denied
from services.alarm.receipt import RECEIPTS
from services.alarm.receipt.ending import MarkInvalid
from services.alarm.receipt.record import InvalidReason
from services.alarm.receipt.reinstating import UndoInvalid
from services.workflow.incident import INCIDENTS
from services.workflow.incident.closing import ReworkIncident, VerifyIncident, VoidIncident
from services.workflow.incident.merging import UndoMerge
from services.workflow.incident.reinstating import UndoVoid
from tests.cities import COUNTY
from tests.incidents import DESK, OFFERED, RESOLVED, after, decide, refusal_of
from tests.unit.alarm import receipts
from tests.unit.workflow import test_merging as merging

KEY = Actor("command", "command", "dispatcher", COUNTY)
NAMED = replace(KEY, user="command/甲")
SIGNED_IN = replace(KEY, user="wang")


# Of the actor, and of the one who acted before.
Decision = Callable[..., Any]


def rework(by: Actor, first: Actor = NAMED) -> Any:
    checked = after(VerifyIncident(first, "NO"), found=RESOLVED)
    return decide(checked, ReworkIncident(by, "没有解决"))


def undo_void(by: Actor, first: Actor = NAMED) -> Any:
    voided = after(VoidIncident(first, "HOAX"), found=OFFERED)
    return decide(voided, UndoVoid(by, "确有其事"))


def undo_merge(by: Actor, first: Actor = NAMED) -> Any:
    merge = replace(merging.MERGE, by=first)
    return merging.decide(merging.lived(OFFERED, merge), UndoMerge(by, "两起不同的事故"))


def undo_invalid(by: Actor, first: Actor = NAMED) -> Any:
    mark = MarkInvalid(first, InvalidReason.HOAX)
    marked = receipts.after(mark, found=receipts.RECEIVED)
    return receipts.decide(marked, UndoInvalid(by, "确有其事"))


# Every decision that another person than an earlier one must take.
DECISIONS: dict[str, Decision] = {
    "ReworkIncident": rework,
    "UndoVoid": undo_void,
    "UndoMerge": undo_merge,
    "UndoInvalid": undo_invalid,
}
NEEDED = {"SECOND_PERSON_NEEDED", "ANOTHER_PERSON_NEEDED"}


def test_the_walk_visits_every_decision_of_another_person() -> None:
    asking = {
        command.__name__
        for cycle in (INCIDENTS, RECEIPTS)
        for command, verb in cycle.verbs.items()
        if NEEDED & set(verb.reasons)
    }
    assert asking == set(DECISIONS)


@pytest.mark.parametrize("decision", DECISIONS.values(), ids=DECISIONS)
@pytest.mark.parametrize("user", ["command/甲", "command/乙", "command", "command/甲 ", "command/"])
def test_the_key_that_acted_first_is_no_second_person(decision: Decision, user: str) -> None:
    with pytest.raises(Denied) as caught:
        decision(replace(KEY, user=user))
    assert caught.value.reason in NEEDED


@pytest.mark.parametrize("decision", DECISIONS.values(), ids=DECISIONS)
def test_an_account_is(decision: Decision) -> None:
    assert decision(DESK)


@pytest.mark.parametrize("decision", DECISIONS.values(), ids=DECISIONS)
@pytest.mark.parametrize("named", ["wang", "王某", "甲"])
def test_a_key_is_no_other_person_beside_one_who_has_signed_in(
    decision: Decision, named: str
) -> None:
    with pytest.raises(Denied) as caught:
        decision(replace(KEY, user=f"command/{named}"), first=SIGNED_IN)
    assert caught.value.reason in NEEDED
    assert decision(replace(SIGNED_IN, user="zhao"), first=SIGNED_IN)


@pytest.mark.parametrize("decision", [rework, undo_invalid])
def test_a_key_of_another_role_is(decision: Decision) -> None:
    assert decision(replace(KEY, role="call_taker", user="command/乙"))


def test_a_role_that_an_older_event_does_not_tell_helps_no_key() -> None:
    voided = after(VoidIncident(replace(KEY, user="command/甲"), "HOAX"), found=OFFERED)
    old = replace(voided, ending=replace(voided.ending, voided_role=""))
    other = replace(KEY, user="command/乙", role="duty_officer")
    assert refusal_of(old, UndoVoid(other, "确有其事")) == "ANOTHER_PERSON_NEEDED"
    assert decide(voided, UndoVoid(other, "确有其事"))


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
