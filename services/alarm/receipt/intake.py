"""Intake: receive 接报, and confirm the class afterwards 核定."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct, field
from msgspec.structs import replace

from backbone.life_cycle import amends, begins, change, creates
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument, InvalidTransition
from backbone.words.guards import require_category, require_place, require_priority, require_unit
from backbone.words.place import Place
from services.alarm.receipt.danger import suggested
from services.alarm.receipt.record import (
    Caller,
    Classification,
    Kind,
    Origin,
    Receipt,
    Report,
    State,
)
from services.alarm.receipt.rights import require_desk, require_may_receive
from services.alarm.receipt.suggested import Suggestions
from services.alarm.receipt.times import require_times, times_of


class ReceiveAlarm(Struct, frozen=True, kw_only=True):
    """The caller is sealed and the place has its grid; a point without grid lies outside the city.

    An empty priority means the default of the category, or that of the danger if it is more urgent;
    an empty category that of the danger.
    """

    by: Actor
    id: UUID
    code: str
    kind: Kind | None
    caller: Caller
    place: Place
    category: str
    priority: str
    narrative: str
    ring_time: datetime | None = None
    answer_time: datetime | None = None
    hang_up_time: datetime | None = None
    recording: str = ""
    reference: str = ""
    danger: str = ""
    address: str = ""
    against: str = ""
    discreet: str | None = None
    suggestions: Suggestions = field(default_factory=Suggestions)


class ConfirmClass(Struct, frozen=True):
    by: Actor
    category: str


class ReceiptReceived(Struct, frozen=True, kw_only=True):
    time: datetime
    id: UUID
    code: str
    kind: Kind
    unit: str
    desk_area: str
    receiver: str
    caller: Caller
    place: Place
    category: str
    priority: str
    narrative: str
    ring_time: datetime | None
    answer_time: datetime | None
    hang_up_time: datetime | None
    recording: str
    reference: str
    suggestions: Suggestions
    danger: str = ""
    address: str = ""
    against: str = ""
    discreet: str | None = None


class ClassConfirmed(Struct, frozen=True):
    time: datetime
    category: str


def receive(
    receipt: Receipt | None, command: ReceiveAlarm, now: datetime, city: City
) -> list[ReceiptReceived]:
    if receipt is not None:
        raise InvalidTransition("ALREADY_RECEIVED", code=receipt.code)
    if command.kind is None:
        raise InvalidArgument("KIND_MISSING")
    require_may_receive(command.by, command.kind, city)
    require_category(city, command.category)
    require_place(city, command.place)
    if command.against:
        require_unit(city, command.against)
    category, priority = _classified_at_once(city, command)
    require_times(times_of(command), None, now)
    return [
        ReceiptReceived(
            time=now,
            id=command.id,
            code=command.code,
            kind=command.kind,
            unit=command.by.unit,
            desk_area=command.by.area,
            receiver=command.by.user,
            category=category,
            priority=priority,
            suggestions=command.suggestions,
            **_reported(command),
        )
    ]


def _classified_at_once(city: City, command: ReceiveAlarm) -> tuple[str, str]:
    danger = command.suggestions.danger
    known = city.categories.get(command.category)
    usual = known.default_priority if known else ""
    if danger is not None and usual > danger.priority:
        usual = danger.priority
    category, priority = suggested(danger, command.category, command.priority or usual)
    return category, require_priority(priority)


def confirm(
    receipt: Receipt, command: ConfirmClass, now: datetime, city: City
) -> list[ClassConfirmed]:
    require_desk(receipt, command)
    if not command.category:
        raise InvalidArgument("UNKNOWN_CATEGORY", category="")
    require_category(city, command.category)
    return [ClassConfirmed(now, command.category)]


def _received(event: ReceiptReceived) -> Receipt:
    return Receipt(
        id=event.id,
        version=0,
        time=event.time,
        code=event.code,
        origin=Origin(event.kind, event.unit, event.desk_area, event.receiver, event.time),
        report=Report(**_reported(event)),
        classification=Classification(event.category, event.priority),
        suggestions=event.suggestions,
    )


def _confirmed(receipt: Receipt, event: ClassConfirmed) -> Receipt:
    after = replace(receipt.classification, confirmed_category=event.category)
    return replace(receipt, classification=after)


def _reported(said: ReceiveAlarm | ReceiptReceived) -> dict[str, Any]:
    """The fields of `Report`, which both have."""
    return {name: getattr(said, name) for name in Report.__struct_fields__}


VERBS = (
    creates(
        receive,
        "ALREADY_RECEIVED",
        "KIND_MISSING",
        "MAY_NOT_RECEIVE",
        "UNKNOWN_CATEGORY",
        "UNKNOWN_PRIORITY",
        "OUTSIDE_CITY",
        "UNKNOWN_AREA",
        "UNKNOWN_UNIT",
        "TIME_IN_FUTURE",
        "TIMES_OUT_OF_ORDER",
    ),
    amends(
        {State.ENDED, State.CLOSED},
        confirm,
        "NOT_YOUR_DESK",
        "UNKNOWN_CATEGORY",
        otherwise=require_desk,
    ),
)
CHANGES = (begins(_received), change(_confirmed))
