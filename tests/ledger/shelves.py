"""Shelves: a second aggregate type of the same service, on which notes are put. Pure."""

import sys
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import Also, LifeCycle, begins, change, creates, verb
from tests.ledger.domain import NOBODY


class Shelf(Struct, frozen=True):
    """One row of `shelves`."""

    id: UUID
    version: int
    time: datetime
    state: str = "OPEN"

    @property
    def shut(self) -> bool:
        return self.state == "SHUT"


class Build(Struct, frozen=True):
    id: UUID


class Shut(Struct, frozen=True):
    pass


class SessionHeld(Struct, frozen=True):
    """The shelf was built."""

    time: datetime
    id: UUID = NOBODY


class DisputeClosed(Struct, frozen=True):
    """The shelf was shut."""

    time: datetime


Event: TypeAlias = SessionHeld | DisputeClosed


def build(shelf: Shelf | None, command: Build, now: datetime, also: Also) -> list[Event]:
    return [SessionHeld(now, command.id)]


def shut(shelf: Shelf, command: Shut, now: datetime, also: Also) -> list[Event]:
    return [DisputeClosed(now)]


def built(event: SessionHeld) -> Shelf:
    return Shelf(event.id, 0, event.time)


def was_shut(shelf: Shelf, event: DisputeClosed) -> Shelf:
    return replace(shelf, state="SHUT")


def all_may_see(shelf: Shelf, command: Any) -> None:
    """A shelf hides from no actor."""


VERBS = (creates(build), verb(("OPEN",), shut))
CHANGES = (begins(built), change(was_shut))
SHELVES: LifeCycle[Shelf, Also] = LifeCycle(
    (sys.modules[__name__],), "NO_SUCH_SHELF", guard=all_may_see
)
