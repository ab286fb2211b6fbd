"""Receipts, incidents and missions by the real life cycles of their services, without the services.

What a receipt tells its incident, and what the emergency service hears of both, waits until the
test lets it arrive: one thing after the other, in the order that the test chooses.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

from backbone.door.decider import Decider
from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.intake.following import steps_of
from backbone.words.actor import Actor
from backbone.words.followed import Followed
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from liandong.incident.v1.incident_pb2 import HeardReport
from liandong.incident.v1.incident_service_pb2 import ReadIncidentResponse
from services.alarm import wiring as alarm
from services.alarm.receipt.dispatch import DispatchNow
from services.alarm.receipt.linking import FollowIncident, LinkRepeat, UnlinkRepeat
from services.alarm.receipt.merging import FollowMerge, FollowParting
from services.alarm.receipt.record import Receipt
from services.emergency.catching_up import CatchingUp
from services.emergency.consumers import Orders
from services.emergency.following import Incidents
from services.emergency.mission.record import Mission
from services.workflow import codec as flows
from services.workflow import wiring as workflow
from services.workflow.incident.merging import MergeIncident, UndoMerge
from services.workflow.incident.record import Incident
from services.workflow.incident.reports import heard_reports
from services.workflow.incident.table import held_by
from tests.desks import TAKER, a_desk_city
from tests.incidents import DESK, LEADER
from tests.life_cycles import NOW
from tests.unit.emergency.roads import Chance, Quiet, Shell, Store

CITY = a_desk_city()
TEAM = "red"
RECEIPTS = alarm.build_decider(lambda: CITY)
INCIDENTS = workflow.build_decider(lambda: CITY)
FROM_RECEIPTS = "liandong.alarm.events.v1"


class Watched(Store):
    """The store of missions, which remembers every state that a mission ever had."""

    def __init__(self, chance: Chance) -> None:
        super().__init__(chance)
        self.seen: list[Mission] = []

    async def submit(self, request: Request[Any]) -> Any:
        answer = await super().submit(request)
        if (found := self.every.get(request.aggregate_id)) is not None:
            self.seen.append(found)
        return answer


class Replica:
    city = CITY

    async def wait(self) -> None:
        """The city is there."""


class Incoming:
    """The receipts and incidents, and the missions that hear of them."""

    def __init__(self) -> None:
        self.store = Watched(Chance(0))
        shell: Any = Shell(self.store)
        replica, quiet = Replica(), Quiet()
        self.orders = Orders(shell, replica, quiet, quiet)  # type: ignore[arg-type]
        self.incidents = Incidents(shell, replica)  # type: ignore[arg-type]
        arrivals = self.store.arrivals
        self.catching_up = CatchingUp(shell, replica, self._find, arrivals)  # type: ignore[arg-type]
        self.receipts: dict[UUID, Receipt] = {}
        self.flows: dict[UUID, Incident] = {}
        self._number = 0

    def one(self, key: UUID) -> Incident | None:
        return self.flows.get(key)

    def members(self, key: UUID) -> frozenset[UUID]:
        return frozenset(each.id for each in self.flows.values() if held_by(each) == key)

    # What people do; each answers with the events.

    def receipt(self, of: UUID, command: Any) -> list[AlarmEvent]:
        return self._done(RECEIPTS, self.receipts, of, command)

    def incident(self, of: UUID, command: Any) -> list[IncidentEvent]:
        return self._done(INCIDENTS, self.flows, of, command)

    def _done(self, decider: Decider[Any], known: Any, of: UUID, command: Any) -> list[Any]:
        self._number += 1
        actor = getattr(command, "by", Actor("", ""))
        request_id = uuid5(of, str(self._number))
        request = Request(request_id, of, command, "", actor, NEVER)
        before = known.get(of)
        events = decider.decide(before, command, NOW, self)
        if not events:
            return []
        known[of], rows = decider.journalled(before, events, request, b"")
        return [decider.event.FromString(row.payload) for row in rows]

    def link(self, of: UUID, to: UUID) -> list[AlarmEvent]:
        there = self.flows[to]
        known = Followed(there.version, there.state, there.charge.unit)
        return self.receipt(of, LinkRepeat(TAKER, to, there.matter.code, known))

    def unlink(self, of: UUID) -> list[AlarmEvent]:
        return self.receipt(of, UnlinkRepeat(TAKER, "另一起事故"))

    def merge(self, of: UUID, into: UUID) -> list[AlarmEvent]:
        """The receipts of the merged incident follow it, the one that has opened it first."""
        merged = self.incident(of, MergeIncident(DESK, into, "同一起事故", True, of))
        [(_, step)] = steps_of(merged)
        there = self.flows[into]
        known = Followed(there.version, there.state, there.charge.unit)
        follow = FollowMerge(of, step, into, there.matter.code, known, DESK, "")
        here = [id_ for id_, each in self.receipts.items() if each.matter_id == of]
        return [event for each in here for event in self.receipt(each, follow)]

    def undo_merge(self, of: UUID) -> list[AlarmEvent]:
        steps = steps_of(self.incident(of, UndoMerge(LEADER, "两起不同的事故")))
        return self.receipt(of, FollowParting(of, steps[-1][1], LEADER))

    def followed(self, events: list[IncidentEvent]) -> None:
        """Receipts hear the steps of their incident."""
        for event, step in steps_of(events):
            of = UUID(event.meta.aggregate_id)
            if of in self.receipts:
                self.receipt(of, FollowIncident(of, step))

    def told(self, event: AlarmEvent) -> Iterator[Any]:
        """The requests that an event of a receipt makes of incidents."""
        yield from flows.intake_requests(FROM_RECEIPTS, event.SerializeToString(), b"")

    def hear_request(self, request: Any) -> list[IncidentEvent]:
        return self.incident(request.aggregate_id, request.command)

    # What the emergency service hears.

    async def hear(self, *events: Any) -> None:
        is_receipt = isinstance(events[0], AlarmEvent)
        handler: Any = self.orders if is_receipt else self.incidents
        kinds = handler.subscription.kinds
        heard = [each for each in events if each.WhichOneof("kind") in kinds]
        for request in await handler.requests(heard) if heard else ():
            await self.store.submit(request)

    async def hear_receipts(self, events: list[AlarmEvent]) -> None:
        """A batch holds events of one receipt."""
        for _, own in groupby(events, lambda each: each.meta.aggregate_id):
            await self.hear(*own)

    async def compare(self) -> None:
        self.catching_up._resting.clear()
        await self.catching_up.look()

    async def _find(self, incident: UUID) -> ReadIncidentResponse | None:
        found = self.flows.get(incident)
        if found is None:
            return None
        heard = [
            HeardReport(
                receipt=each.receipt,
                linked=each.linked,
                link_version=each.link_version,
                version=each.version,
            )
            for each in heard_reports(found)
        ]
        against = found.matter.against
        shown = flows.to_resource(found)
        return ReadIncidentResponse(incident=shown, against=against, heard_reports=heard)

    async def quietly(self, events: list[AlarmEvent]) -> None:
        """Everybody hears all that follows, in order."""
        for event in events:
            for request in self.told(event):
                news = self.hear_request(request)
                self.followed(news)
                if news:
                    await self.hear(*news)
        await self.hear_receipts(events)
        await self.compare()

    async def send(self, of: UUID) -> None:
        await self.quietly(self.receipt(of, DispatchNow(TAKER, TEAM)))

    @property
    def mission(self) -> Mission:
        [mission] = self.store.every.values()
        return mission
