"""Links to an incident: linked 并入, unlinked 撤销关联, and following the incident's events."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words import followed
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.correction import CallerLink
from backbone.words.errors import Denied, InvalidArgument, InvalidTransition
from backbone.words.followed import RESOLVED, Followed, IncidentFollowed
from backbone.words.followed import FollowIncident as Step
from backbone.words.guards import require_not_accused, require_text
from backbone.words.heard import lies_below
from backbone.words.matter import Matter
from services.alarm.receipt.closing import ReceiptClosed, is_over
from services.alarm.receipt.correcting import facts_to_send, leaving, link_of, merged_left
from services.alarm.receipt.danger import PriorityConfirmed, confirmed
from services.alarm.receipt.ending import ended
from services.alarm.receipt.record import Incident, LeftIncident, Outcome, Receipt, State
from services.alarm.receipt.reinstating import ReceiptReinstated, with_incident
from services.alarm.receipt.rights import require_desk, require_not_ended


class LinkRepeat(Struct, frozen=True):
    """`incident` is None if it does not exist or the caller may not see it.

    `priority` and `category` are those of the incident, empty if they are not known; `against` is
    the unit it accuses, `merged_code` the one that a merged incident goes on as.
    """

    by: Actor
    incident_id: UUID
    incident_code: str = ""
    incident: Followed | None = None
    priority: str = ""
    confirm_priority: bool = False
    against: str = ""
    category: str = ""
    merged_code: str = ""


class UnlinkRepeat(Struct, frozen=True):
    """`beside` are the protected callers of the incident, each sealed: a witness may have told of
    them, and the report goes on without the incident."""

    by: Actor
    reason: str
    beside: tuple[str, ...] = ()


class FollowIncident(Struct, frozen=True):
    """A step of the incident that the receipt opened or was linked to."""

    incident_id: UUID
    step: Step


class RepeatLinked(Struct, frozen=True):
    time: datetime
    incident_id: UUID
    incident_code: str
    incident: Followed
    ended_by: str
    caller_linked: CallerLink | None = None
    against: str = ""


class RepeatUnlinked(Struct, frozen=True):
    """`danger`: it tells of a danger, and waits for its desk again. `left` are all incidents that
    it has left; earlier releases kept none. `merged_unlinked` tells the incident that was merged
    into the one that it leaves."""

    time: datetime
    reason: str
    caller_unlinked: CallerLink | None = None
    facts: Matter | None = None
    danger: bool = False
    left: tuple[LeftIncident, ...] = ()
    merged_unlinked: CallerLink | None = None
    beside: tuple[str, ...] = ()


def link(
    receipt: Receipt, command: LinkRepeat, now: datetime, city: City
) -> list[PriorityConfirmed | RepeatLinked]:
    """Link the receipt. An incident that is over takes no further call: its team would not come.
    For a danger that is told after the unit has resolved the incident nobody would come either:
    such a link needs the person's word.
    """
    require_desk(receipt, command)
    if command.incident_id == receipt.id:
        raise InvalidArgument("LINKED_TO_ITSELF")
    known = command.incident
    if known is None:
        raise InvalidArgument("UNKNOWN_INCIDENT", incident=command.incident_id)
    if is_over(known):
        code, into = command.incident_code, command.merged_code
        if into:
            raise InvalidTransition("INCIDENT_MERGED", incident=code, into=into)
        raise InvalidTransition("INCIDENT_OVER", incident=code, state=known.state)
    against = command.against
    if receipt.against not in ("", against):  # the incident's readers would learn of it
        raise Denied("ACCUSATION_APART", against=receipt.against)
    require_not_accused(city, against, receipt.unit)
    by = command.by.user
    linked = RepeatLinked(
        now, command.incident_id, command.incident_code, known, by, against=against
    )
    danger = receipt.suggestions.danger
    less = lies_below(command.category, command.priority, danger, city)
    less = less or known.state == RESOLVED
    word = confirmed(receipt, command, now, below=less)
    version = receipt.version + len(word) + 1
    link = link_of(_linked(receipt, linked), version, command.by)
    linked = replace(linked, caller_linked=link)
    return [*word, linked]


def unlink(
    receipt: Receipt, command: UnlinkRepeat, now: datetime, city: City
) -> list[RepeatUnlinked]:
    require_desk(receipt, command)
    if receipt.outcome is not Outcome.LINKED:
        raise InvalidTransition("NOT_LINKED", outcome=receipt.outcome or "")
    reason = require_text(command.reason, "REASON_MISSING")
    return [unlinked(receipt, reason, command.by, now, command.beside)]


def unlinked(
    receipt: Receipt, reason: str, by: Actor, now: datetime, beside: tuple[str, ...] = ()
) -> RepeatUnlinked:
    """The receipt leaves the incident, and is open at its desk again."""
    version = receipt.version + 1
    left, merged = link_of(receipt, version, by), merged_left(receipt, version, by)
    fresh = tuple(each for each in beside if each not in receipt.named)
    alone = replace(receipt, incident=None, beside=(*receipt.beside, *fresh))
    own = facts_to_send(alone) if receipt.dispatches else None
    danger = receipt.suggestions.danger is not None
    return RepeatUnlinked(now, reason, left, own, danger, leaving(receipt), merged, fresh)


def follow(
    receipt: Receipt, command: FollowIncident, now: datetime, city: City
) -> list[IncidentFollowed | ReceiptClosed | ReceiptReinstated]:
    """Record the incident's step; its end files the receipt, its return from there undoes that.

    Events after an unlink are ignored.
    """
    incident = receipt.incident
    if incident is None or incident.id != command.incident_id:
        return []
    news: list[IncidentFollowed] = followed.follow(incident.known, command.step, now)
    goes_on = any(not is_over(each.incident) for each in news)
    if receipt.state is State.CLOSED and is_over(incident.known) and goes_on:
        return [*news, with_incident(receipt, now, command.step.step)]
    closes = receipt.state is State.ENDED and any(is_over(each.incident) for each in news)
    if not closes:
        return [*news]
    # An order that crossed the end is called back too: the receipt knows each of its orders.
    sent = str(receipt.matter_id) if receipt.dispatches else ""
    return [*news, ReceiptClosed(now, sent)]


def _linked(receipt: Receipt, event: RepeatLinked) -> Receipt:
    version = event.caller_linked.version if event.caller_linked else 0
    incident = Incident(event.incident_id, event.incident_code, event.incident, version)
    protected = replace(receipt.report, against=event.against or receipt.against)
    return ended(replace(receipt, report=protected), event, Outcome.LINKED, incident)


def _unlinked(receipt: Receipt, event: RepeatUnlinked) -> Receipt:
    come_back = event.time if event.danger else None
    return replace(
        receipt,
        state=State.RECEIVED,
        ending=None,
        incident=None,
        left=event.left,
        beside=(*receipt.beside, *event.beside),
        corrected=(),
        come_back_time=come_back,
    )


def _followed(receipt: Receipt, event: IncidentFollowed) -> Receipt:
    assert receipt.incident is not None, "only a receipt with an incident follows one"
    return replace(receipt, incident=replace(receipt.incident, known=event.incident))


VERBS = (
    verb(
        {State.RECEIVED},
        link,
        "ALREADY_ENDED",
        "NOT_YOUR_DESK",
        "UNKNOWN_INCIDENT",
        "ACCUSATION_APART",
        "ACCUSED_UNIT",
        "LINKED_TO_ITSELF",
        "INCIDENT_MERGED",
        "INCIDENT_OVER",
        "DANGER_UNCONFIRMED",
        otherwise=require_not_ended,
    ),
    verb(
        {State.ENDED, State.CLOSED},
        unlink,
        "NOT_LINKED",
        "NOT_YOUR_DESK",
        "REASON_MISSING",
        otherwise=require_desk,
    ),
    verb(State, follow, "NOT_ROUTED"),
)
CHANGES = (change(_linked), change(_unlinked), change(_followed))
