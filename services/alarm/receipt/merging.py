"""Receipts follow a merge 并案 of their incident into another one, and its undoing 拆分."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words import followed
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.correction import CallerLink, Correction
from backbone.words.followed import Followed
from backbone.words.followed import FollowIncident as Step
from services.alarm.receipt import linking
from services.alarm.receipt.closing import ReceiptClosed, is_over
from services.alarm.receipt.correcting import correction_of, leaving, link_of
from services.alarm.receipt.linking import FollowIncident
from services.alarm.receipt.merged import Merged
from services.alarm.receipt.record import Incident, LeftIncident, Receipt, State
from services.alarm.receipt.reinstating import ReceiptReinstated, with_incident


class FollowMerge(Struct, frozen=True):
    """The incident was merged into another one, which is known as it was then. `against` is the
    unit that both accused; None of an event of an older release. `priority` is the one that the
    other incident gets, as it is less urgent."""

    incident_id: UUID
    step: Step
    into: UUID
    into_code: str
    known: Followed
    merger: Actor
    against: str | None = None
    priority: str = ""


class FollowParting(Struct, frozen=True):
    """The merge was undone; `step` is the last one of the incident that goes on by itself."""

    incident_id: UUID
    step: Step
    parter: Actor


class ReceiptMoved(Struct, frozen=True):
    """The receipt follows this incident from now on; `left` is the other one as last seen.

    `correction` tells the incident to which it comes back what was corrected meanwhile; then
    `left_incidents` are all that it has left.
    """

    time: datetime
    incident_id: UUID
    incident_code: str
    incident: Followed
    from_incident: UUID
    left: Followed
    caller_linked: CallerLink | None = None
    caller_unlinked: CallerLink | None = None
    correction: Correction | None = None
    left_incidents: tuple[LeftIncident, ...] = ()


Event = ReceiptMoved | ReceiptClosed | ReceiptReinstated | followed.IncidentFollowed


def follow_merge(receipt: Receipt, command: FollowMerge, now: datetime, city: City) -> list[Event]:
    """Join the other incident, unless the receipt has heard that the merge was undone.

    A receipt that has begun to accuse meanwhile tells nothing there: workflow parts the two. One
    that is filed with a void whose undoing it has not heard of goes on with the other incident.
    """
    incident = receipt.incident
    if incident is None or incident.id != command.incident_id:
        return []
    if command.against is not None and receipt.against not in ("", command.against):
        return [*linking.follow(receipt, _plain(command), now, city)]
    news = followed.follow(incident.known, command.step, now)
    if not news:
        return []
    moved = ReceiptMoved(
        time=now,
        incident_id=command.into,
        incident_code=command.into_code,
        incident=command.known,
        from_incident=incident.id,
        left=news[-1].incident,
    )
    there = _moved(receipt, moved)
    joins = link_of(there, receipt.version + 1, command.merger)
    link = replace(joins, merged=incident.code, priority=command.priority)
    moved, over = replace(moved, caller_linked=link), is_over(command.known)
    if receipt.state is State.CLOSED and not over:
        return [moved, with_incident(receipt, now, command.step.step)]
    closes = receipt.state is State.ENDED and over
    return [moved, *([ReceiptClosed(now)] if closes else [])]


def follow_parting(
    receipt: Receipt, command: FollowParting, now: datetime, city: City
) -> list[Event]:
    """Back to the incident that the receipt had before; what follows there, it follows too. An
    undoing that comes once more after the next merge is over: the receipt has gone with that one.
    """
    incident = receipt.incident
    if incident is None or incident.before is None or incident.before.id != command.incident_id:
        return [*linking.follow(receipt, _plain(command), now, city)]
    news = followed.follow(incident.before.known, command.step, now)
    if not news:
        return []
    moved = ReceiptMoved(
        time=now,
        incident_id=incident.before.id,
        incident_code=incident.before.code,
        incident=news[-1].incident,
        from_incident=incident.id,
        left=incident.known,
        caller_unlinked=link_of(receipt, receipt.version + 1, command.parter),
        left_incidents=tuple(each for each in leaving(receipt) if each.id != incident.before.id),
    )
    back = replace(_moved(receipt, moved), version=receipt.version + 1)
    moved = replace(moved, correction=correction_of(back, command.parter))
    reopens = receipt.state is State.CLOSED and not is_over(moved.incident)
    return [moved, *([with_incident(receipt, now, command.step.step)] if reopens else [])]


def _plain(command: FollowMerge | FollowParting) -> FollowIncident:
    return FollowIncident(command.incident_id, command.step)


def _moved(receipt: Receipt, event: ReceiptMoved) -> Receipt:
    """Let the receipt follow the other incident.

    A receipt that joins begins without corrections: the link carries what it has said so far. One
    that comes back keeps those it made meanwhile, and its own incident gets them.
    """
    old = receipt.incident
    assert old is not None, "only a receipt with an incident moves to another one"
    known = (event.incident_id, event.incident_code, event.incident)
    if old.before is not None and old.before.id == event.incident_id:
        back = Incident(*known, link_version=old.before.link_version)
        anew = (replace(each, version=receipt.version + 1) for each in receipt.corrected)
        return replace(receipt, incident=back, corrected=tuple(anew), left=event.left_incidents)
    before = Merged(old.id, old.code, event.left, old.link_version)
    there = Incident(*known, link_version=receipt.version + 1, before=before)
    return replace(receipt, incident=there, corrected=())


VERBS = (verb(State, follow_merge, "NOT_ROUTED"), verb(State, follow_parting, "NOT_ROUTED"))
CHANGES = (change(_moved),)
