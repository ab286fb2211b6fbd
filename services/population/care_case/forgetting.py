"""Forgetting 依法遗忘: after the statutory time the person's own key is destroyed, for good."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument, InvalidTransition
from backbone.words.guards import require_text
from backbone.words.policy import CARE_RETENTION_YEARS
from services.population.care_case.record import (
    CareCase,
    Forgetting,
    Programme,
    State,
    require_head,
)


class ForgetPerson(Struct, frozen=True):
    """`names_the_person`: the reason names whom it is to forget; the edge checks it, as only it can
    unseal."""

    by: Actor
    reason: str
    names_the_person: bool = False


class PersonForgotten(Struct, frozen=True):
    """The key of the person is destroyed in the transaction of this event."""

    time: datetime
    reason: str


def forget(
    case: CareCase, command: ForgetPerson, now: datetime, city: City
) -> list[PersonForgotten]:
    require_head(case, command.by)
    reason = require_text(command.reason, "REASON_MISSING")
    if command.names_the_person:  # it stays
        raise InvalidArgument("NAMES_THE_PERSON")
    until = kept_until(case, city)
    if now < until:
        raise InvalidTransition("RETENTION_RUNS", time=until.isoformat())
    return [PersonForgotten(now, reason)]


def kept_until(case: CareCase, city: City) -> datetime:
    """The end of the statutory time, which runs from the end of the care."""
    ended = case.ending.end_time if case.ending else case.time
    return years_after(ended, years_of(case.admission.programme, city))


def years_of(programme: Programme | None, city: City) -> int:
    """The years of the programme; the longest of all for one that the city does not name."""
    known = city.policy.care_retention_years if city.policy else CARE_RETENTION_YEARS
    return known.get(str(programme or ""), max(known.values()))


def years_after(time: datetime, years: int) -> datetime:
    """The same day so many years later; of the 29th of February the 1st of March."""
    try:
        return time.replace(year=time.year + years)
    except ValueError:
        return time.replace(year=time.year + years, month=3, day=1)


def forgotten(case: CareCase, event: PersonForgotten) -> CareCase:
    return replace(
        case,
        state=State.FORGOTTEN,
        admission=replace(case.admission, person=None),
        visits=tuple(replace(visit, finding="") for visit in case.visits),
        forgetting=Forgetting(event.reason, event.time),
    )


VERBS = (
    verb(
        {State.ENDED, State.SEALED},
        forget,
        "NOT_THE_HEAD",
        "REASON_MISSING",
        "NAMES_THE_PERSON",
        "RETENTION_RUNS",
    ),
)
CHANGES = (change(forgotten),)
