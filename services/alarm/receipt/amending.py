"""Corrections 更正 of a report: amend 补充; the incident gets them too."""

from datetime import datetime
from functools import reduce
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import amends, change
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.correction import Correction
from backbone.words.errors import InvalidArgument
from backbone.words.guards import require_place
from backbone.words.matter import Matter
from backbone.words.place import Place, place_with
from backbone.words.texts import shows_nothing, trimmed
from services.alarm.receipt import correcting, reinstating
from services.alarm.receipt.accusing import (
    barred_by,
    is_filed,
    require_filed_change,
    require_may_accuse,
)
from services.alarm.receipt.classifying import ReceiptClassified, classified
from services.alarm.receipt.danger import (
    DangerHeard,
    PriorityConfirmed,
    confirmed_below,
    heard,
    is_taken_back,
    news_in,
    unsettled,
)
from services.alarm.receipt.record import Caller, Receipt, Report, State
from services.alarm.receipt.reinstating import ReceiptReinstated
from services.alarm.receipt.rights import require_desk
from services.alarm.receipt.suggested import DangerSuggestion
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
    called: tuple[str, ...] | None = None
    further: tuple[str, ...] | None = None
    further_lines: tuple[str, ...] | None = None


class AmendReceipt(Struct, frozen=True, kw_only=True):
    """A field that is None keeps its value.

    `for_incident`: the facts hold for the whole incident, though a linked receipt says them.
    Empty parts of a place keep theirs; its area is that of its point, or the one that it names.
    `heard` is the danger that narrative and danger speak of, where one of them is new, and
    `confirm_priority` the person's word that what was heard before is to be taken back, or that a
    receipt stays ended though a danger is told only now.
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
    confirm_priority: bool = False
    reason: str = ""
    heard: DangerSuggestion | None = None


class ReceiptAmended(Struct, frozen=True, kw_only=True):
    """`correction` is for the incident, `facts` for missions of a receipt that has none. `reason`
    is why it accuses a unit only now, `barred` are the units that may not read it any more.
    `protects` is for the incidents that it has left: whom their texts must not name."""

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
    reason: str = ""
    barred: tuple[str, ...] = ()
    protects: tuple[Correction, ...] = ()


News = PriorityConfirmed | DangerHeard | ReceiptClassified | ReceiptReinstated


def amend(
    receipt: Receipt, command: AmendReceipt, now: datetime, city: City
) -> list[News | ReceiptAmended]:
    require_desk(receipt, command)
    if is_filed(receipt):
        require_filed_change(receipt, command)
    require_visible(command)
    place = command.place and place_with(receipt.report.place, command.place)
    require_place(city, place)
    barred: tuple[str, ...] = ()
    if command.against is not None:
        require_may_accuse(receipt, command, command.against, command.reason, city)
        barred = barred_by(receipt, command.against, city)
    require_times(times_of(command), receipt.report, now)
    said = {**_reported(command), "place": place}
    if all(part is None for part in said.values()):
        raise InvalidArgument("NOTHING_TO_CHANGE")
    said["caller"] = _merged(receipt.report.caller, command.caller)
    more: dict[str, Any] = {"for_incident": command.for_incident, "barred": barred}
    reason = trimmed(command.reason) if command.against else ""
    event = ReceiptAmended(time=now, reason=reason, **more, **said)
    news = _heard(receipt, command, now, city)
    if command.against and not any(isinstance(each, ReceiptReinstated) for each in news):
        news += reinstating.with_accusation(receipt, command.by, now)
    return [
        *news,
        correcting.told(reduce(_after, news, receipt), event, _amended, command.by, city),
    ]


def _heard(receipt: Receipt, command: AmendReceipt, now: datetime, city: City) -> list[News]:
    """Events of new words. A receipt without class takes that of the danger at once, and one that
    has an incident its priority, unless a person has settled it. Danger is taken back by a
    person's word alone, and a new danger raises whatever a person has settled before.

    One that has ended without an incident comes back to its desk with a new danger. The amendment
    comes after it: the call to others tells the last version.
    """
    danger, given = command.heard, receipt.classification
    silent = command.narrative is None and command.danger is None
    if silent or danger == receipt.suggestions.danger:
        return []
    before = receipt.suggestions.danger
    less = is_taken_back(before, danger)
    news: list[News] = [
        *confirmed_below(before, command, now, below=less),
        DangerHeard(now, danger),
    ]
    if danger is None:
        return news
    priority = min(given.priority, danger.priority)
    if receipt.state is State.RECEIVED and not given.category:
        news.append(ReceiptClassified(now, danger.category, priority))
    fresh, open_ = news_in(before, danger), unsettled(receipt, danger)
    if fresh and receipt.ending is not None and receipt.incident is None:
        if command.confirm_priority and not less:
            return [*news, PriorityConfirmed(now, danger, command.by.user)]
        back = reinstating.with_danger(receipt, danger, command.by, now)
        return [*news, back, ReceiptClassified(now, given.category or danger.category, priority)]
    wanted = min(filter(None, (given.priority, fresh, open_)), default="")
    if (fresh or wanted < given.priority) and receipt.incident is not None:
        raised = ReceiptClassified(now, given.category or danger.category, wanted, anew=bool(fresh))
        title = correcting.title_after(receipt, classified(receipt, raised), city)
        news.append(replace(raised, title=title))
    return news


def _after(receipt: Receipt, event: News) -> Receipt:
    if isinstance(event, ReceiptClassified):
        after = classified(receipt, event)
    elif isinstance(event, DangerHeard):
        after = heard(receipt, event)
    elif isinstance(event, ReceiptReinstated):
        after = reinstating.reinstated(receipt, event)
    else:
        after = receipt
    return replace(after, version=receipt.version + 1)


def require_visible(command: AmendReceipt) -> None:
    """A place or narrative without a visible sign says nothing: it erases nothing either. Nor does
    a caller of whom nothing is said."""
    if command.caller == CallerChange():
        raise InvalidArgument("NOTHING_TO_CHANGE", field="caller")
    if command.place is not None and command.place == Place(""):
        raise InvalidArgument("NOTHING_TO_CHANGE", field="place")
    if command.narrative is not None and shows_nothing(command.narrative):
        raise InvalidArgument("NOTHING_TO_CHANGE", field="narrative")


def _merged(caller: Caller, changes: CallerChange | None) -> Caller | None:
    """The whole caller with the given fields changed, None where the command names no caller."""
    if changes is None:
        return None
    names = changes.__struct_fields__
    said = {name: getattr(changes, name) for name in names}
    return replace(caller, **{name: part for name, part in said.items() if part is not None})


def _amended(receipt: Receipt, event: ReceiptAmended) -> Receipt:
    said = {name: part for name, part in _reported(event).items() if part is not None}
    # An open report may name another unit, or none: only what it was passed to is barred again.
    before = () if event.against is not None and receipt.ending is None else receipt.barred
    barred = (*before, *event.barred)
    after = replace(receipt, report=replace(receipt.report, **said), barred=barred)
    return correcting.corrected(receipt, after, event.title, event.for_incident)


def _reported(said: AmendReceipt | ReceiptAmended) -> dict[str, Any]:
    """The fields of `Report`, which both have."""
    return {name: getattr(said, name) for name in Report.__struct_fields__}


VERBS = (
    amends(
        {State.RECEIVED, State.ENDED, State.CLOSED},
        amend,
        "NOT_YOUR_DESK",
        "ROLE_MAY_NOT",
        "ALREADY_ENDED",
        "UNKNOWN_UNIT",
        "REASON_MISSING",
        "ACCUSATION_APART",
        "ACCUSATION_NEW_REPORT",
        "INCIDENT_OVER",
        "OUTSIDE_CITY",
        "UNKNOWN_AREA",
        "TIME_IN_FUTURE",
        "TIMES_OUT_OF_ORDER",
        "DANGER_UNCONFIRMED",
        "NEW_REPORT_NEEDED",
        "NOTHING_TO_CHANGE",
    ),
)
CHANGES = (change(_amended),)
