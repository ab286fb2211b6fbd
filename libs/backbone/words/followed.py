"""An intake record follows its incident: it keeps some facts of the incident's events. Pure."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.correction import Correction
from backbone.words.errors import InvalidTransition

PENDING = "PENDING"
RESOLVED = "RESOLVED"
CLOSED = "CLOSED"
VOIDED = "VOIDED"
# A person holds it.
HELD = ("CLAIMED", "HANDLING")
SETTLED = (RESOLVED, CLOSED, VOIDED)
MERGED = "MERGED"
OVER = (CLOSED, MERGED, VOIDED)
REWORKED = "IncidentReworked"
# After these steps a unit works on the incident again; a reply or an agreement of before is not the
# last word.
BEGINS_AGAIN = frozenset({REWORKED, "IncidentReinstated"})
# In these states no unit has the incident: none was given it yet, or it was taken from its unit.
WITHOUT_UNIT = frozenset({PENDING, "TRIAGE", VOIDED, MERGED})
# The fields that both an incident and a step have; a step leaves those None that do not change.
SAID = ("state", "unit", "holder", "outcome", "reply", "priority", "category")


class Followed(Struct, frozen=True):
    """The incident as its intake record knows it; PENDING until it is known to be open."""

    version: int = 0
    state: str = PENDING
    unit: str = ""
    holder: str = ""
    outcome: str = ""
    reply: str = ""
    priority: str = ""
    category: str = ""


class FollowIncident(Struct, frozen=True):
    """One or several events of the incident; `step` is the kind of the last one.

    None means that the field has not changed.
    """

    step: str
    version: int
    state: str | None = None
    unit: str | None = None
    holder: str | None = None
    outcome: str | None = None
    reply: str | None = None
    priority: str | None = None
    category: str | None = None
    public_text: str = ""


class IncidentFollowed(Struct, frozen=True):
    """The event of an intake record that its incident has changed; `incident` is the new state."""

    time: datetime
    step: str
    incident: Followed
    public_text: str = ""


class FollowCaller(Struct, frozen=True):
    """The desk has corrected the caller of the receipt that became this record.

    `persons` are the caller's names, each sealed; of one who is protected also what texts must not
    show. `user` and `unit` are those of the desk.
    """

    persons: tuple[str, ...]
    user: str
    unit: str


class CallerFollowed(Struct, frozen=True):
    """`persons` are all whom the texts of the record may name from now on; `correction` tells the
    incident, where there is one."""

    time: datetime
    persons: tuple[str, ...]
    correction: Correction | None = None


def holding_unit(known: Followed | None) -> str:
    """The unit that has the incident now; empty where none has it."""
    return "" if known is None or known.state in WITHOUT_UNIT else known.unit


def require_unopened(known: Followed | None, code: str) -> None:
    """Raises ALREADY_OPEN if the record has had an incident: a matter has one for life."""
    if known is not None:
        raise InvalidTransition("ALREADY_OPEN", state=known.state, code=code)


def follow(
    known: Followed | None, command: FollowIncident, now: datetime
) -> list[IncidentFollowed]:
    """Return the step as an event, or no event if a later version is already known.

    Raises InvalidTransition if the intake record has no incident.
    """
    if known is None:
        raise InvalidTransition("NOT_ROUTED", step=command.step)
    if command.version <= known.version:
        return []
    changes = {name: getattr(command, name) for name in SAID}
    news = {name: value for name, value in changes.items() if value is not None}
    after = replace(known, version=command.version, **news)
    return [IncidentFollowed(now, command.step, after, command.public_text)]
