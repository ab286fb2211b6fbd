"""A city on three Kafka brokers, of which one is lost."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from operate.home.ports import free_port
from tests.brokers import Node, formatted, fresh_cluster, properties_of
from tests.faults.injected import Fault, Scene
from tests.faults.playing import Row
from tests.faults.stage import at_work
from tests.servers import Installed

NAME = "one broker of three is lost"
BROKERS = 3
RUNG = ("CopiesMissing",)
OWN = """\
listeners=BROKER://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
offsets.topic.num.partitions=8
auto.create.topics.enable=false
"""


def cluster(folder: Path) -> list[Node]:
    """Three brokers with storage of their own, formatted and not started."""
    name, controllers = fresh_cluster(), [free_port() for _ in range(BROKERS)]
    servers = []
    for number, controller in enumerate(controllers, 1):
        place, port = folder / f"kafka-{number}", free_port()
        properties = properties_of(number, controllers, place)
        properties += OWN.format(port=port, controller=controller)
        address = f"127.0.0.1:{port}"
        servers.append(Node(formatted(place, properties, name), address, address))
    return servers


def one_lost(broker: Node) -> Fault:
    async def make(scene: Scene) -> None:
        broker.kill()

    async def mend(scene: Scene) -> None:
        broker.start()
        await broker.started()

    return Fault(NAME, make, mend, tuple((alert, {}) for alert in RUNG))


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
