"""Consumes the desks' orders from Kafka: delivery for orders whose direct call failed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from backbone.directory.replica import Replica
from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.kafka.subscription import Subscription
from backbone.rpc.caller import Call
from backbone.shell.shell import Shell
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from liandong.emergency.v1.emergency_service_pb2 import DispatchMissionRequest
from services.emergency import codec
from services.emergency.situation import Teams
from services.emergency.terminals import Terminals

TOPIC = "liandong.alarm.events.v1"
GROUP = "emergency.alarm"


class Orders:
    """Turns the event into the request of the call: the first to arrive wins, the other repeats."""

    def __init__(self, shell: Shell, replica: Replica, terminals: Terminals, teams: Teams) -> None:
        self._shell = shell
        self._replica = replica
        self._terminals = terminals
        self._teams = teams

    @property
    def subscription(self) -> Subscription:
        kinds = frozenset({"dispatch_ordered"})
        return Subscription(GROUP, TOPIC, AlarmEvent, self.requests, kinds=kinds)

    def requests(self, events: Sequence[Any]) -> Sequence[Request[Any]]:
        return [self._request(event) for event in events]

    def _request(self, event: Any) -> Request[Any]:
        order = event.dispatch_ordered.order
        caller = Call(
            actor=codec.ordering_actor(order),
            request_id=codec.dispatch_id(UUID(event.meta.aggregate_id), order),
            deadline=NEVER,
        )
        reachable = self._terminals.connected(order.team) > 0
        ready = self._teams.committed(order.team)
        command = codec.to_dispatch(order, self._replica.city, reachable, ready)
        body = DispatchMissionRequest(order=order)
        request = self._shell.request(caller, command, body, codec.ordered_mission(order))
        return replace(request, cause=event.meta.event_id)
