"""Runs a replica of the directory in a service."""

from collections.abc import Callable, Collection

from aiokafka.structs import ConsumerRecord

from backbone.directory.replica import TOPIC, Replica
from backbone.kafka.producer import dead_topic
from backbone.process.metrics import DEAD_LETTERS
from backbone.shell.shell import Shell
from backbone.words.city import City


def follow_directory(
    shell: Shell,
    kinds: Collection[str],
    changed: Callable[[City], object] = lambda city: None,
    *,
    polygons: bool = False,
) -> Replica:
    """Run a replica of these kinds; the service becomes ready once a city is loaded."""
    settings = shell.settings
    group = f"{settings.schema}.directory"
    origin = shell.origin(group)
    replica = Replica(shell.pool, settings.brokers, kinds, changed, polygons=polygons)

    async def bury(record: ConsumerRecord, reason: str) -> None:
        await shell.publisher.bury(dead_topic(TOPIC, group), record, reason)
        DEAD_LETTERS.labels(group).inc()

    shell.run_beside(lambda: replica.run(shell.pulse, bury, origin))
    return replica
