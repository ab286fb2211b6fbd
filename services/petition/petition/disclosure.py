"""Disclosure 调阅: who petitions is shown for a stated purpose only, and that is journaled."""

from datetime import datetime

from msgspec import Struct

from backbone.words.actor import Actor
from backbone.words.guards import require_text, require_unit_of
from services.petition.petition.handling import involved
from services.petition.petition.record import Petition


class RevealPetitioner(Struct, frozen=True):
    by: Actor
    purpose: str


class PetitionerRevealed(Struct, frozen=True):
    time: datetime
    purpose: str


def reveal(found: Petition, command: RevealPetitioner, now: datetime) -> PetitionerRevealed:
    require_unit_of(command.by, involved(found))
    return PetitionerRevealed(now, require_text(command.purpose, "PURPOSE_MISSING", 200))
