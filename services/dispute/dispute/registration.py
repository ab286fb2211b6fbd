"""Registration 登记: a dispute enters the ledger."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import begins, creates
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument, InvalidTransition
from backbone.words.guards import require_category, require_place, require_priority, require_text
from services.dispute.dispute.record import (
    CATEGORIES,
    NAMED_LATER,
    Dispute,
    Filing,
    Source,
    State,
    require_parties,
    source_by_code,
)


class RegisterDispute(Struct, frozen=True):
    """Register 登记: by a desk, or by a record that another service refers."""

    by: Actor
    id: UUID
    code: str
    filing: Filing


class DisputeRegistered(Struct, frozen=True):
    time: datetime
    id: UUID
    code: str
    desk: str
    area: str
    filing: Filing


def register(
    dispute: Dispute | None, command: RegisterDispute, now: datetime, city: City
) -> list[DisputeRegistered]:
    if dispute is not None:
        raise InvalidTransition("ALREADY_REGISTERED", code=dispute.code)
    filing, desk = _complete(command.filing, city), command.by
    require_place(city, filing.place)
    home = city.units.get(desk.unit)
    known = (filing.place.area if filing.place else "") or desk.area
    area = known or (home.area if home else "")
    return [DisputeRegistered(now, command.id, command.code, desk.unit, area, filing)]


def _complete(filing: Filing, city: City) -> Filing:
    if filing.kind is None:
        raise InvalidArgument("KIND_MISSING")
    if filing.level not in (0, 1, 2, 3):
        raise InvalidArgument("UNKNOWN_LEVEL", level=filing.level)
    source = source_by_code(filing.origin.code if filing.origin else "") or filing.source
    source = source or Source.WALK_IN
    if filing.parties or source not in NAMED_LATER:
        require_parties(filing.parties)
    return replace(
        filing,
        source=source,
        level=filing.level or 3,
        subject=require_text(filing.subject, "SUBJECT_MISSING"),
        text=filing.text.strip(),
        category=require_category(city, filing.category) or CATEGORIES[filing.kind],
        priority=require_priority(filing.priority),
    )


def registered(event: DisputeRegistered) -> Dispute:
    """An event of before says what the desk said, and the petition's code where it came from."""
    filing = event.filing
    found = source_by_code(filing.origin.code if filing.origin else "")
    filing = replace(filing, source=found or filing.source)
    return Dispute(
        id=event.id,
        code=event.code,
        version=0,
        time=event.time,
        state=State.REGISTERED,
        desk=event.desk,
        area=event.area,
        register_time=event.time,
        filing=filing,
        units=(event.desk,),
    )


VERBS = (
    creates(
        register,
        "ALREADY_REGISTERED",
        "KIND_MISSING",
        "UNKNOWN_LEVEL",
        "PARTIES_MISSING",
        "SUBJECT_MISSING",
        "UNKNOWN_CATEGORY",
        "UNKNOWN_PRIORITY",
        "OUTSIDE_CITY",
        "UNKNOWN_AREA",
    ),
)
CHANGES = (begins(registered),)
