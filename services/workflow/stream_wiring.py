"""Builds the stream processor of workflow from the settings.

Apart from the front, which starts quicker without Faust and is smaller by 17 MiB.
"""

import asyncio
import logging
from tempfile import TemporaryDirectory
from typing import Any

from backbone.directory.replica import COPIES, Replica
from backbone.directory.replica import TOPIC as DIRECTORY
from backbone.door.batcher import Batcher, patiently
from backbone.door.carrying import Carrier
from backbone.door.decider import Decider
from backbone.door.door import Door
from backbone.kafka.bookmark import open_reader
from backbone.kafka.lag import Follower, Lags
from backbone.kafka.origin import Origin
from backbone.kafka.producer import Burial, Publisher, is_passing
from backbone.postgres.pool import open_pool
from backbone.process.pulse import Pulse, end_if_asked
from backbone.process.settings import Settings
from backbone.process.wires import Brokers
from backbone.shell.directory import telling_version
from backbone.shell.measuring import measure_pool, tell_queue
from backbone.shell.proving import rows_of
from backbone.shell.standing import watch_database
from services.workflow import stream
from services.workflow.accounting import ride
from services.workflow.wiring import KINDS, build_decider, build_supervisions

log = logging.getLogger(__name__)


async def run(settings: Settings, pulse: Pulse) -> None:
    """Run the stream processor; it repeats a batch until Postgres accepts it."""
    name = settings.keyring.told
    async with await open_pool(settings.database_url, settings.schema, name=name) as pool:
        rows = rows_of(pool, settings)
        origin = Origin(settings.signatures, pool, stream.GROUP, rows.codes)
        replica = Replica(pool, settings.brokers, KINDS, telling_version(settings.name))
        replica.coded(rows.coded(COPIES))
        deciders: list[Decider[Any]] = [
            build_decider(lambda: replica.city),
            build_supervisions(lambda: replica.city),
        ]
        carrier = Carrier(settings.keyring.lasting, deciders)
        door = Door(pool, deciders, ride=ride, carrier=carrier, rows=rows)
        batcher = Batcher(patiently(door.perform, pulse), pulse)
        publisher = Publisher(settings.brokers)
        burial = Burial(publisher, stream.GROUP)
        async with asyncio.TaskGroup() as tasks:
            for loop in (batcher.run, publisher.run, pulse.run):
                tasks.create_task(loop())
            tasks.create_task(measure_pool(pool, settings.name, settings.schema, pulse))
            copy = {f"{settings.schema}.directory": Follower([DIRECTORY], replica.read)}
            lags = Lags(settings.brokers, {stream.GROUP: stream.TOPICS}, pulse, copy)
            tasks.create_task(lags.run())
            tell_queue(settings.name, batcher)
            tasks.create_task(replica.run(pulse, burial.bury, origin))
            tasks.create_task(watch_database(pool, settings.schema, pulse))
            await _stream(settings, stream.Road(batcher, burial, origin), replica, pulse)


async def learn_topics(brokers: Brokers, origin: Origin) -> None:
    """Learn where unsigned records of the stream's topics end, before the first one is read."""
    while True:
        end_if_asked()
        try:
            # Mostly all is known: then no reader has to be closed, for which TLS may take long.
            if await origin.recall(stream.TOPICS):
                async with open_reader(brokers, *stream.TOPICS) as consumer:
                    await origin.learn(consumer, stream.TOPICS)
            return
        except Exception as error:
            if not is_passing(error):
                raise
            log.warning("topics.away", extra={"error": str(error)})
        await asyncio.sleep(0.5)


async def _stream(settings: Settings, road: stream.Road, replica: Replica, pulse: Pulse) -> None:
    """Run Faust in this event loop; if it ends, crashes or stands still, the process ends."""
    await replica.wait()
    await learn_topics(settings.brokers, road.origin)
    with TemporaryDirectory() as data:
        app = stream.build_app(settings.brokers, road, data, settings.keyring.lasting)
        await app.start()
        pulse.started()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(stream.watch(app, road))
                await app.wait_until_stopped()
                raise RuntimeError("the stream processor has stopped")
        finally:
            await app.stop()
