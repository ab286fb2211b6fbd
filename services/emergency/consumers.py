"""Consumes the events of receipts: orders, corrections, links, and ends that call teams back."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any
from uuid import UUID, uuid5

from msgspec.structs import replace

from backbone.directory.replica import Replica
from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.kafka.subscription import Subscription
from backbone.rpc.caller import Call
from backbone.shell.shell import Shell
from backbone.words.actor import Actor
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from liandong.emergency.v1.emergency_service_pb2 import DispatchMissionRequest
from services.emergency import codec
from services.emergency.accusing import hiding, told_to
from services.emergency.mission.correcting import ReviseMission
from services.emergency.mission.joining import (
    JoinMatter,
    knows_later,
    precedence,
    same_matter,
)
from services.emergency.mission.recalling import WithdrawMission
from services.emergency.mission.record import Cause, Heard, Mission, Recall
from services.emergency.orders import missions_of, target
from services.emergency.situation import Teams
from services.emergency.terminals import Terminals

TOPIC = "liandong.alarm.events.v1"
GROUP = "emergency.alarm"
# After these no incident of the receipt's matter goes on, so its teams are called back. A receipt
# that is passed to a unit becomes an incident of the same matter, so its missions go on.
ENDED = ("answered", "passed", "passed_to_petitions", "mediation_referred", "ticket_filed")
LINKS = frozenset({"repeat_linked", "repeat_unlinked", "moved"})
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
        }

    @property
    def subscription(self) -> Subscription:
        kinds = frozenset(self._kinds)
        return Subscription(GROUP, TOPIC, AlarmEvent, self.requests, kinds=kinds)

    async def requests(self, events: Sequence[Any]) -> Sequence[Request[Any]]:
        """The requests of one receipt; a mission that is ordered here is known to what follows.

        Of several links only the last one counts: those before it have not taken effect yet.
        """
        ordered: list[Request[Any]] = []
        found: list[Request[Any]] = []
        links = [each for each in events if each.WhichOneof("kind") in LINKS]
        for event in events:
            kind = event.WhichOneof("kind")
            if kind in LINKS and event is not links[-1]:
                continue
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
        reachable = await self._terminals.hears(order.team)
        ready = self._teams.committed(order.team)
        matter = codec.ordered_matter(order)
        mission, number = await target(self._shell, caller.request_id, matter, order.team)
        command = codec.to_dispatch(order, self._replica.city, reachable, ready, number)
        body = DispatchMissionRequest(order=order)
        request = self._shell.request(caller, command, body, mission)
        return [replace(request, cause=event.meta.event_id)]

    async def _corrected(self, event: Any, ordered: Sequence[Request[Any]]) -> list[Request[Any]]:
        """Correct the missions of a receipt without incident; an incident tells its own."""
        body = getattr(event, event.WhichOneof("kind"))
        if not body.HasField("facts"):
            return []
        facts = body.facts
        revisions = await self._each(event, ordered, self._own_facts(facts, event))
        return (
            await self._accusing(event, facts, ordered, revisions) if facts.against else revisions
        )

    async def _accusing(
        self,
        event: Any,
        facts: Any,
        ordered: Sequence[Request[Any]],
        revisions: Sequence[Request[Any]],
    ) -> list[Request[Any]]:
        """A team of the accused unit is called back before anything else is said."""
        city = self._replica.city
        known = await missions_of(self._shell, UUID(event.meta.aggregate_id))
        sent = {
            each.aggregate_id: (each.command.team.unit if each.command.team else "", each.command)
            for each in ordered
        }
        orders = {of: (unit, command.order) for of, (unit, command) in sent.items()}
        orders |= {each.id: (each.release.unit, each.order) for each in known}
        hides = [
            request(event, of, hiding(event, facts, unit, order.ordered_unit, city))
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
        return codec.to_revision(facts, self._replica.city, heard, receipt=event.meta.aggregate_id)

    async def _invalid(self, event: Any, ordered: Sequence[Request[Any]]) -> list[Request[Any]]:
        note = event.marked_invalid.note
        return await self._each(event, ordered, because(Cause.RECEIPT_INVALID, note, event))

    async def _ended(self, event: Any, ordered: Sequence[Request[Any]]) -> list[Request[Any]]:
        body = getattr(event, event.WhichOneof("kind"))
        note = "" if event.WhichOneof("kind") == "answered" else body.note
        return await self._each(event, ordered, because(Cause.RECEIPT_ENDED, note, event))

    async def _closed(self, event: Any, ordered: Sequence[Request[Any]]) -> list[Request[Any]]:
        """A team that was sent after the end is called back with the filing."""
        if not event.closed.matter_id:
            return []
        return await self._each(event, ordered, because(Cause.RECEIPT_ENDED, "", event))

    async def _each(
        self, event: Any, ordered: Sequence[Request[Any]], command: Any
    ) -> list[Request[Any]]:
        """The command for each mission of the receipt that is not over, and not ordered since."""
        receipt, version = event.meta.aggregate_id, event.meta.version
        known = await missions_of(self._shell, UUID(receipt))
        ids = [each.id for each in known if _concerns(each, receipt, version)]
        ids += [each.aggregate_id for each in ordered]
        return [request(event, each, command) for each in dict.fromkeys(ids)]

    async def _linked(self, event: Any, ordered: Sequence[Request[Any]]) -> list[Request[Any]]:
        """The missions of the receipt join the incident's matter, and end if it has ended."""
        linked = event.repeat_linked
        there = UUID(linked.incident_id)
        joins = await self._join(event, ordered, there, linked.incident_code)
        cause = ENDS.get(linked.incident.state)
        if cause is None:
            return joins
        ends = because(cause, "", event)
        ids = [each.aggregate_id for each in joins if isinstance(each.command, JoinMatter)]
        return [*joins, *(request(event, each, ends) for each in ids)]

    async def _unlinked(self, event: Any, ordered: Sequence[Request[Any]]) -> list[Request[Any]]:
        """Give the missions that the receipt had ordered for its own matter back to that matter."""
        joins = await self._join(event, (), UUID(event.meta.aggregate_id), "")
        facts = event.repeat_unlinked
        if not facts.HasField("facts"):
            return joins
        own = self._own_facts(facts.facts, event)
        ids = [each.aggregate_id for each in joins if isinstance(each.command, JoinMatter)]
        return [*joins, *(request(event, each, own) for each in ids)]

    async def _moved(self, event: Any, ordered: Sequence[Request[Any]]) -> list[Request[Any]]:
        """After a merge or its undoing the missions of the old incident move with the receipt."""
        moved = event.moved
        there, left = UUID(moved.incident_id), UUID(moved.from_incident)
        return await self._join(event, ordered, there, moved.incident_code, left)

    async def _join(
        self,
        event: Any,
        ordered: Sequence[Request[Any]],
        there: UUID,
        code: str,
        left: UUID | None = None,
    ) -> list[Request[Any]]:
        """Join the missions to the matter. Of two missions of one team the further one stays, the
        other is called back: before the join, or with it."""
        receipt, version = UUID(event.meta.aggregate_id), event.meta.version
        every = await missions_of(self._shell, receipt, there)
        requests: list[Request[Any]] = []
        for mission in every:
            of = mission.order.matter_id
            own = receipt in (of, mission.home)
            if of == there or (own and knows_later(mission, version)):
                continue
            if not own and (left is None or left not in (of, mission.home)):
                continue
            rivals = [each for each in every if _is_rival(each, mission, there)]
            requests += [
                request(event, each.id, WithdrawMission(same_matter(mission, mission.time)))
                for each in rivals
                if precedence(each) > precedence(mission)
            ]
            others = tuple(each.id for each in rivals)
            # Versions of one receipt say nothing of what was ordered from another one.
            heard = version if own else 0
            command = JoinMatter(there, code, mission.order.team, others, heard)
            requests.append(request(event, mission.id, command))
        known = {each.id for each in every}
        for fresh in ordered:
            order = fresh.command.order
            if fresh.aggregate_id not in known and order.matter_id == receipt:
                team = order.team
                rivals = [each for each in every if _is_open(each, there, team)]
                others = tuple(each.id for each in rivals)
                command = JoinMatter(there, code, team, others, version)
                requests.append(request(event, fresh.aggregate_id, command))
        return requests


def because(cause: Cause, reason: str, event: Any) -> WithdrawMission:
    meta = event.meta
    time = meta.time.ToDatetime(UTC)
    return WithdrawMission(Recall(cause, reason, time, meta.actor, meta.unit))


def _concerns(mission: Mission, receipt: str, version: int) -> bool:
    """Whether this receipt ordered it, before this version: what happened before is in the order.

    Orders of 0.1.0 name no receipt.
    """
    order = mission.order
    its = order.receipt in ("", receipt)
    return mission.ending is None and its and version > order.receipt_version


def _is_rival(other: Mission, mission: Mission, there: UUID) -> bool:
    """Whether both would be open missions of one team for one matter."""
    return mission.ending is None and _is_open(other, there, mission.order.team)


def _is_open(mission: Mission, matter: UUID, team: str) -> bool:
    order = mission.order
    return mission.ending is None and (order.matter_id, order.team) == (matter, team)


def request(event: Any, mission: UUID, command: Any) -> Request[Any]:
    """The request of an event; its id derives from the event, so that a repeat is harmless."""
    meta = event.meta
    return Request(
        request_id=uuid5(UUID(meta.event_id), f"{type(command).__name__} {mission}"),
        aggregate_id=mission,
        command=command,
        body_hash="",
        actor=Actor(meta.actor, meta.unit),
        deadline=NEVER,
        cause=meta.event_id,
    )
