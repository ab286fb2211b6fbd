"""Consumes the events of what receipts became: incidents, and petitions and disputes.

A receipt follows the incident that it opened or was linked to, and the record that it became where
it was passed to.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID, uuid5

from google.protobuf.message import Message
from msgspec.structs import replace

from backbone.door.request import Request
from backbone.door.rows import RowsOf
from backbone.intake.following import follow_request, following, steps_of
from backbone.kafka.subscription import Subscription
from backbone.wire import to_record
from backbone.words.actor import Actor
from backbone.words.followed import Followed
from backbone.words.followed import FollowIncident as Step
from liandong.dispute.v1.dispute_events_pb2 import DisputeEvent
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from liandong.petition.v1.petition_events_pb2 import PetitionEvent
from liandong.petition.v1.petition_pb2 import KIND_ACCUSATION
from services.alarm import storage
from services.alarm.hearing import Follower
from services.alarm.receipt.accused_since import FollowAccusation
from services.alarm.receipt.linking import FollowIncident
from services.alarm.receipt.merging import FollowMerge, FollowParting
from services.alarm.receipt.passed import PassedKind
from services.alarm.receipt.passing import FollowRecord


def incidents(rows: RowsOf) -> Subscription:
    """The events of incidents, for the opening receipt and for each linked one."""
    return following("alarm", storage.OURS, follower(rows))


def follower(rows: RowsOf) -> Follower:
    """Turns events of one incident into commands for its receipts."""

    async def follow(events: Sequence[IncidentEvent]) -> Sequence[Request[Any]]:
        steps, accused = steps_of(events), accusing(events)
        if not steps and accused is None:
            return []
        incident_id = UUID(events[0].meta.aggregate_id)
        parted = {each.reinstated.parted_from for each in events} - {""}
        back = [each for at in parted for each in await storage.followers(rows.pool, UUID(at))]
        here = await storage.followers(rows.pool, incident_id)
        present = await _present(rows, events) if here or back else {}
        # A receipt that comes back by one of the steps follows the later steps, too.
        followed = [
            replace(follow_request(event, each, step), command=_asked(event, step, present))
            for each in dict.fromkeys([*here, *back])
            for event, step in steps
        ]
        # A report that has moved with a merge hears of its own incident, too.
        return [*_accused(accused, {*here, incident_id}), *followed]

    return follow


def accusing(events: Sequence[IncidentEvent]) -> IncidentEvent | None:
    """The last of the events of an incident that accuses a unit.

    Any of them, not the correction alone: a receipt may join after that was told, by a link that
    crossed it or with a merge. The incident tells of each that has joined, and by then accuses.
    """
    return next((each for each in reversed(events) if _against(each)), None)


def _against(event: IncidentEvent) -> str:
    return event.meta.accused or event.amended.matter.against


def _accused(event: IncidentEvent | None, receipts: Iterable[UUID]) -> Iterator[Request[Any]]:
    """Tells the receipts whom their incident accuses: that of its own says it already."""
    if event is None:
        return
    told = FollowAccusation(UUID(event.meta.aggregate_id), _against(event))
    for each in receipts:
        asked = follow_request(event, each, told)
        yield replace(asked, request_id=uuid5(UUID(event.meta.event_id), f"accuse {each}"))


async def _present(rows: RowsOf, events: Sequence[IncidentEvent]) -> Mapping[str, Followed]:
    """The incidents that this one was merged into, as their receipts know them: they may have heard
    of later steps than the merge tells."""
    into = {each.merged.into for each in events} - {""}
    known = {each: await storage.latest_known(rows, UUID(each)) for each in into}
    return {each: found for each, found in known.items() if found is not None}


def _asked(
    event: IncidentEvent, step: Step, present: Mapping[str, Followed]
) -> FollowIncident | FollowMerge | FollowParting:
    incident_id, said = UUID(event.meta.aggregate_id), event.merged
    by = Actor(event.meta.actor, event.meta.unit)
    if event.reinstated.parted_from:
        return FollowParting(incident_id, step, by)
    if event.WhichOneof("kind") != "merged":
        return FollowIncident(incident_id, step)
    known = to_record(said.known, Followed)
    known = max(known, present.get(said.into, known), key=lambda each: each.version)
    into, against = UUID(said.into), said.against if said.HasField("against") else None
    return FollowMerge(incident_id, step, into, said.into_code, known, by, against, said.priority)


# Each event of a petition or dispute tells the desk the state, and the answer in it.
Told: TypeAlias = Callable[[Any], tuple[str, str]]
PETITION: Mapping[str, Told] = {
    "registered": lambda said: ("REGISTERED", ""),
    "accepted": lambda said: ("ACCEPTED", ""),
    "declined": lambda said: ("DECLINED", _joined(said.reason, said.told_where)),
    "referred": lambda said: ("REFERRED", _joined(said.reason, said.to)),
    "routed": lambda said: ("ASSIGNED", ""),
    "replied": lambda said: ("REPLIED", said.reply),
    "closed": lambda said: ("CLOSED", ""),
}
DISPUTE: Mapping[str, Told] = {
    "registered": lambda said: ("REGISTERED", ""),
    "accepted": lambda said: ("ACCEPTED", ""),
    "refused": lambda said: ("REFUSED", _joined(said.reason, said.told_where)),
    "routed": lambda said: ("ROUTED", ""),
    "session_held": lambda said: ("MEDIATING", ""),
    "agreement_reached": lambda said: ("AGREED", ""),
    "mediation_failed": lambda said: ("FAILED", _joined(said.reason, said.told_where)),
    "closed": lambda said: ("CLOSED", ""),
}


def records() -> tuple[Subscription, ...]:
    """Turn the steps of petitions and disputes into commands for the receipts that became them."""
    return (
        _following("petition", PassedKind.PETITION, PetitionEvent, PETITION),
        _following("dispute", PassedKind.DISPUTE, DisputeEvent, DISPUTE),
    )


def _following(
    area: str, kind: PassedKind, event: type[Message], told: Mapping[str, Told]
) -> Subscription:
    def follow(events: Sequence[Any]) -> Sequence[Request[FollowRecord]]:
        steps = [(each, each.WhichOneof("kind")) for each in events]
        return [_followed(each, kind, told[step]) for each, step in steps if step in told]

    return Subscription(
        f"alarm.{area}s",
        f"liandong.{area}.events.v1",
        event,
        follow,
        ours=storage.PASSED,
        kinds=frozenset(told),
    )


def _followed(event: Any, kind: PassedKind, told: Told) -> Request[FollowRecord]:
    meta = event.meta
    body = getattr(event, event.WhichOneof("kind"))
    state, answer = told(body)
    # An accusation is known to the units involved alone: the desk hears no more of it.
    last = kind is PassedKind.PETITION and getattr(body, "kind", None) == KIND_ACCUSATION
    step = FollowRecord(kind, body.DESCRIPTOR.name, meta.version, state, answer, last)
    return follow_request(event, UUID(meta.aggregate_id), step)


def _joined(*parts: str) -> str:
    return "；".join(filter(None, parts))
