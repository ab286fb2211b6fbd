"""Life cycles: what is declared, in which order it is judged, and what a start refuses."""

import dataclasses
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from msgspec import Struct
from msgspec.structs import replace

from backbone.door.decider import require_every_change
from backbone.life_cycle import Change, LifeCycle, Verb, begins, change, creates, verb
from backbone.words.errors import Conflict, InvalidTransition, NotFound
from liandong.dispute.v1.dispute_events_pb2 import DisputeEvent
from tests.ledger.building import notes, shelves

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Door(Struct, frozen=True):
    id: UUID
    version: int
    time: datetime
    state: str = "OPEN"
    times_shut: int = 0
    weary: bool = False


class Hang(Struct, frozen=True):
    pass


class Shut(Struct, frozen=True):
    by: str = "owner"


class Peep(Struct, frozen=True):
    """Shows personal data."""

    by: str = "owner"


class Paint(Struct, frozen=True):
    """No verb declares it."""


class Hung(Struct, frozen=True):
    time: datetime


class WasShut(Struct, frozen=True):
    time: datetime


def hang(door: Door | None, command: Hang, now: datetime, world: str) -> list[Hung]:
    return [Hung(now)]


def shut(door: Door, command: Shut, now: datetime, world: str) -> list[WasShut]:
    if world == "windy":
        raise Conflict("TOO_WINDY")
    return [WasShut(now)]


def peep(door: Door, command: Peep, now: datetime, world: str) -> list[Any]:
    if world == "dark":
        raise Conflict("TOO_DARK")
    return []


def already(door: Door, command: Shut) -> None:
    if command.by == "owner":
        raise InvalidTransition("ALREADY_SHUT")


def hung(event: Hung) -> Door:
    return Door(UUID(int=1), 0, event.time)


def was_shut(door: Door, event: WasShut) -> Door:
    return replace(door, state="SHUT", times_shut=door.times_shut + 1)


def known_to(door: Door, command: Any) -> None:
    if command.by == "stranger":
        raise NotFound("NO_SUCH_DOOR")


def weary(door: Door) -> Door:
    return replace(door, weary=door.times_shut > 1)


HANGING = SimpleNamespace(VERBS=(creates(hang),), CHANGES=(begins(hung),))
SHUTTING = SimpleNamespace(
    VERBS=(verb({"OPEN"}, shut, "TOO_WINDY", "ALREADY_SHUT", otherwise=already),),
    CHANGES=(change(was_shut),),
)
PEEPING = SimpleNamespace(VERBS=(verb({"OPEN", "SHUT"}, peep, discloses=True),))
DOORS: LifeCycle[Door, str] = LifeCycle(
    (HANGING, SHUTTING, PEEPING), "NO_SUCH_DOOR", guard=known_to, finish=weary
)
OPEN = Door(UUID(int=1), 1, NOW)
SHUT = replace(OPEN, version=2, state="SHUT", times_shut=1)
GONE = replace(OPEN, state="GONE")


def test_a_verb_knows_its_command_and_a_change_its_event_by_their_signatures() -> None:
    assert [*DOORS.verbs] == [Hang, Shut, Peep]
    assert [*DOORS.changes] == [Hung, WasShut]
    assert DOORS.verbs[Shut].reasons == ("TOO_WINDY", "ALREADY_SHUT")
    assert DOORS.command("Peep") is Peep
    with pytest.raises(LookupError, match="no verb is called Paint"):
        DOORS.command("Paint")


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (SimpleNamespace(VERBS=(verb({"SHUT"}, shut),)), "Shut"),
        (SimpleNamespace(CHANGES=(change(was_shut),)), "WasShut"),
    ],
    ids=["verb", "change"],
)
def test_what_is_declared_twice_is_refused_at_import(part: Any, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} is declared twice$"):
        LifeCycle((SHUTTING, part), "NO_SUCH_DOOR", guard=known_to)


@pytest.mark.parametrize(
    ("door", "command", "world", "reason"),
    [
        (None, Hang(), "", None),
        (None, Shut(), "", "NO_SUCH_DOOR"),
        (OPEN, Shut(), "", None),
        (OPEN, Shut(), "windy", "TOO_WINDY"),
        (SHUT, Shut(), "windy", "ALREADY_SHUT"),
        (SHUT, Shut("child"), "windy", "INVALID_TRANSITION"),
        (OPEN, Shut("stranger"), "windy", "NO_SUCH_DOOR"),
        (SHUT, Shut("stranger"), "windy", "NO_SUCH_DOOR"),
        (GONE, Peep(), "dark", "INVALID_TRANSITION"),
    ],
)
def test_the_guard_comes_first_then_the_state_then_the_rule(
    door: Door | None, command: Any, world: str, reason: str | None
) -> None:
    if reason is None:
        assert DOORS.decide(door, command, NOW, world) != []
        return
    with pytest.raises((NotFound, InvalidTransition, Conflict)) as refused:
        DOORS.decide(door, command, NOW, world)
    assert refused.value.reason == reason


def test_a_state_without_a_better_reason_is_named_with_the_command() -> None:
    with pytest.raises(InvalidTransition) as refused:
        DOORS.decide(GONE, Peep(), NOW, "")
    assert refused.value.facts == {"command": "Peep", "state": "GONE"}


def test_a_command_that_no_verb_declares_is_a_bug() -> None:
    with pytest.raises(KeyError):
        DOORS.decide(OPEN, Paint(), NOW, "")


def test_an_event_makes_the_next_version_at_its_time_and_then_finishes() -> None:
    later = NOW.replace(hour=5)
    assert DOORS.evolve(None, Hung(NOW)) == OPEN
    once = DOORS.evolve(OPEN, WasShut(later))
    assert once == Door(OPEN.id, 2, later, "SHUT", 1, weary=False)
    assert DOORS.evolve(once, WasShut(later)).weary


@pytest.mark.parametrize(
    ("door", "command", "world", "reason"),
    [
        (SHUT, Shut(), "windy", None),
        (SHUT, Shut("stranger"), "", "NO_SUCH_DOOR"),
        (SHUT, Peep(), "", None),
        (SHUT, Peep(), "dark", "TOO_DARK"),
        (SHUT, Peep("stranger"), "", "NO_SUCH_DOOR"),
        (GONE, Peep(), "", "INVALID_TRANSITION"),
    ],
)
def test_a_repeat_asks_the_guard_and_decides_anew_what_discloses(
    door: Door, command: Any, world: str, reason: str | None
) -> None:
    if reason is None:
        DOORS.check_repeat(door, command, NOW, world)
        return
    with pytest.raises((NotFound, InvalidTransition, Conflict)) as refused:
        DOORS.check_repeat(door, command, NOW, world)
    assert refused.value.reason == reason


def test_a_topic_event_that_changes_no_aggregate_is_refused_at_start() -> None:
    kinds = DisputeEvent.DESCRIPTOR.oneofs_by_name["kind"].fields
    every = {
        each.message_type.name: Change(type(each.message_type.name, (), {}), was_shut)
        for each in kinds
    }
    complete = dataclasses.replace(shelves, life_cycle=_changing(every.values()))
    require_every_change([complete])
    del every["SessionHeld"], every["DisputeRefused"]
    lacking = dataclasses.replace(shelves, life_cycle=_changing(every.values()))
    with pytest.raises(LookupError, match=r"^no change for DisputeRefused, SessionHeld$"):
        require_every_change([lacking])
    require_every_change([lacking, complete])  # two aggregate types may share a topic's message


def test_an_event_that_the_topic_lacks_is_refused_at_start() -> None:
    with pytest.raises(LookupError, match="IncidentEvent has no Hung, WasShut"):
        dataclasses.replace(notes, life_cycle=DOORS)


def _changing(changes: Any) -> LifeCycle[Any, Any]:
    no_verbs: tuple[Verb[Any, Any], ...] = ()
    part = SimpleNamespace(VERBS=no_verbs, CHANGES=tuple(changes))
    return LifeCycle((part,), "", guard=known_to)
