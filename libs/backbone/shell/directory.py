"""Runs a replica of the directory in a service."""

from collections.abc import Callable, Collection

from backbone.directory.replica import COPIES, TOPIC, Replica
from backbone.kafka.lag import Follower
from backbone.kafka.producer import Burial
from backbone.process.metrics import CITY_VERSION, begin
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
    told = telling_version(settings.name, changed)
    replica = Replica(shell.pool, settings.brokers, kinds, told, polygons=polygons)
    replica.coded(shell.rows.coded(COPIES))
    bury = Burial(shell.publisher, group).bury
    shell.followers[group] = Follower([TOPIC], replica.read)
    shell.run_beside(lambda: replica.run(shell.pulse, bury, origin))
    return replica


def telling_version(
    copy: str, changed: Callable[[City], object] = lambda city: None
) -> Callable[[City], object]:
    """Tell in metrics which version of the city this copy has, then call `changed`."""
    begin(CITY_VERSION, [copy])

    def told(city: City) -> None:
        CITY_VERSION.labels(copy).set(city.head.version)
        changed(city)

    return told
