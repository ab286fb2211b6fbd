"""Consumes the events of receipts: orders, corrections, links, and ends that call teams back."""

from collections.abc import Sequence
from datetime import UTC, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from backbone.directory.replica import Replica
from backbone.door.batch import RETRYABLE_BY_EVENT
from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.kafka.subscription import Subscription
from backbone.process import clock
from backbone.rpc.caller import Call
from backbone.shell.shell import Shell
from backbone.words.errors import Unavailable
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from liandong.alarm.v1.alarm_pb2 import Receipt
from liandong.emergency.v1.emergency_service_pb2 import DispatchMissionRequest
from services.emergency import codec, moving, storage
from services.emergency.accusing import hiding, told_to, without_words
from services.emergency.mission.correcting import ReviseMission, hears
from services.emergency.mission.dispatching import would_refuse
from services.emergency.mission.joining import JoinMatter
from services.emergency.mission.left import LeaveToDesk
from services.emergency.mission.recalling import ReopenMatter, WithdrawMission
from services.emergency.mission.record import Cause, Heard, Mission, Recall
from services.emergency.moving import Move, home_of, move_of, request
from services.emergency.orders import missions_of, target
from services.emergency.situation import Teams
from services.emergency.terminals import Terminals

TOPIC = "liandong.alarm.events.v1"
GROUP = "emergency.alarm"
# After these no incident of the receipt's matter goes on, so its teams are called back. A receipt
# that is passed to a unit becomes an incident of the same matter, so its missions go on.
ENDED = ("answered", "passed", "passed_to_petitions", "mediation_referred", "ticket_filed")
LINKS = frozenset({"repeat_linked", "repeat_unlinked", "moved"})
# In these states no office has the petition or dispute. The incident of it, if there was one, calls
# the teams back.
LEFT = frozenset({"DECLINED", "REFUSED", "REFERRED", "CLOSED"})
# For so long the call of an order may be under way.
CALL = timedelta(seconds=3)
ENDS = {"VOIDED": Cause.INCIDENT_VOIDED, "CLOSED": Cause.INCIDENT_CLOSED}


class Orders:
    """Makes requests of a receipt's events, in their order: send, correct, join, call back.

    The event of an order has the request id of its call: the first to arrive wins, the other is a
    repeat.
    """

    def __init__(self, shell: Shell, replica: Replica, terminals: Terminals, teams: Teams) -> None:
        self._shell = shell
        self._replica = replica
        self._terminals = terminals
        self._teams = teams
        self._kinds = {
            "dispatch_ordered": self._ordered,
            "amended": self._corrected,
            "classified": self._corrected,
            "marked_invalid": self._invalid,
            "closed": self._closed,
            **dict.fromkeys(ENDED, self._ended),
            "repeat_linked": self._linked,
            "repeat_unlinked": self._unlinked,
            "moved": self._moved,
            "record_followed": self._left_there,
            "reinstated": self._open_again,
        }

    @property
    def subscription(self) -> Subscription:
        kinds = frozenset(self._kinds)
        return Subscription(GROUP, TOPIC, AlarmEvent, self.requests, kinds=kinds)

    async def requests(self, events: Sequence[Any]) -> Sequence[Request[Any]]:
        """The requests of one receipt; a mission that is ordered here is known to what follows.

        Of several links only the last one counts: those before it have not taken effect yet. What a
        receipt without an incident says also tells that an earlier link is over.
        """
        ordered: list[Request[Any]] = []
        found: list[Request[Any]] = []
        links = [each for each in events if each.WhichOneof("kind") in LINKS]
        for event in events:
            kind = event.WhichOneof("kind")
            if kind in LINKS and event is not links[-1]:
                continue
            if not links and is_alone(event):
                found += await self._moves(event, (), home_of(event, is_link=False))
            asked = await self._kinds[kind](event, ordered)
            ordered += asked if kind == "dispatch_ordered" else []
            found += asked
        return found

    async def _ordered(self, event: Any, ordered: Sequence[Request[Any]]) -> list[Request[Any]]:
        order = event.dispatch_ordered.order
        caller = Call(
            actor=codec.ordering_actor(order),
            request_id=codec.dispatch_id(UUID(event.meta.aggregate_id), order),
            deadline=NEVER,
        )
        answer = await self._shell.door.answer(caller.request_id)
        if answer is not None and answer.reason not in RETRYABLE_BY_EVENT:
            return []  # its call has arrived
        reachable = await self._terminals.hears(order.team)
        ready = await self._teams.committed(order.team)
        matter = codec.ordered_matter(order)
        mission, number = await target(self._shell, caller.request_id, matter, order.team)
        command = codec.to_dispatch(order, self._replica.city, reachable, ready, number)
        if answer is None and (would_refuse(command) or await self._stands(mission)):
            self._leave_to_the_call(event)
        body = DispatchMissionRequest(order=order)
        request = self._shell.request(caller, command, body, mission)
        return [replace(request, cause=event.meta.event_id)]

    async def _stands(self, mission: UUID) -> bool:
        """Whether the order meets a mission of another one."""
        return bool(await self._shell.pool.fetchval(storage.STANDS, mission))

    def _leave_to_the_call(self, event: Any) -> None:
        """The desk that waits for its call hears the refusal, and its inbox does not tell it once
        more. Raises Unavailable while it may wait; later a team that was not ready is sent, as the
        desk has committed, and people are told at once."""
        age = clock.now() - event.meta.time.ToDatetime(UTC)
        if age < CALL:
            raise Unavailable("MISSION_JUST_OPENED", team=event.dispatch_ordered.order.team)

    async def _corrected(self, event: Any, ordered: Sequence[Request[Any]]) -> list[Request[Any]]:
        """Correct the missions of a receipt without incident; an incident tells its own."""
        body = getattr(event, event.WhichOneof("kind"))
        if not body.HasField("facts"):
            return []
        facts = body.facts
        revisions = await self._each(event, ordered, self._own_facts(facts, event))
        if facts.against:
            revisions = await self._accusing(event, facts, ordered, revisions)
        return revisions

    async def _accusing(
        self,
        event: Any,
        facts: Any,
        ordered: Sequence[Request[Any]],
        revisions: Sequence[Request[Any]],
    ) -> list[Request[Any]]:
        """A team of the accused unit is called back before anything else is said."""
        city, at = self._replica.city, event.meta.time.ToDatetime(UTC)
        known = await missions_of(self._shell, UUID(event.meta.aggregate_id))
        sent = {
            each.aggregate_id: (each.command.team.unit if each.command.team else "", each.command)
            for each in ordered
        }
        orders = {of: (unit, command.order) for of, (unit, command) in sent.items()}
        orders |= {each.id: (each.release.unit, each.order) for each in known}
        hides = [
            request(event, of, hiding(facts, unit, order.ordered_unit, city, at))
            for of, (unit, order) in orders.items()
        ]
        said = [
            replace(each, command=told_to(each.command, *orders[each.aggregate_id], facts, city))
            for each in revisions
        ]
        return [*hides, *said]

    def _own_facts(self, facts: Any, event: Any) -> ReviseMission:
        """The facts of a receipt that has no incident."""
        heard = Heard(receipt=event.meta.version)
        receipt = event.meta.aggregate_id
        return codec.to_revision(facts, self._replica.city, heard, UUID(receipt), receipt=receipt)

    async def _invalid(self, event: Any, ordered: Sequence[Request[Any]]) -> list[Request[Any]]:
        said, receipt = event.marked_invalid, UUID(event.meta.aggregate_id)
        ends = because(Cause.RECEIPT_INVALID, said.note or _code_of(said.reason), event, receipt)
        return await self._each(event, ordered, ends)

    async def _ended(self, event: Any, ordered: Sequence[Request[Any]]) -> list[Request[Any]]:
        body = getattr(event, event.WhichOneof("kind"))
        note = "" if event.WhichOneof("kind") == "answered" else body.note
        receipt = UUID(event.meta.aggregate_id)
        return await self._each(event, ordered, because(Cause.RECEIPT_ENDED, note, event, receipt))

    async def _left_there(self, event: Any, ordered: Sequence[Request[Any]]) -> list[Request[Any]]:
        """No office has the matter any more that the receipt has become there."""
        if event.record_followed.state not in LEFT:
            return []
        return await self._each(event, ordered, _left(event, is_left=True))

    async def _open_again(self, event: Any, ordered: Sequence[Request[Any]]) -> list[Request[Any]]:
        """Its teams go on, or are missing."""
        again = ReopenMatter(UUID(event.meta.aggregate_id))
        return [
            *await self._each(event, ordered, _left(event, is_left=False)),
            *await self._each(event, ordered, again),
        ]

    async def _closed(self, event: Any, ordered: Sequence[Request[Any]]) -> list[Request[Any]]:
        """A team that was sent after the end is called back with the filing."""
        if not event.closed.matter_id:
            return []
        ended = UUID(event.closed.matter_id)
        return await self._each(event, ordered, because(Cause.RECEIPT_ENDED, "", event, ended))

    async def _each(
        self, event: Any, ordered: Sequence[Request[Any]], command: Any
    ) -> list[Request[Any]]:
        """The command for each mission of the receipt that hears it, and was not ordered since."""
        receipt, version = event.meta.aggregate_id, event.meta.version
        known = await missions_of(self._shell, UUID(receipt))
        told = {each.aggregate_id: command for each in ordered}
        told |= {
            each.id: without_words(each, command, self._replica.city)
            for each in known
            if hears(each, command) and _concerns(each, receipt, version)
        }
        return [request(event, of, each) for of, each in told.items()]

    async def _linked(self, event: Any, ordered: Sequence[Request[Any]]) -> list[Request[Any]]:
        """The missions of the receipt join the incident's matter, and end if it has ended."""
        linked = event.repeat_linked
        there = UUID(linked.incident_id)
        joins = await self._moves(event, ordered, move_of(linked))
        cause = ENDS.get(linked.incident.state)
        if cause is None:
            return joins
        ends = because(cause, "", event, there)
        ids = [each.aggregate_id for each in joins if isinstance(each.command, JoinMatter)]
        return [*joins, *(request(event, each, ends) for each in ids)]

    async def _unlinked(self, event: Any, ordered: Sequence[Request[Any]]) -> list[Request[Any]]:
        """Missions that the receipt has ordered belong to it alone, with its own facts: also those
        that a call has moved which was cut off before it told these."""
        joins = await self._moves(event, ordered, home_of(event, is_link=True))
        facts = event.repeat_unlinked
        if not facts.HasField("facts"):
            return joins
        said = await self._each(event, ordered, self._own_facts(facts.facts, event))
        if facts.facts.against:
            said = await self._accusing(event, facts.facts, ordered, said)
        return [*joins, *said]

    async def _moved(self, event: Any, ordered: Sequence[Request[Any]]) -> list[Request[Any]]:
        """After a merge or its undoing the missions move with the receipt that has ordered them."""
        return await self._moves(event, ordered, move_of(event.moved))

    async def _moves(
        self, event: Any, ordered: Sequence[Request[Any]], move: Move
    ) -> list[Request[Any]]:
        receipt = UUID(event.meta.aggregate_id)
        known = await missions_of(self._shell, receipt, move.there)
        return moving.requests(event, move, known, ordered)


def because(cause: Cause, reason: str, event: Any, ended: UUID) -> WithdrawMission:
    """The recall of a mission of the matter that has ended by this event."""
    meta = event.meta
    time = meta.time.ToDatetime(UTC)
    return WithdrawMission(Recall(cause, reason, time, meta.actor, meta.unit), ended)


def _left(event: Any, *, is_left: bool) -> LeaveToDesk:
    meta = event.meta
    return LeaveToDesk(UUID(meta.aggregate_id), meta.version, is_left)


def is_alone(event: Any) -> bool:
    """Whether the event tells that its receipt has no incident."""
    kind = event.WhichOneof("kind")
    return kind in ("marked_invalid", *ENDED) or (
        kind in ("amended", "classified") and getattr(event, kind).HasField("facts")
    )


def _concerns(mission: Mission, receipt: str, version: int) -> bool:
    """Whether this receipt ordered it, before this version: what happened before is in the order.

    Orders of 0.1.0 name no receipt.
    """
    order = mission.order
    its = order.receipt in ("", receipt)
    return its and version > order.receipt_version


def _code_of(reason: int) -> str:
    """The code of why a receipt is invalid; empty for one of a newer release."""
    known = Receipt.InvalidReason.DESCRIPTOR.values_by_number.get(reason)
    return known.name.removeprefix("INVALID_REASON_") if known and known.number else ""
