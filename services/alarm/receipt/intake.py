"""Taking down: receive 接报, amend 补充, classify 定类, and the class confirmed afterwards 核定."""

from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

from msgspec import Struct, field
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument
from backbone.words.guards import require_category, require_priority
from backbone.words.place import Place
from services.alarm.receipt.city import require_place
from services.alarm.receipt.record import Caller, Kind, Receipt, Suggestions
from services.alarm.receipt.rights import require_may_receive
from services.alarm.receipt.texts import require_short


class ReceiveAlarm(Struct, frozen=True, kw_only=True):
    """The caller is sealed and the place has its grid already; a point without one lies outside.

    An empty priority is the category's own.
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
    suggestions: Suggestions = field(default_factory=Suggestions)


class AmendReceipt(Struct, frozen=True, kw_only=True):
    """What is None stays as it is."""

    by: Actor
    caller: Caller | None = None
    place: Place | None = None
    narrative: str | None = None
    ring_time: datetime | None = None
    answer_time: datetime | None = None
    hang_up_time: datetime | None = None
    recording: str | None = None
    reference: str | None = None


class ClassifyReceipt(Struct, frozen=True):
    """An empty part stays as it is."""

    by: Actor
    category: str
    priority: str


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


class ReceiptAmended(Struct, frozen=True, kw_only=True):
    time: datetime
    caller: Caller | None
    place: Place | None
    narrative: str | None
    ring_time: datetime | None
    answer_time: datetime | None
    hang_up_time: datetime | None
    recording: str | None
    reference: str | None


class ReceiptClassified(Struct, frozen=True):
    time: datetime
    category: str
    priority: str


class ClassConfirmed(Struct, frozen=True):
    time: datetime
    category: str


Command = AmendReceipt | ClassifyReceipt | ConfirmClass
Event = ReceiptAmended | ReceiptClassified | ClassConfirmed

AMENDABLE = (
    "caller",
    "place",
    "narrative",
    "ring_time",
    "answer_time",
    "hang_up_time",
    "recording",
    "reference",
)


def receive(command: ReceiveAlarm, now: datetime, city: City) -> list[ReceiptReceived]:
    if command.kind is None:
        raise InvalidArgument("KIND_MISSING")
    require_may_receive(command.by, command.kind)
    require_category(city, command.category)
    require_place(city, command.place)
    _require_short(command)
    return [
        ReceiptReceived(
            time=now,
            id=command.id,
            code=command.code,
            kind=command.kind,
            unit=command.by.unit,
            desk_area=command.by.area,
            receiver=command.by.user,
            category=command.category,
            priority=_priority(city, command),
            suggestions=command.suggestions,
            **_facts(command),
        )
    ]


def _priority(city: City, command: ReceiveAlarm) -> str:
    category = city.categories.get(command.category)
    return require_priority(command.priority or (category.default_priority if category else ""))


def amend(command: AmendReceipt, now: datetime, city: City) -> list[ReceiptAmended]:
    _require_short(command)
    if command.place:
        require_place(city, command.place)
    facts = _facts(command)
    if all(fact is None for fact in facts.values()):
        raise InvalidArgument("NOTHING_TO_CHANGE")
    return [ReceiptAmended(time=now, **facts)]


def classify(
    receipt: Receipt, command: ClassifyReceipt, now: datetime, city: City
) -> list[ReceiptClassified]:
    if not command.category and not command.priority:
        raise InvalidArgument("NOTHING_TO_CHANGE")
    require_category(city, command.category)
    priority = require_priority(command.priority or receipt.priority)
    return [ReceiptClassified(now, command.category or receipt.category, priority)]


def confirm(command: ConfirmClass, now: datetime, city: City) -> list[ClassConfirmed]:
    if not command.category:
        raise InvalidArgument("UNKNOWN_CATEGORY", category="")
    require_category(city, command.category)
    return [ClassConfirmed(now, command.category)]


def received(event: ReceiptReceived) -> Receipt:
    return Receipt(
        id=event.id,
        version=0,
        time=event.time,
        code=event.code,
        kind=event.kind,
        unit=event.unit,
        desk_area=event.desk_area,
        receiver=event.receiver,
        receive_time=event.time,
        category=event.category,
        priority=event.priority,
        suggestions=event.suggestions,
        **_facts(event),
    )


def evolve(receipt: Receipt, event: Event) -> Receipt:
    match event:
        case ReceiptAmended():
            said = {name: fact for name, fact in _facts(event).items() if fact is not None}
            return replace(receipt, **said)
        case ReceiptClassified():
            return replace(receipt, category=event.category, priority=event.priority)
        case ClassConfirmed():
            return replace(receipt, confirmed_category=event.category)
        case _:
            assert_never(event)


def _facts(said: ReceiveAlarm | AmendReceipt | ReceiptReceived | ReceiptAmended) -> dict[str, Any]:
    return {name: getattr(said, name) for name in AMENDABLE}


def _require_short(said: ReceiveAlarm | AmendReceipt) -> None:
    require_short(
        place=said.place.text if said.place else None,
        narrative=said.narrative,
        recording=said.recording,
        reference=said.reference,
    )
