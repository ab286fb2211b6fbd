"""The intake record follows its incident: what it remembers of it, and how it follows. Pure."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.errors import InvalidTransition

PENDING = "PENDING"
RESOLVED = "RESOLVED"
CLOSED = "CLOSED"
VOIDED = "VOIDED"
SETTLED = (RESOLVED, CLOSED, VOIDED)


class Followed(Struct, frozen=True):
    """What an intake record knows of its incident; PENDING until the incident is known to exist."""

    version: int = 0
    state: str = PENDING
    unit: str = ""
    holder: str = ""
    outcome: str = ""
    reply: str = ""


class FollowIncident(Struct, frozen=True):
    """One step of the incident; what is None has not changed by it."""

    step: str
    version: int
    state: str | None = None
    unit: str | None = None
    holder: str | None = None
    outcome: str | None = None
    reply: str | None = None
    public_text: str = ""


class IncidentFollowed(Struct, frozen=True):
    """The event that every intake service records: the incident as it is known from now on."""

    time: datetime
    step: str
    incident: Followed
    public_text: str = ""


def follow(
    known: Followed | None, command: FollowIncident, now: datetime
) -> list[IncidentFollowed]:
    """Return the step as an event, or nothing where a later step is known already."""
    if known is None:
        raise InvalidTransition("NOT_ROUTED", step=command.step)
    if command.version <= known.version:
        return []
    said = ("state", "unit", "holder", "outcome", "reply")
    changes = {name: getattr(command, name) for name in said}
    news = {name: value for name, value in changes.items() if value is not None}
    after = replace(known, version=command.version, **news)
    return [IncidentFollowed(now, command.step, after, command.public_text)]
