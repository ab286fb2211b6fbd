"""Disclosure 调阅: who petitions is shown for a stated purpose only, and that is journaled."""

from dataclasses import dataclass
from datetime import datetime

from backbone.actor import Actor
from backbone.guards import require_text, require_unit_of
from services.petition.domain.handling import involved
from services.petition.domain.petition import Petition


@dataclass(frozen=True, slots=True)
class RevealPetitioner:
    by: Actor
    purpose: str


@dataclass(frozen=True, slots=True)
class PetitionerRevealed:
    time: datetime
    purpose: str


def reveal(found: Petition, command: RevealPetitioner, now: datetime) -> PetitionerRevealed:
    require_unit_of(command.by, involved(found))
    return PetitionerRevealed(now, require_text(command.purpose, "PURPOSE_MISSING", 200))
