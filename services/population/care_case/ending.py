"""Ending 解除与封存: by term or by document; after the sealing the person is never shown."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.guards import require_text
from services.population.care_case.record import (
    ANY,
    CARED_FOR,
    CareCase,
    Ending,
    State,
    is_audited,
    require_entrusted,
    require_head,
    require_remembered,
)

TERM_OVER = "帮扶期满，依法解除。"


class EndCareCase(Struct, frozen=True):
    by: Actor
    reason: str


class SealCareCase(Struct, frozen=True):
    by: Actor


class RevealPerson(Struct, frozen=True):
    """Disclosure 调阅: unmasked, for a stated purpose, and recorded in the journal."""

    by: Actor
    purpose: str


class CareCaseEnded(Struct, frozen=True):
    time: datetime
    reason: str


class CareCaseSealed(Struct, frozen=True):
    time: datetime


class PersonRevealed(Struct, frozen=True):
    time: datetime
    purpose: str


def end(case: CareCase, command: EndCareCase, now: datetime, city: City) -> list[CareCaseEnded]:
    require_head(case, command.by)
    return [CareCaseEnded(now, require_text(command.reason, "REASON_MISSING"))]


def seal(case: CareCase, command: SealCareCase, now: datetime, city: City) -> list[CareCaseSealed]:
    require_head(case, command.by)
    return [CareCaseSealed(now)]


def reveal(
    case: CareCase, command: RevealPerson, now: datetime, city: City
) -> list[PersonRevealed]:
    if not is_audited(case, command.by):
        require_entrusted(case, command.by)
    return [PersonRevealed(now, require_text(command.purpose, "PURPOSE_MISSING"))]


def ended(case: CareCase, event: CareCaseEnded) -> CareCase:
    return replace(case, state=State.ENDED, ending=Ending(event.reason, event.time))


def sealed(case: CareCase, event: CareCaseSealed) -> CareCase:
    return replace(case, state=State.SEALED)


def revealed(case: CareCase, event: PersonRevealed) -> CareCase:
    """An entry in the journal; the case does not change."""
    return case


VERBS = (
    verb(CARED_FOR | {State.SENT}, end, "NOT_THE_HEAD", "REASON_MISSING"),
    verb({State.ENDED}, seal, "NOT_THE_HEAD"),
    verb(
        ANY - {State.SEALED, State.FORGOTTEN},
        reveal,
        "NOT_ENTRUSTED",
        "PURPOSE_MISSING",
        "PERSON_FORGOTTEN",
        otherwise=require_remembered,
        discloses=True,
    ),
)
CHANGES = (change(ended), change(sealed), change(revealed))
