"""Events of receipts and incidents that their services tell directly: at once, and without Kafka.

They become the same commands as the events that come over Kafka, under request ids of their own:
the topics tell everything once more, in order, and a mission knows how far it has heard.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from google.protobuf.message import DecodeError
from msgspec.structs import replace

from backbone.door.batcher import Batcher
from backbone.door.request import Request
from backbone.words.errors import InvalidArgument
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from liandong.emergency.v1 import hearing_service_pb2 as pb
from liandong.emergency.v1 import hearing_service_pb2_grpc as rpc
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from services.emergency.consumers import Orders
from services.emergency.following import Incidents

log = logging.getLogger(__name__)

Requests = Callable[[Sequence[Any]], Awaitable[Sequence[Request[Any]]]]


class Hearing(rpc.HearingServiceServicer):
    """Performs what follows of the events; what is refused is left to the topic."""

    def __init__(self, batcher: Batcher[Any], orders: Orders, incidents: Incidents) -> None:
        self._batcher = batcher
        self._orders = orders
        self._incidents = incidents

    async def HearReceipt(self, request: pb.HearReceiptRequest, context: Any) -> Any:
        """An order is not among what is heard: it has a call of its own."""
        events = _read(AlarmEvent, request.events)
        known = self._orders.subscription.kinds - {"dispatch_ordered"}
        await self._perform(self._orders.requests, events, known)
        return pb.HearReceiptResponse()

    async def HearIncident(self, request: pb.HearIncidentRequest, context: Any) -> Any:
        events = _read(IncidentEvent, request.events)
        known = self._incidents.subscription.kinds
        await self._perform(self._incidents.requests, events, known)
        merged = frozenset(_ids(request.merged))
        await self._perform(partial(self._incidents.ends_of_merged, merged=merged), events, known)
        return pb.HearIncidentResponse()

    async def _perform(
        self, requests: Requests, events: Sequence[Any], known: frozenset[str]
    ) -> None:
        """One after the other: a join waits for the recall of the other mission before it."""
        for event in events:
            if event.WhichOneof("kind") not in known:
                continue
            for request in await requests([event]):
                own = replace(request, request_id=uuid5(request.request_id, "directly"))
                outcome = await self._batcher.submit(own)
                if outcome.refusal is not None:
                    said = {"mission": own.aggregate_id, "reason": outcome.reason}
                    log.info("heard.refused", extra=said)


def _read(kind: Any, payloads: Iterable[bytes]) -> list[Any]:
    """Raises InvalidArgument for what is no such event."""
    try:
        return [kind.FromString(each) for each in payloads]
    except DecodeError as error:
        raise InvalidArgument("BAD_METADATA", field="events") from error


def _ids(texts: Iterable[str]) -> list[UUID]:
    """Raises InvalidArgument for what is no id."""
    try:
        return [UUID(each) for each in texts]
    except ValueError as error:
        raise InvalidArgument("BAD_METADATA", field="merged") from error
