"""Notes: the smallest life cycle that can be raced for, refused, lapse and break. Pure."""

import sys
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import Also, LifeCycle, begins, change, creates, verb
from backbone.words.errors import Denied, InvalidTransition, NotFound, Unavailable

CAP = 3  # notes that one holder may hold
NOBODY = UUID(int=0)  # the message of the event has no such field: the record knows whose it is


class Note(Struct, frozen=True):
    """One row of `notes`; a note that is held is due."""

    id: UUID
    version: int
    time: datetime
    text: str
    holder: str = ""
    due_time: datetime | None = None
    shelf: str = ""


class Write(Struct, frozen=True):
    id: UUID
    text: str = "一张便条"


class Claim(Struct, frozen=True):
    holder: str


class Release(Struct, frozen=True):
    """Several reasons are several events of one command."""

    reasons: tuple[str, ...] = ("",)
    by: str = ""


class File(Struct, frozen=True):
    """Puts the note on a shelf, which is locked with it and only looked at."""

    shelf: UUID


class Look(Struct, frozen=True):
    """Is accepted and changes nothing."""

    by: str = ""


class Reveal(Struct, frozen=True):
    """Discloses the note to its holder, who is checked each time anew."""

    holder: str


class Lapse(Struct, frozen=True):
    pass


class Break(Struct, frozen=True):
    """A bug of ours."""


class Wait(Struct, frozen=True):
    """The answer is not known now."""


Command: TypeAlias = Write | Claim | Release | File | Look | Reveal | Lapse | Break | Wait


class ProgressReported(Struct, frozen=True):
    """The note was written."""

    time: datetime
    text: str
    id: UUID = NOBODY


class IncidentClaimed(Struct, frozen=True):
    time: datetime
    holder: str


class IncidentReleased(Struct, frozen=True):
    time: datetime
    reason: str


class IncidentAssigned(Struct, frozen=True):
    """The note was put on a shelf."""

    time: datetime
    unit: str


class ClaimLapsed(Struct, frozen=True):
    time: datetime


Event: TypeAlias = (
    ProgressReported | IncidentClaimed | IncidentReleased | IncidentAssigned | ClaimLapsed
)


def write(note: Note | None, command: Write, now: datetime, also: Also) -> list[Event]:
    if note is not None:
        raise InvalidTransition("ALREADY_WRITTEN")
    return [ProgressReported(now, command.text, command.id)]


def claim(note: Note, command: Claim, now: datetime, also: Also) -> list[Event]:
    if note.holder:
        raise InvalidTransition("ALREADY_CLAIMED", holder=note.holder)
    if len(also.members(hands_of(command.holder))) >= CAP:
        raise InvalidTransition("TOO_MANY_HELD", held=CAP, cap=CAP)
    return [IncidentClaimed(now, command.holder)]


def release(note: Note, command: Release, now: datetime, also: Also) -> list[Event]:
    if not note.holder:
        raise InvalidTransition("NOT_CLAIMED")
    return [IncidentReleased(now, reason) for reason in command.reasons]


def file(note: Note, command: File, now: datetime, also: Also) -> list[Event]:
    shelf = also.one(command.shelf)
    if shelf is None:
        raise NotFound("NO_SUCH_SHELF")
    if shelf.shut:
        raise InvalidTransition("SHELF_SHUT", notes=shelf.version)
    return [IncidentAssigned(now, str(command.shelf))]


def look(note: Note, command: Look, now: datetime, also: Also) -> list[Event]:
    return []


def reveal(note: Note, command: Reveal, now: datetime, also: Also) -> list[Event]:
    if command.holder != note.holder:
        raise Denied("NOT_THE_HOLDER", holder=note.holder, unit="")
    return []


def lapse(note: Note, command: Lapse, now: datetime, also: Also) -> list[Event]:
    if note.due_time is None or note.due_time > now:
        raise InvalidTransition("NOT_DUE")
    return [ClaimLapsed(now)]


def break_down(note: Note | None, command: Break, now: datetime, also: Also) -> list[Event]:
    raise ZeroDivisionError("a bug of ours")


def wait(note: Note | None, command: Wait, now: datetime, also: Also) -> list[Event]:
    raise Unavailable("DIRECTORY_NOT_LOADED")


def written(event: ProgressReported) -> Note:
    return Note(event.id, 0, event.time, event.text)


def claimed(note: Note, event: IncidentClaimed) -> Note:
    return replace(note, holder=event.holder, due_time=event.time + timedelta(hours=1))


def released(note: Note, event: IncidentReleased) -> Note:
    return replace(note, holder="", due_time=None)


def filed(note: Note, event: IncidentAssigned) -> Note:
    return replace(note, shelf=event.unit)


def lapsed(note: Note, event: ClaimLapsed) -> Note:
    return replace(note, holder="", due_time=None)


def may_see(note: Note, command: Any) -> None:
    """A note that is held is not shown to a stranger."""
    if isinstance(command, Look | Release) and command.by == "stranger" and note.holder:
        raise NotFound("NO_SUCH_NOTE")


def hands_of(holder: str) -> UUID:
    return uuid5(NOBODY, holder)


ANY = ("ANY",)
VERBS = (
    creates(write),
    verb(ANY, claim, also=lambda command: (hands_of(command.holder),)),
    verb(ANY, release),
    verb(ANY, file, also=lambda command: (command.shelf,)),
    verb(ANY, look),
    verb(ANY, reveal, discloses=True),
    verb(ANY, lapse),
    creates(break_down),
    creates(wait),
)
CHANGES = (begins(written), change(claimed), change(released), change(filed), change(lapsed))
NOTES: LifeCycle[Note, Also] = LifeCycle(
    (sys.modules[__name__],), "NO_SUCH_NOTE", guard=may_see, state_of=lambda note: "ANY"
)
