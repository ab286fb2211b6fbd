"""Disclosure 调阅: the petitioner unmasked, for a stated purpose, recorded in the journal."""

from datetime import datetime

from msgspec import Struct

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.guards import require_text, require_unit_of
from backbone.words.sight import AUDITOR
from services.petition.petition.record import ANY, Petition, handling_units


class RevealPetitioner(Struct, frozen=True):
    by: Actor
    purpose: str


class PetitionerRevealed(Struct, frozen=True):
    time: datetime
    purpose: str


def reveal(
    petition: Petition, command: RevealPetitioner, now: datetime, city: City
) -> list[PetitionerRevealed]:
    if command.by.role != AUDITOR:
        require_unit_of(command.by, handling_units(petition))
    return [PetitionerRevealed(now, require_text(command.purpose, "PURPOSE_MISSING"))]


def revealed(petition: Petition, event: PetitionerRevealed) -> Petition:
    return petition


VERBS = (verb(ANY, reveal, "NOT_YOUR_UNIT", "PURPOSE_MISSING", discloses=True),)
CHANGES = (change(revealed),)
