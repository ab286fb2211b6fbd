"""Ending 解除与封存: by its term or a document; then nobody is shown the person any more."""

from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.guards import require_text
from services.population.care_case.record import CareCase, State, require_entrusted, require_head

TERM_OVER = "TERM_OVER"


class EndCareCase(Struct, frozen=True):
    by: Actor
    reason: str


class SealCareCase(Struct, frozen=True):
    by: Actor


class RevealPerson(Struct, frozen=True):
    """Disclosure 调阅: in plain words for a stated purpose only, and that is journaled."""

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


Event = CareCaseEnded | CareCaseSealed | PersonRevealed


def end(found: CareCase, command: EndCareCase, now: datetime) -> CareCaseEnded:
    require_head(found, command.by)
    return CareCaseEnded(now, require_text(command.reason, "REASON_MISSING"))


def seal(found: CareCase, command: SealCareCase, now: datetime) -> CareCaseSealed:
    require_head(found, command.by)
    return CareCaseSealed(now)


def reveal(found: CareCase, command: RevealPerson, now: datetime) -> PersonRevealed:
    require_entrusted(found, command.by)
    return PersonRevealed(now, require_text(command.purpose, "PURPOSE_MISSING", 200))


def evolve(found: CareCase, event: Event) -> CareCase:
    match event:
        case CareCaseEnded():
            return replace(found, state=State.ENDED, end_reason=event.reason, end_time=event.time)
        case CareCaseSealed():
            return replace(found, state=State.SEALED)
        case PersonRevealed():
            return found
        case _:
            assert_never(event)
