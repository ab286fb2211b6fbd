"""Each fault: how it is made, the alerts that must fire, and how it is mended."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer

from tests.people import CALL, Visit, act
from tests.servers import Installed
from tests.watching import Watch

INCIDENTS = "liandong.incident.events.v1"
RUBBISH = [("ce_type", b"liandong.incident.Rubbish"), ("ce_specversion", b"1.0")]
MANY = 25


@dataclass
class Scene:
    """The city that suffers, and what the fault leaves for its remedy."""

    city: Installed
    visit: Visit
    watch: Watch
    left: Any = None


Act = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """`alerts` fire with these labels after `make`, and clear after `mend`."""

    name: str
    make: Act
    mend: Act
    alerts: tuple[tuple[str, dict[str, str]], ...]


async def nothing(scene: Scene) -> None:
    """It mends itself."""


def holding(name: str) -> tuple[Act, Act]:
    """A process is held down, and started again."""

    async def make(scene: Scene) -> None:
        await asyncio.to_thread(scene.city.liandong, "stop", name)

    async def mend(scene: Scene) -> None:
        await asyncio.to_thread(scene.city.liandong, "start", name)

    return make, mend


def signalling(name: str, number: signal.Signals) -> Act:
    async def make(scene: Scene) -> None:
        scene.left = scene.city.run["processes"][name]["pid"]
        os.kill(scene.left, number)

    return make


async def go_on(scene: Scene) -> None:
    """Let the frozen process go on, unless it was ended meanwhile."""
    try:
        os.kill(scene.left, signal.SIGCONT)
    except ProcessLookupError:
        return


async def leave_an_urgent_call(scene: Scene) -> None:
    """A call of the highest priority is opened, and no unit claims it."""
    desk = await scene.visit.person("call_taker.990100-command")
    receipt = await act(desk, "/v1/receipts", {**CALL, "priority": "P1"})
    opened = await act(desk, f"/v1/receipts/{receipt['id']}:open")
    scene.left = opened["incident"]


async def claim_it(scene: Scene) -> None:
    clerk = await scene.visit.person(f"clerk.{scene.left['unit']}")
    await act(clerk, f"/v1/incidents/{scene.left['id']}:claim")


async def lose_kafka(scene: Scene) -> None:
    """Kafka is gone, and a call is taken meanwhile."""
    await asyncio.to_thread(scene.city.liandong, "stop", "kafka")
    desk = await scene.visit.person("call_taker.990100-command")
    await act(desk, "/v1/receipts", CALL)


def rubbish(records: int) -> Act:
    """Records that look like events and are none, all for one partition."""

    async def make(scene: Scene) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=scene.city.run["kafka"])
        await producer.start()
        try:
            for _ in range(records):
                await producer.send_and_wait(
                    INCIDENTS, b"\xff\xff", key=b"no id", headers=RUBBISH, partition=0
                )
        finally:
            await producer.stop()

    return make


async def restart_the_stopped(scene: Scene) -> None:
    """End the processes whose consumers stand still; the supervisor starts them again."""
    stopped = scene.watch.values("liandong_consumer_stopped == 1")
    names = {dict(labels)["process"].split("+")[0] for labels in stopped}
    processes = scene.city.run["processes"]  # the file is gone while one of them is down
    for name in names:
        os.kill(processes[name]["pid"], signal.SIGKILL)


KILLED = Fault(
    "a service is killed",
    signalling("emergency", signal.SIGKILL),
    nothing,
    (("ProcessRestarts", {"process": "emergency"}),),
)
HELD = Fault("a service is away", *holding("dispute"), (("NotScraped", {}), ("ProcessDown", {})))
NO_KAFKA = Fault(
    "Kafka is gone",
    lose_kafka,
    holding("kafka")[1],
    (("ProcessDown", {"process": "kafka"}), ("EventsNotSent", {"schema": "alarm"})),
)
UNCLAIMED = Fault(
    "an urgent matter is not claimed",
    leave_an_urgent_call,
    claim_it,
    (("UrgentUnclaimed", {"priority": "P1"}),),
)
DEAD_LETTER = Fault("an unreadable record", rubbish(1), nothing, (("DeadLetter", {}),))
STOPPED = Fault(
    "a consumer has stopped",
    rubbish(MANY),
    restart_the_stopped,
    (("ConsumerStopped", {}),),
)
FROZEN = Fault(
    "a service is frozen",
    signalling("directory", signal.SIGSTOP),
    go_on,
    (("NotScraped", {"process": "directory"}),),
)
NO_POSTGRES = Fault(
    "PostgreSQL is gone",
    *holding("postgres"),
    (("ProcessDown", {"process": "postgres"}), ("NotReady", {"service": "alarm"})),
)
NO_STREAM = Fault(
    "the stream processor is gone",
    *holding("workflow-stream"),
    (("ProcessDown", {"process": "workflow-stream"}),),
)

ALL = (
    UNCLAIMED,
    KILLED,
    DEAD_LETTER,
    NO_KAFKA,
    HELD,
    FROZEN,
    NO_POSTGRES,
    NO_STREAM,
    STOPPED,
)
