"""A city on three Kafka brokers, of which one is lost."""

import asyncio
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from operate.home.ports import free_port
from operate.run.launch import Launch, run_once
from operate.servers import kafka
from tests.faults.injected import Fault, Scene
from tests.faults.playing import Row
from tests.faults.stage import at_work
from tests.servers import Installed, Server, until

NAME = "one broker of three is lost"
PROPERTIES = """\
process.roles=broker,controller
node.id={number}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
listeners=BROKER://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
log.dirs={data}
offsets.topic.num.partitions=8
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
"""


@dataclass(frozen=True, slots=True)
class Node:
    """One of three."""

    number: int
    port: int
    controller: int


def cluster(folder: Path) -> "list[Broker]":
    """Three brokers with storage of their own, formatted and not started."""
    nodes = [Node(number, free_port(), free_port()) for number in (1, 2, 3)]
    voters = ",".join(f"{each.number}@127.0.0.1:{each.controller}" for each in nodes)
    name = f"--cluster-id=a{urlsafe_b64encode(uuid.uuid4().bytes).decode()[:21]}"
    classes = kafka.class_path()
    warm = kafka.warm(kafka.class_cache(classes))
    servers = []
    for node in nodes:
        place = folder / f"kafka-{node.number}"
        place.mkdir(parents=True)
        log, settings = place / "kafka.log", place / "server.properties"
        places = {"port": node.port, "controller": node.controller, "data": place / "data"}
        settings.write_text(PROPERTIES.format(number=node.number, voters=voters, **places))
        tool = ["kafka.tools.StorageTool", "format", name, "-c", str(settings)]
        run_once(Launch([*kafka.java(classes), *tool], log), "the set-up of a broker")
        argv = [*kafka.java(classes, *warm), "kafka.Kafka", str(settings)]
        servers.append(Broker(f"127.0.0.1:{node.port}", Launch(argv, log)))
    return servers


class Broker(Server):
    """A broker with its address."""

    def __init__(self, address: str, launch: Launch) -> None:
        super().__init__(launch)
        self.address = address

    async def started(self) -> None:
        await until(lambda: kafka.answers(self.address), self.start_again_if_ended)


def one_lost(broker: Broker) -> Fault:
    async def make(scene: Scene) -> None:
        broker.kill()

    async def mend(scene: Scene) -> None:
        broker.start()
        await broker.started()

    return Fault(NAME, make, mend, (("CopiesMissing", {}),))


async def three(folder: Path, words: Sequence[str]) -> list[Row]:
    """Play it, unless other faults were asked for."""
    if words and not any(word in NAME for word in words):
        return []
    with ExitStack() as servers:
        brokers = await asyncio.to_thread(cluster, folder)
        for each in brokers:
            each.start()
            servers.callback(each.kill)
        for each in brokers:
            await each.started()
        named = ",".join(each.address for each in brokers)
        city = Installed(folder, env={"KAFKA_BOOTSTRAP": named, "LIANDONG_SECURE": "0"})
        async with at_work(city, folder) as stage:
            return await stage.play([one_lost(brokers[0])])
