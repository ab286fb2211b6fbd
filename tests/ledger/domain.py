"""Notes: the smallest life cycle that can be raced for, refused, lapse and break. Pure."""

from datetime import datetime, timedelta
from typing import TypeAlias, assert_never
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.errors import InvalidTransition, NotFound, Unavailable

NOBODY = UUID(int=0)  # the message of the event has no such field: the record knows whose it is


class Note(Struct, frozen=True):
    """One row of `notes`; a note that is held is due."""

    id: UUID
    version: int
    time: datetime
    text: str
    holder: str = ""
    due_time: datetime | None = None


class Write(Struct, frozen=True):
    id: UUID
    text: str = "一张便条"


class Claim(Struct, frozen=True):
    holder: str


class Release(Struct, frozen=True):
    """Several reasons are several events of one command."""

    reasons: tuple[str, ...] = ("",)


class Look(Struct, frozen=True):
    """Is accepted and changes nothing."""


class Lapse(Struct, frozen=True):
    pass


class Break(Struct, frozen=True):
    """A bug of ours."""


class Wait(Struct, frozen=True):
    """Nobody can say now."""


Command: TypeAlias = Write | Claim | Release | Look | Lapse | Break | Wait


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


class ClaimLapsed(Struct, frozen=True):
    time: datetime


Event: TypeAlias = ProgressReported | IncidentClaimed | IncidentReleased | ClaimLapsed


def decide(note: Note | None, command: Command, now: datetime) -> list[Event]:
    match command:
        case Write(id=note_id, text=text):
            if note is not None:
                raise InvalidTransition("ALREADY_WRITTEN")
            return [ProgressReported(now, text, note_id)]
        case Break():
            raise ZeroDivisionError("a bug of ours")
        case Wait():
            raise Unavailable("DIRECTORY_NOT_LOADED")
    if note is None:
        raise NotFound("NO_SUCH_NOTE")
    return _decide(note, command, now)


def _decide(note: Note, command: Claim | Release | Look | Lapse, now: datetime) -> list[Event]:
    match command:
        case Claim(holder=holder):
            if note.holder:
                raise InvalidTransition("ALREADY_CLAIMED", holder=note.holder)
            return [IncidentClaimed(now, holder)]
        case Release(reasons=reasons):
            if not note.holder:
                raise InvalidTransition("NOT_CLAIMED")
            return [IncidentReleased(now, reason) for reason in reasons]
        case Look():
            return []
        case Lapse():
            if note.due_time is None or note.due_time > now:
                raise InvalidTransition("NOT_DUE")
            return [ClaimLapsed(now)]
        case _:
            assert_never(command)


def evolve(note: Note | None, event: Event) -> Note:
    if note is None:
        assert isinstance(event, ProgressReported)
        return Note(event.id, 1, event.time, event.text)
    note = replace(note, version=note.version + 1, time=event.time)
    match event:
        case IncidentClaimed(holder=holder):
            return replace(note, holder=holder, due_time=event.time + timedelta(hours=1))
        case ClaimLapsed() | IncidentReleased():
            return replace(note, holder="", due_time=None)
        case ProgressReported(text=text):
            return replace(note, text=text)
        case _:
            assert_never(event)
