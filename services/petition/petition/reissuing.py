"""A new PIN 补发查询码: the desk has seen the petitioner's identity card; the old PIN ends."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import Denied
from backbone.words.guards import require_unit_of
from services.petition.petition.record import ANY, Petition


class ReissuePin(Struct, frozen=True):
    """`identity` and `contacts` are keyed indexes of what the petitioner showed and said."""

    by: Actor
    identity: str
    contacts: tuple[str, ...] = ()


class PinReissued(Struct, frozen=True):
    """`by_contact`: no identity number was on file, and the contact was compared instead."""

    time: datetime
    pin_issue: int
    by_contact: bool


def reissue(
    petition: Petition, command: ReissuePin, now: datetime, city: City
) -> list[PinReissued]:
    require_unit_of(command.by, {petition.desk})
    by_contact = not any(each.id_number for each in petition.filing.petitioners)
    shown = set(command.contacts) if by_contact else {command.identity}
    if not shown & set(petition.filing.petitioner_indexes):
        raise Denied("IDENTITY_MISMATCH")
    return [PinReissued(now, petition.pin_issue + 1, by_contact)]


def reissued(petition: Petition, event: PinReissued) -> Petition:
    return replace(petition, pin_issue=event.pin_issue)


def _as_filed(petition: Petition) -> dict[str, Any]:
    """The identity and contacts of a person who has filed it."""
    known = petition.filing.petitioner_indexes
    return {"identity": next(iter(known), ""), "contacts": tuple(known)}


VERBS = (verb(ANY, reissue, "NOT_YOUR_UNIT", "IDENTITY_MISMATCH", likely=_as_filed),)
CHANGES = (change(reissued),)
