"""A matter as an intake service hands it to the flow: what the incident is opened with. Pure."""

from dataclasses import dataclass
from uuid import UUID

from backbone.place import Place


@dataclass(frozen=True, slots=True)
class Matter:
    """The fields of `liandong.incident.v1.Matter`, which says what each of them means."""

    id: UUID
    code: str
    source: str
    title: str
    narrative: str
    category: str
    priority: str
    place: Place
    desk: str
    to_unit: str = ""
