"""Undoing a wrong voiding 撤销作废: by another person, with a reason, into the pool of its unit."""

from typing import Any

import pytest
from msgspec import structs

from backbone.words.actor import Actor
from services.workflow.incident.closing import VoidIncident
from services.workflow.incident.kinds import SIGN_IN
from services.workflow.incident.record import Incident
from services.workflow.incident.reinstating import UndoVoid
from tests.cities import COUNTY, NORTH
from tests.incidents import (
    CLAIMED,
    DESK,
    LEADER,
    LI,
    OFFERED,
    SECOND,
    TRIAGE,
    a_matter,
    after,
    changed,
    decide,
    folded,
    refusal_of,
    who_has,
)
from tests.life_cycles import Legal, UseCase
from tests.unit.workflow.accusations import VERIFIERS

VOID, UNDO = VoidIncident(DESK, "HOAX"), UndoVoid(LEADER, "it was real")
VOIDED = after(VOID, found=CLAIMED)
ANOTHER = Actor("jin", "command", "dispatcher", COUNTY)


def legal(holder: Actor, **others: Any) -> tuple[Legal, ...]:
    by = structs.replace(VERIFIERS[0], role="head") if holder.unit == "discipline" else LEADER
    return (Legal(UndoVoid(by, "it was real")),)


def test_a_unit_that_had_it_has_it_in_its_pool_again_with_a_new_sign_in() -> None:
    again = after(UNDO, found=VOIDED)
    assert who_has(again) == ("OFFERED", "north", "north", "")
    assert [clock.kind for clock in again.clocks] == [SIGN_IN]
    assert (again.ending.void_reason, again.ending.voided_by) == ("", "")


def test_what_no_unit_had_is_routed_anew() -> None:
    void = after(VOID, found=after(TRIAGE))
    assert who_has(after(UNDO, found=void))[:2] == ("TRIAGE", "")
    known = changed(void, matter=a_matter())
    assert who_has(after(UNDO, found=known))[:2] == ("OFFERED", "north")


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (UndoVoid(DESK, "it was real"), "ANOTHER_PERSON_NEEDED"),
        (UndoVoid(ANOTHER, " "), "REASON_MISSING"),
        (UndoVoid(LI, "it was real"), "NOT_THE_DISPATCHER"),
        (UndoVoid(structs.replace(LI, role="head"), "it was real"), "NOT_THE_DISPATCHER"),
        (UndoVoid(SECOND, "it was real"), "ROLE_MAY_NOT"),
        (UndoVoid(Actor("mo", "harbour", "leader", "990102"), "x"), "NO_SUCH_INCIDENT"),
        (UndoVoid(Actor("mo", "north", "leader", NORTH), "x"), ""),
    ],
)
def test_another_person_of_the_desks_says_why(command: UndoVoid, reason: str) -> None:
    if reason:
        assert refusal_of(VOIDED, command) == reason
    else:
        assert decide(VOIDED, command)


@pytest.mark.parametrize("found", [OFFERED, CLAIMED], ids=["offered", "claimed"])
def test_what_is_not_void_cannot_be_reinstated(found: Incident) -> None:
    assert refusal_of(found, UNDO) == "INVALID_TRANSITION"


def test_it_can_be_voided_again_by_the_same_person() -> None:
    assert after(UNDO, VOID, found=VOIDED).ending.voided_by == DESK.user


def test_a_voiding_of_0_1_0_which_names_no_person_can_be_undone() -> None:
    events = [structs.replace(each, voided_by="") for each in decide(OFFERED, VOID)]
    void = folded(events, OFFERED)
    assert void is not None
    assert after(UNDO, found=void).state == "OFFERED"


USE_CASE = UseCase(
    verbs=frozenset({"UndoVoid"}),
    legal=legal,
    rights={
        "an incident": """\
UndoVoid in VOIDED
  holder: dispatcher, duty_officer, leader
  colleague of the holder: dispatcher, duty_officer, leader
  colleague at the desk: dispatcher, duty_officer, leader
  unit above: dispatcher, leader
  neighbour: dispatcher, leader
""",
        "an incident that accuses the unit of its own place": """\
UndoVoid in VOIDED
  holder: duty_officer, leader
  colleague of the holder: duty_officer, leader
""",
    },
)
