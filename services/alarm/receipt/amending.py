"""Corrections 更正: amend 补充 the report, classify 定类; the incident gets them too."""

from datetime import datetime
from functools import reduce
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.correction import Correction
from backbone.words.errors import InvalidArgument
from backbone.words.guards import require_category, require_place, require_priority, require_unit
from backbone.words.matter import Matter
from backbone.words.place import Place, contains
from backbone.words.texts import shows_nothing
from services.alarm.receipt import correcting
from services.alarm.receipt.danger import (
    DangerHeard,
    PriorityConfirmed,
    confirmed_below,
    heard,
    is_lowered,
    is_settled,
)
from services.alarm.receipt.record import (
    Caller,
    DangerSuggestion,
    Outcome,
    Receipt,
    Report,
    State,
)
from services.alarm.receipt.rights import require_desk, require_not_ended
from services.alarm.receipt.times import require_times, times_of


class CallerChange(Struct, frozen=True):
    """A field that is None keeps its value; `protected` is taken away by False alone."""

    number: str | None = None
    name: str | None = None
    subscriber: str | None = None
    installed_address: str | None = None
    protected: bool | None = None
    number_index: str | None = None
    line_index: str | None = None


class AmendReceipt(Struct, frozen=True, kw_only=True):
    """A field that is None keeps its value.

    `for_incident`: the facts hold for the whole incident, though a linked receipt says them.
    Empty parts of a place keep theirs; its area is that of its point, or the one that it names.
    `heard` is the danger that narrative and danger speak of, where one of them is new.
    """

    by: Actor
    caller: CallerChange | None = None
    place: Place | None = None
    narrative: str | None = None
    ring_time: datetime | None = None
    answer_time: datetime | None = None
    hang_up_time: datetime | None = None
    recording: str | None = None
    reference: str | None = None
    danger: str | None = None
    address: str | None = None
    against: str | None = None
    discreet: str | None = None
    for_incident: bool = False
    heard: DangerSuggestion | None = None


class ClassifyReceipt(Struct, frozen=True):
    """An empty field keeps its value. `heard` is the most urgent danger of the incident's reports,
    `confirm_priority` the person's word that the class may lie below it."""

    by: Actor
    category: str
    priority: str
    for_incident: bool = False
    confirm_priority: bool = False
    heard: DangerSuggestion | None = None


class ReceiptAmended(Struct, frozen=True, kw_only=True):
    """`correction` is for the incident, `facts` for missions of a receipt that has none."""

    time: datetime
    caller: Caller | None
    place: Place | None
    narrative: str | None
    ring_time: datetime | None
    answer_time: datetime | None
    hang_up_time: datetime | None
    recording: str | None
    reference: str | None
    danger: str | None = None
    address: str | None = None
    against: str | None = None
    discreet: str | None = None
    title: str = ""
    for_incident: bool = False
    correction: Correction | None = None
    facts: Matter | None = None


class ReceiptClassified(Struct, frozen=True):
    time: datetime
    category: str
    priority: str
    title: str = ""
    for_incident: bool = False
    correction: Correction | None = None
    facts: Matter | None = None


E = TypeVar("E", ReceiptAmended, ReceiptClassified)


def amend(
    receipt: Receipt, command: AmendReceipt, now: datetime, city: City
) -> list[DangerHeard | ReceiptClassified | ReceiptAmended]:
    require_desk(receipt, command)
    correcting.require_incident_open(receipt)
    require_visible(command)
    place = command.place and place_with(receipt.report.place, command.place)
    require_place(city, place)
    if command.against is not None:
        require_not_ended(receipt, command)  # what was opened or passed on is routed already
        if command.against:
            require_unit(city, command.against)
    require_times(times_of(command), receipt.report, now)
    said = {**_reported(command), "place": place}
    if all(part is None for part in said.values()):
        raise InvalidArgument("NOTHING_TO_CHANGE")
    said["caller"] = _merged(receipt.report.caller, command.caller)
    event = ReceiptAmended(time=now, for_incident=command.for_incident, **said)
    news = _heard(receipt, command, now, city)
    return [*news, _told(reduce(_after, news, receipt), event, command.by, city)]


def _heard(
    receipt: Receipt, command: AmendReceipt, now: datetime, city: City
) -> list[DangerHeard | ReceiptClassified]:
    """What new words change. A receipt without class takes that of the danger at once, and one that
    has an incident its priority, unless a person has settled it.

    The amendment comes after it: the call to others tells the last version.
    """
    danger, given = command.heard, receipt.classification
    silent = command.narrative is None and command.danger is None
    if silent or danger == receipt.suggestions.danger:
        return []
    news: list[DangerHeard | ReceiptClassified] = [DangerHeard(now, danger)]
    if danger is None:
        return news
    priority = min(given.priority, danger.priority)
    if receipt.state is State.RECEIVED and not given.category:
        news.append(ReceiptClassified(now, danger.category, priority))
    raises = receipt.incident is not None and priority < given.priority
    if raises and not is_settled(receipt, danger):
        raised = ReceiptClassified(now, given.category or danger.category, priority)
        title = correcting.title_after(receipt, _classified(receipt, raised), city)
        news.append(replace(raised, title=title))
    return news


def _after(receipt: Receipt, event: DangerHeard | ReceiptClassified) -> Receipt:
    if isinstance(event, ReceiptClassified):
        after = _classified(receipt, event)
    else:
        after = heard(receipt, event)
    return replace(after, version=receipt.version + 1)


def classify(
    receipt: Receipt, command: ClassifyReceipt, now: datetime, city: City
) -> list[PriorityConfirmed | ReceiptClassified]:
    """Of an ended receipt the danger guards the class too: what it opened goes by it."""
    require_desk(receipt, command)
    correcting.require_incident_open(receipt)
    if not command.category and not command.priority:
        raise InvalidArgument("NOTHING_TO_CHANGE")
    require_category(city, command.category)
    before = receipt.classification
    priority = require_priority(command.priority or before.priority)
    event = ReceiptClassified(
        now, command.category or before.category, priority, for_incident=command.for_incident
    )
    danger = receipt.suggestions.danger
    if command.heard is not None and (command.for_incident or receipt.outcome is Outcome.OPENED):
        danger = min(filter(None, (command.heard, danger)), key=lambda each: each.priority)
    lowered = is_lowered(receipt, _classified(receipt, event).classification, danger, city)
    word = confirmed_below(danger, command, now, below=lowered)
    spoken = replace(receipt, version=receipt.version + len(word))
    return [*word, _told(spoken, event, command.by, city)]


def require_may_correct(receipt: Receipt, command: AmendReceipt | ClassifyReceipt) -> None:
    """What was filed with its incident is corrected no more."""
    require_desk(receipt, command)
    correcting.require_incident_open(receipt)


def require_visible(command: AmendReceipt) -> None:
    """A place or narrative without a visible sign says nothing: it erases nothing either."""
    if command.place is not None and command.place == Place(""):
        raise InvalidArgument("NOTHING_TO_CHANGE", field="place")
    if command.narrative is not None and shows_nothing(command.narrative):
        raise InvalidArgument("NOTHING_TO_CHANGE", field="narrative")


def place_with(known: Place, said: Place) -> Place:
    """The known place with the parts that were said.

    A point is kept where only words are new: they describe it better. It is given up where they
    name an area that it does not lie in.
    """
    text = said.text or known.text
    if said.point is not None:
        return Place(text, said.point, said.area)
    stays = not said.area or contains(said.area, known.area)
    if known.point is not None and stays:
        return Place(text, known.point, known.area)
    return Place(text, None, said.area or known.area)


def _merged(caller: Caller, changes: CallerChange | None) -> Caller | None:
    """The whole caller with the given fields changed, None where the command names no caller."""
    if changes is None:
        return None
    names = changes.__struct_fields__
    said = {name: getattr(changes, name) for name in names}
    return replace(caller, **{name: part for name, part in said.items() if part is not None})


def _told(receipt: Receipt, event: E, by: Actor, city: City) -> E:
    """The event with what others must hear of it."""
    changed: Any = _amended if isinstance(event, ReceiptAmended) else _classified
    title = correcting.title_after(receipt, changed(receipt, event), city)
    event = replace(event, title=title)
    after = replace(changed(receipt, event), version=receipt.version + 1)
    return replace(
        event,
        correction=correcting.correction_of(after, by),
        facts=correcting.facts_for_missions(receipt, after),
    )


def _amended(receipt: Receipt, event: ReceiptAmended) -> Receipt:
    said = {name: part for name, part in _reported(event).items() if part is not None}
    after = replace(receipt, report=replace(receipt.report, **said))
    return correcting.corrected(receipt, after, event.title, event.for_incident)


def _classified(receipt: Receipt, event: ReceiptClassified) -> Receipt:
    classification = replace(
        receipt.classification, category=event.category, priority=event.priority
    )
    after = replace(receipt, classification=classification)
    return correcting.corrected(receipt, after, event.title, event.for_incident)


def _reported(said: AmendReceipt | ReceiptAmended) -> dict[str, Any]:
    """The fields of `Report`, which both have."""
    return {name: getattr(said, name) for name in Report.__struct_fields__}


VERBS = (
    verb(
        {State.RECEIVED, State.ENDED},
        amend,
        "NOT_YOUR_DESK",
        "ALREADY_ENDED",
        "UNKNOWN_UNIT",
        "INCIDENT_OVER",
        "OUTSIDE_CITY",
        "UNKNOWN_AREA",
        "TIME_IN_FUTURE",
        "TIMES_OUT_OF_ORDER",
        "NOTHING_TO_CHANGE",
        otherwise=require_may_correct,
    ),
    verb(
        {State.RECEIVED, State.ENDED},
        classify,
        "NOT_YOUR_DESK",
        "INCIDENT_OVER",
        "UNKNOWN_CATEGORY",
        "UNKNOWN_PRIORITY",
        "DANGER_UNCONFIRMED",
        "NOTHING_TO_CHANGE",
        otherwise=require_may_correct,
    ),
)
CHANGES = (change(_amended), change(_classified))
