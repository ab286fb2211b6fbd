"""Corrections of a receipt that reach its incident, and links of further callers. Pure."""

from msgspec import Struct

from backbone.words.heard import HeardDanger
from backbone.words.matter import Matter

PLACE, NARRATIVE, CATEGORY = "place", "narrative", "category"
PRIORITY, DANGER = "priority", "danger"
AGAINST = "against"
# The title of a petition is a fact of its own; that of a receipt follows from class and place.
TITLE = "title"
# The persons of the matter are told like a fact, and are never shown.
PERSONS = "persons"
# The facts of a matter that a desk corrects, in the order in which they are told.
FACTS = (PLACE, NARRATIVE, CATEGORY, PRIORITY, DANGER, AGAINST)


class Corrected(Struct, frozen=True):
    """One corrected fact; `version` is that of the receipt which has said it since."""

    fact: str
    version: int
    for_incident: bool = False


class Correction(Struct, frozen=True):
    """The fields of `liandong.incident.v1.Correction`, which documents each of them.

    `facts` are all that were corrected since the receipt joined the incident, so that a later
    correction includes an earlier one that was lost or is late.
    """

    matter: Matter
    facts: tuple[Corrected, ...]
    receipt: str
    code: str
    version: int
    linked: bool
    user: str
    unit: str


class CallerLink(Struct, frozen=True):
    """A receipt that was linked to an incident or left it; `narrative` and `place` in short.

    `persons` are the names of its caller, each sealed, so that texts are searched for them.
    `priority` is that of the incident that was merged with the report, where it is more urgent.
    """

    incident_id: str
    receipt: str
    code: str
    version: int
    danger: str
    user: str
    unit: str
    narrative: str = ""
    place: str = ""
    merged: str = ""
    persons: tuple[str, ...] = ()
    heard: HeardDanger | None = None
    priority: str = ""
