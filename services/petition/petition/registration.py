"""Registration 登记: a desk records a petition."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import begins, creates
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument, InvalidTransition
from backbone.words.guards import (
    require_category,
    require_place,
    require_priority,
    require_text,
    require_unit,
)
from services.petition.petition.accusing import below
from services.petition.petition.record import UNSIGNED, Channel, Filing, Petition, State

MOST_REPRESENTATIVES = 5  # of a visit, Petition Regulations, art. 20


class RegisterPetition(Struct, frozen=True):
    """Register 登记: by a desk, or by a receipt that the front desk passed on."""

    by: Actor
    id: UUID
    code: str
    filing: Filing


class PetitionRegistered(Struct, frozen=True):
    time: datetime
    id: UUID
    code: str
    desk: str
    area: str
    filing: Filing
    pin_issue: int = 0
    barred: tuple[str, ...] = ()


def register(
    petition: Petition | None, command: RegisterPetition, now: datetime, city: City
) -> list[PetitionRegistered]:
    if petition is not None:
        raise InvalidTransition("ALREADY_REGISTERED", code=petition.code)
    filing = _complete(command.filing)
    require_category(city, filing.category)
    require_place(city, filing.place)
    if filing.against_unit:
        require_unit(city, filing.against_unit)
    desk = command.by
    area = (filing.place.area if filing.place else "") or desk.area
    new = command.id, command.code
    barred = below(filing.against_unit, city)
    return [PetitionRegistered(now, *new, desk.unit, area, filing, 1, barred)]


def _complete(filing: Filing) -> Filing:
    named = len(filing.petitioners)
    if filing.channel is None:
        raise InvalidArgument("CHANNEL_MISSING")
    may_be_nameless = filing.passed_from or filing.channel in UNSIGNED
    if not all(each.name for each in filing.petitioners) or not (named or may_be_nameless):
        raise InvalidArgument("PETITIONER_MISSING")
    require_representatives(filing.channel, named)
    return replace(
        filing,
        subject=require_text(filing.subject, "SUBJECT_MISSING"),
        text=require_text(filing.text, "TEXT_MISSING"),
        head_count=max(filing.head_count, named, 1),
        priority=require_priority(filing.priority),
    )


def require_representatives(channel: Channel | None, named: int) -> None:
    """Refuse a visit of more representatives than the law allows."""
    if channel is Channel.VISIT and named > MOST_REPRESENTATIVES:
        raise InvalidArgument("TOO_MANY_REPRESENTATIVES", named=named, most=MOST_REPRESENTATIVES)


def registered(event: PetitionRegistered) -> Petition:
    return Petition(
        id=event.id,
        code=event.code,
        version=0,
        time=event.time,
        state=State.REGISTERED,
        desk=event.desk,
        area=event.area,
        register_time=event.time,
        filing=event.filing,
        units=(event.desk,),
        pin_issue=event.pin_issue,
        barred=event.barred,
    )


VERBS = (
    creates(
        register,
        "ALREADY_REGISTERED",
        "CHANNEL_MISSING",
        "PETITIONER_MISSING",
        "TOO_MANY_REPRESENTATIVES",
        "SUBJECT_MISSING",
        "TEXT_MISSING",
        "UNKNOWN_PRIORITY",
        "UNKNOWN_CATEGORY",
        "UNKNOWN_UNIT",
        "OUTSIDE_CITY",
        "UNKNOWN_AREA",
    ),
)
CHANGES = (begins(registered),)
