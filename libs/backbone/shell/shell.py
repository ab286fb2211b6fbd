"""The shell of a service: pool, door, relay, server and loops, opened and closed as one.

A service's wiring opens it, adds its servicers, consumers and timers, and runs it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from google.protobuf.message import Message

from backbone.door.anchor import appending, run_anchors
from backbone.door.batcher import Batcher
from backbone.door.decider import Aggregate, Decider
from backbone.door.demanded import SIGNING, signed_by
from backbone.door.door import Door, Ride, no_ride
from backbone.door.evidence import Flaw, Seen, verify
from backbone.door.outcomes import Outcome
from backbone.door.request import Request, hashes_of
from backbone.door.retention import run_retention
from backbone.kafka.consumer import Consumer
from backbone.kafka.inbox import LINKS
from backbone.kafka.lag import Follower, Lags
from backbone.kafka.origin import Origin
from backbone.kafka.producer import Publisher, open_producer
from backbone.kafka.relay import Relay
from backbone.kafka.subscription import Subscription
from backbone.kafka.unparking import run_unparking
from backbone.postgres.months import run_months
from backbone.postgres.pool import Pool, connect, open_pool
from backbone.process.metrics import BATCH_SECONDS, BATCH_SIZE, COMMANDS, OUTCOMES, RELAYED, begin
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.rpc.caller import REPEATED, Call, caller_of
from backbone.rpc.server import Server
from backbone.shell.keys import ServiceKeys
from backbone.shell.known_persons import KnownPersons, NamesOf, SealedIn, know_sealed
from backbone.shell.measuring import measure_backlog, measure_pool, tell_queue
from backbone.shell.nightly import run_nightly
from backbone.shell.operations import OperationsService
from backbone.shell.proving import besides, forged_rows, rows_of
from backbone.shell.standing import watch_database, watch_standing, watch_unsent
from liandong.operations.v1 import operations_service_pb2 as pb
from liandong.operations.v1 import operations_service_pb2_grpc as rpc

S = TypeVar("S", bound=Aggregate)
Run = Callable[[], Awaitable[None]]
GRACE = 2.0
ACCEPTED = "ACCEPTED"


class Shell:
    """The infrastructure of one service. Opening it does not wait for Kafka or Postgres."""

    def __init__(
        self,
        settings: Settings,
        pulse: Pulse,
        pool: Pool,
        deciders: Sequence[Decider[Any]],
        ride: Ride,
    ) -> None:
        self.settings = settings
        self.pulse = pulse
        self.pool = pool
        self.publisher = Publisher(settings.brokers)
        self._deciders, self._tables = deciders, [each.table.name for each in deciders]
        topics = {each.kind: each.topic for each in deciders}
        self.connect = partial(connect, settings.database_url, settings.schema)
        produce = partial(open_producer, settings.brokers)
        self.rows, signer = rows_of(pool, settings), settings.signatures
        self.relay = Relay(settings.schema, topics, self.connect, produce, pulse, signer)
        self.relay.codes = self.rows.codes
        self.door = Door(pool, deciders, self.relay.wake, ride, rows=self.rows)
        self.batcher = Batcher(self.door.perform, pulse)
        self.keys = ServiceKeys(settings)
        self.server = Server(settings, self.keys.texts)
        self.consumers: dict[str, Consumer] = {}
        self.followers: dict[str, Follower] = {}
        self._farewells: list[Callable[[], object]] = []
        coded = map(self.rows.coded, (SIGNING, *besides(deciders)))
        self._loops: list[Run] = [
            self.batcher.run,
            self.publisher.run,
            self.relay.run,
            pulse.run,
            lambda: watch_database(pool, settings.schema, pulse),
            lambda: watch_standing(pool, self.consumers, pulse),
            lambda: watch_unsent(settings.schema, self.relay.age, pulse),
            lambda: run_anchors(pool, pulse, appending(settings.anchors, settings.schema, pulse)),
            lambda: run_months(pool, settings.schema, pulse),
            lambda: run_retention(pool, pulse, settings.schema, settings.kept),
            lambda: run_nightly(self.connect, settings.schema, self._evidence),
            *(partial(each.code_those_of_before, pool, pulse) for each in coded),
            lambda: self.keys.run(pool, pulse),
        ]

    def serve(self, add: Callable[[Any, Any], None], servicer: Any, contract: Any) -> None:
        """Register a servicer by its `add_…_to_server`; `contract` is its proto file descriptor."""
        self.server.serve(add, servicer, contract)

    def know_persons(self, of: Decider[Any], field: str, names_of: NamesOf, **which: str) -> None:
        """Seal the names that the records in `field` of a request know in the request's texts."""
        self.server.texts.persons.append(KnownPersons(self.rows.of(of), field, names_of, **which))

    def know_sealed_persons(
        self, decider: Decider[Any], field: str, sealed_in: SealedIn, **which: str
    ) -> None:
        """The same for records that have the names sealed, as their intake has told them."""
        know_sealed(self.server.texts, self.rows.of(decider), field, sealed_in, **which)

    def run_beside(self, loop: Run) -> None:
        """Add a loop; if it ends or dies, the process ends."""
        self._loops.append(loop)

    def before_stop(self, farewell: Callable[[], object]) -> None:
        """Add a callback that ends the streams before the server stops."""
        self._farewells.append(farewell)

    def consume(self, subscription: Subscription) -> None:
        origin = self.origin(subscription.group)
        consumer = Consumer(self.pool, self.door, subscription, self.publisher, origin)
        self.consumers[subscription.group] = consumer
        self.run_beside(lambda: consumer.run(self.settings.brokers, self.pulse))
        if subscription.parks_unknown:
            self.run_beside(
                partial(run_unparking, self.pool, subscription, consumer.replay, self.pulse)
            )

    async def _evidence(self, conn: Any, seen: Seen) -> AsyncIterator[Flaw]:
        """The flaws of this service's journal and rows, found by the nightly check."""
        told = self.settings
        signed = await signed_by(conn, told.signatures, told.schema, self.rows.codes)
        async for flaw in verify(conn, *self._tables, signed=signed, seen=seen):
            yield flaw
        async for flaw in forged_rows(conn, self.rows, self._deciders):
            yield flaw

    def origin(self, group: str) -> Origin:
        """Checks the signatures of the records that a group reads."""
        return Origin(self.settings.signatures, self.pool, group, self.rows.codes)

    async def perform(
        self,
        decider: Decider[S],
        context: Any,
        command: Any,
        body: Message,
        aggregate_id: UUID,
        caller: Call | None = None,
    ) -> S:
        """Answer a call through the door: return the state afterwards, or raise its Refusal.

        `body` is the request message as received: the same key with another body is refused.
        """
        caller = caller or caller_of(context)
        asked = self.request(caller, command, body, aggregate_id)
        self.report(context, caller, command, outcome := await self.batcher.submit(asked))
        state: S = outcome.state
        return state

    def request(
        self, caller: Call, command: Any, body: Message, aggregate_id: UUID
    ) -> Request[Any]:
        """The door's request for a call, the same for both roads."""
        body_hash, sealed_hash = hashes_of(body, self.settings.keyring.lasting)
        return Request(
            request_id=caller.request_id,
            aggregate_id=aggregate_id,
            command=command,
            body_hash=body_hash,
            sealed_hash=sealed_hash,
            actor=caller.actor,
            deadline=caller.deadline,
            expected_version=caller.expected_version,
            call=caller.call,
            traceparent=caller.traceparent,
        )

    def report(
        self, context: Any, caller: Call, command: Any, outcome: Outcome, road: str = "direct"
    ) -> None:
        """Report the outcome in metrics and trailing metadata. Raises its Refusal."""
        COMMANDS.labels(type(command).__name__, road).inc()
        OUTCOMES.labels(outcome.reason or ACCEPTED).inc()
        REPEATED.set(outcome.call != caller.call)
        said = [("liandong-road", road), ("liandong-replayed", str(REPEATED.get()).lower())]
        if outcome.refusal is None:  # the response need not contain the changed record
            said.append(("liandong-version", str(outcome.version)))
        context.set_trailing_metadata(said)
        if outcome.refusal is not None:
            raise outcome.refusal

    def _measure(self) -> None:
        """Tell in metrics what this service has in hand."""
        name, schema, pool = self.settings.name, self.settings.schema, self.pool
        tell_queue(name, self.batcher)
        for metric in (BATCH_SIZE, BATCH_SECONDS):
            begin(metric, [self.door.name])
        begin(RELAYED, [schema])
        begin(OUTCOMES, [ACCEPTED])
        groups = {group: [each.topic] for group, each in self.consumers.items()}
        self.run_beside(partial(measure_pool, pool, name, schema, self.pulse))
        self.run_beside(partial(measure_backlog, pool, schema, groups, self.pulse))
        self.run_beside(Lags(self.settings.brokers, groups, self.pulse, self.followers).run)

    async def run(self) -> None:
        """Serve for ever; a loop that ends or dies ends the process."""
        self.pulse.lack("database", "the database has not answered yet")
        operations = OperationsService(self.pool, self.rows.coded(LINKS), self.consumers)
        self.serve(rpc.add_OperationsServiceServicer_to_server, operations, pb.DESCRIPTOR)
        await self.keys.read(self.pool)
        await self.server.start()
        self.pulse.started()
        self._measure()
        async with asyncio.TaskGroup() as tasks:
            for loop in self._loops:
                tasks.create_task(_never_ending(loop))
            try:
                await asyncio.Event().wait()
            finally:
                # The loops still run, so that calls waiting for the batcher get their answers.
                self.pulse.lack("server", "it is stopping")
                for farewell in self._farewells:
                    farewell()
                await self.server.stop(GRACE)


async def _never_ending(loop: Run) -> None:
    await loop()
    raise RuntimeError(f"{loop} has ended")


@asynccontextmanager
async def open_shell(
    settings: Settings,
    pulse: Pulse,
    deciders: Sequence[Decider[Any]],
    ride: Ride = no_ride,
) -> AsyncIterator[Shell]:
    """Open the shell of one service; its connections are closed at the end of the block."""
    name = settings.keyring.told
    pool = await open_pool(settings.database_url, settings.schema, name=name)
    try:
        yield Shell(settings, pulse, pool, deciders, ride)
    finally:
        pool.terminate()
