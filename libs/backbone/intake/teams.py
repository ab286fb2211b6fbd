"""Tells the emergency service of a change that its missions must hear, at once and without Kafka.

The calls carry the events themselves, as the journal holds them. They come over Kafka as well: a
call that fails is repeated, and in the end the topic has told the same.

A call tells what a person's request has written. What a clock, a consumer or the stream processor
has written, or a process that died before its call, is told once Kafka has not taken it in time.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

import grpc

from backbone.postgres.pool import Pool, is_transient
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import may_still_happen
from backbone.rpc.retrying import Retrier
from backbone.rpc.spread import open_shared
from backbone.words.actor import SERVICE, Actor
from liandong.emergency.v1 import hearing_service_pb2 as pb
from liandong.emergency.v1 import hearing_service_pb2_grpc as rpc

log = logging.getLogger(__name__)

# A person waits for the answer behind it; the repeats are patient.
PATIENCE, LATER = 0.3, 2.0
INSIDE = Actor("", "", SERVICE)
MADE = """
SELECT kind, payload FROM journal WHERE aggregate_id = $1 AND request_id = $2 AND kind = ANY($3)
ORDER BY version
"""

# The events of these kinds that Kafka has not taken, after position $2 and except those at $3.
UNSENT = """
SELECT position, aggregate_id, kind, payload FROM unsent JOIN journal USING (position)
WHERE kind = ANY($1) AND position > $2 AND position <> ALL($3) ORDER BY position LIMIT 100
"""
LAST_UNSENT = "SELECT coalesce(max(position), 0) FROM unsent"
# Seconds: an event that waits for longer is told; then between two looks. An event may be committed
# behind one with a higher position, but never so long after it.
WAITS, LOOK, SETTLED = 1.0, 0.5, 10.0

# The events that the missions of a receipt follow beside its orders, and those of an incident.
RECEIPT = (
    "amended",
    "classified",
    "marked_invalid",
    "closed",
    "answered",
    "passed",
    "passed_to_petitions",
    "mediation_referred",
    "ticket_filed",
    "repeat_linked",
    "repeat_unlinked",
    "moved",
    "record_followed",
    "reinstated",
)
INCIDENT = ("amended", "voided", "closed", "reinstated")
# With an incident that ends by one of these, those end that were merged into it.
ENDS = frozenset(f"liandong.incident.{name}.v1" for name in ("voided", "closed"))
MERGED = "SELECT id FROM incidents WHERE held_by = $1 AND state = 'MERGED' LIMIT 1000"

Request = pb.HearReceiptRequest | pb.HearIncidentRequest


class Teams:
    """Tells of the events of these kinds, which are those of the journal."""

    def __init__(
        self, settings: Settings, pool: Pool, request: type[Request], kinds: Collection[str]
    ) -> None:
        self._token = settings.token
        self._pool = pool
        self._request = request
        self._kinds = list(kinds)
        stub: Any = rpc.HearingServiceStub(open_shared(settings, "emergency"))
        self._call_of = getattr(stub, request.DESCRIPTOR.name.removesuffix("Request"))
        self._retrier = Retrier()

    async def tell(self, aggregate_id: UUID, request_id: UUID) -> None:
        """Tell what this request has written. It does not fail."""
        rows = await self._pool.fetch(MADE, aggregate_id, request_id, self._kinds)
        if not rows:
            return
        request = await self._telling(aggregate_id, rows)
        try:
            await self._call(request, PATIENCE)
        except grpc.aio.AioRpcError as error:
            said = {"aggregate": aggregate_id, "error": error.details()}
            log.warning("teams.unheard", extra=said)
            if may_still_happen(error):
                again = uuid5(request_id, "teams")
                self._retrier.schedule(again, lambda: self._call(request, LATER))

    async def watch(self, waits: Callable[[], float], pulse: Pulse) -> None:
        """Tell what waits for Kafka, until cancelled; `waits` says for how long it does."""
        unsent = Unsent(self._pool, self._kinds)
        while True:
            pulse.beat("teams unsent")
            try:
                if waits() > WAITS:
                    await self._tell_unsent(unsent)
            except grpc.aio.AioRpcError as error:
                log.info("teams.unheard", extra={"error": error.details()})
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("teams.away", extra={"error": str(error)})
            await asyncio.sleep(LOOK)

    async def _tell_unsent(self, unsent: "Unsent") -> None:
        """One aggregate after the other, each in its order; one that is not heard is told again."""
        for rows in await unsent.look():
            try:
                await self._call(await self._telling(rows[0]["aggregate_id"], rows), LATER)
            except grpc.aio.AioRpcError as error:
                if may_still_happen(error):
                    raise
                log.warning("teams.refused", extra={"error": error.details()})
            unsent.told(rows)

    async def _telling(self, aggregate_id: UUID, rows: Sequence[Any]) -> Request:
        """The events, and the incidents that end with this one: their missions may not have moved
        here, as a merge reaches them over Kafka alone."""
        request = self._request(events=[row["payload"] for row in rows])
        if isinstance(request, pb.HearIncidentRequest) and any(row["kind"] in ENDS for row in rows):
            merged = await self._pool.fetch(MERGED, aggregate_id)
            request.merged.extend(str(row["id"]) for row in merged)
        return request

    async def _call(self, request: Request, patience: float) -> None:
        metadata = metadata_for(self._token, INSIDE)
        await self._call_of(request, timeout=patience, metadata=metadata)


class Unsent:
    """The events that wait for Kafka, each once: from a position on, below which none can come."""

    def __init__(self, pool: Pool, kinds: Sequence[str]) -> None:
        self._pool = pool
        self._kinds = kinds
        self._after = 0
        self._told: set[int] = set()
        self._seen: list[tuple[float, int]] = []

    async def look(self) -> list[list[Any]]:
        """Read the events that were not told yet, together by aggregate."""
        now = asyncio.get_running_loop().time()
        last = await self._pool.fetchval(LAST_UNSENT)
        rows = await self._pool.fetch(UNSENT, self._kinds, self._after, [*self._told])
        if not rows:
            self._seen.append((now, last))
            settled = [each for each in self._seen if each[0] < now - SETTLED]
            self._after = max([self._after, *(at for _, at in settled)])
            self._seen = [each for each in self._seen if each[1] > self._after]
            self._told = {at for at in self._told if at > self._after}
        by_aggregate = sorted(rows, key=lambda row: (row["aggregate_id"], row["position"]))
        return [list(each) for _, each in groupby(by_aggregate, lambda row: row["aggregate_id"])]

    def told(self, rows: Sequence[Any]) -> None:
        self._told.update(row["position"] for row in rows)


def of_receipts(settings: Settings, pool: Pool) -> Teams:
    kinds = [f"liandong.alarm.{name}.v1" for name in RECEIPT]
    return Teams(settings, pool, pb.HearReceiptRequest, kinds)


def of_incidents(settings: Settings, pool: Pool) -> Teams:
    kinds = [f"liandong.incident.{name}.v1" for name in INCIDENT]
    return Teams(settings, pool, pb.HearIncidentRequest, kinds)
