"""Brokers of one cluster as processes, each with a storage of its own."""

import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from pathlib import Path

from backbone.process.wires import Brokers
from operate.run.launch import Launch, run_once
from operate.servers import kafka
from tests.servers import Server, until

PROPERTIES = """\
process.roles=broker,controller
node.id={number}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
log.dirs={data}
group.initial.rebalance.delay.ms=0
"""


class Node(Server):
    """A broker, which is a controller too; `asked` is where it is asked whether it has started."""

    def __init__(self, launch: Launch, address: str, asked: Brokers) -> None:
        super().__init__(launch)
        self.address, self._asked = address, asked

    async def started(self) -> None:
        await until(lambda: kafka.answers(self._asked), self.start_again_if_ended)


def fresh_cluster() -> str:
    """The id of a new cluster."""
    return urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def properties_of(number: int, controllers: Iterable[int], place: Path) -> str:
    """What the brokers of every cluster have in common; `controllers` are their ports, in order."""
    voters = ",".join(f"{n}@127.0.0.1:{port}" for n, port in enumerate(controllers, 1))
    return PROPERTIES.format(number=number, voters=voters, data=place / "data")


def formatted(place: Path, properties: str, cluster: str, *more: str) -> Launch:
    """The launch of a broker with a storage formatted in `place`, with `more` options. Blocks."""
    place.mkdir(parents=True)
    settings, log = place / "server.properties", place / "log"
    settings.write_text(properties)
    classes = kafka.class_path()
    # With "=", because one id in 64 begins with a dash.
    tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(settings)]
    run_once(Launch([*kafka.java(classes), *tool, *more], log), "the set-up of a broker")
    java = kafka.java(classes, *kafka.warm(kafka.class_cache(classes)))
    return Launch([*java, "kafka.Kafka", str(settings)], log)
