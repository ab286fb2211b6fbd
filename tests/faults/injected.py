"""Each fault: how it is made, the alerts that must fire, and how it is mended."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaProducer

from backbone.kafka.origin import owner_of
from operate.home.home import read_pid
from tests.faults.skewed import Host
from tests.living.ledger import Ledger
from tests.people import CALL, Visit, act
from tests.servers import Installed
from tests.signing import signatures_in, signed
from tests.watching import Watch

INCIDENTS = "liandong.incident.events.v1"
RUBBISH = [("ce_type", b"liandong.incident.Rubbish"), ("ce_specversion", b"1.0")]
MANY = 25
# Seconds in which any process is back, and the city after PostgreSQL or the whole disk was gone.
SOON, LATER = 10.0, 30.0
AHEAD = 5.0
FREE = 256 * 1024


@dataclass
class Scene:
    """The city that suffers, and what the fault leaves for its remedy."""

    city: Installed
    visit: Visit
    watch: Watch
    left: Any = None
    ledger: Ledger = field(default_factory=Ledger)
    # When the last command of the remedy was given, or the remedy without one.
    remedied: float = 0.0
    # The port at which the provider of the telephone answers.
    telephone: int = 0


Act = Callable[[Scene], Awaitable[None]]
Alerts = tuple[tuple[str, dict[str, str]], ...]


async def nothing(scene: Scene) -> None:
    """It mends itself."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`alerts` fire with these labels after `make`, and clear after `mend`. What `make` needs comes
    `before`, and is taken away `after`; neither is measured.

    `dies` names the process that has to be another one afterwards: then the city mends itself, and
    is back `within` so many seconds of the fault; of any other fault, of the remedy.
    """

    name: str
    make: Act
    mend: Act
    alerts: Alerts
    within: float = SOON
    dies: str = ""
    told_within: float = 60.0
    before: Act = nothing
    after: Act = nothing


def holding(name: str) -> tuple[Act, Act]:
    """A process is held down, and started again."""

    async def make(scene: Scene) -> None:
        await liandong(scene, "stop", name)

    async def mend(scene: Scene) -> None:
        await liandong(scene, "start", name)

    return make, mend


async def liandong(scene: Scene, *command: str) -> None:
    scene.remedied = time.monotonic()
    done = await asyncio.to_thread(scene.city.liandong, *command, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


def signalling(name: str, number: signal.Signals) -> Act:
    async def make(scene: Scene) -> None:
        scene.left = scene.city.run["processes"][name]["pid"]
        os.kill(scene.left, number)

    return make


def killed(name: str) -> Fault:
    return _struck(name, "is killed", signal.SIGKILL)


def frozen(name: str) -> Fault:
    return _struck(name, "is frozen", signal.SIGSTOP)


def _struck(name: str, how: str, number: signal.Signals) -> Fault:
    within = LATER if name == "postgres" else SOON
    alerts = (("ProcessRestarts", {"process": name}),)
    return Fault(f"{name} {how}", signalling(name, number), nothing, alerts, within, name)


async def leave_an_urgent_call(scene: Scene) -> None:
    """A call of the highest priority is opened, and no unit claims it."""
    desk = await scene.visit.person("call_taker.990100-command")
    receipt = await act(desk, "/v1/receipts", {**CALL, "priority": "P1"})
    scene.ledger.made["alarm", "received"] += 1
    opened = await act(desk, f"/v1/receipts/{receipt['id']}:open")
    scene.left = opened["incident"]


async def claim_it(scene: Scene) -> None:
    clerk = await scene.visit.person(f"clerk.{scene.left['unit']}")
    await act(clerk, f"/v1/incidents/{scene.left['id']}:claim")


def rubbish(records: int) -> Act:
    """Records of a service that look like events and are none, all for one partition."""

    async def make(scene: Scene) -> None:
        by = signatures_in(scene.city, owner_of(INCIDENTS))
        value, key = b"\xff\xff", b"no id"
        headers = signed(INCIDENTS, key, value, RUBBISH, by)
        producer = AIOKafkaProducer(bootstrap_servers=scene.city.run["kafka"])
        await producer.start()
        try:
            for _ in range(records):
                await producer.send_and_wait(
                    INCIDENTS, value, key=key, headers=headers, partition=0
                )
        finally:
            await producer.stop()

    return make


async def acknowledge(scene: Scene) -> None:
    await liandong(scene, "deadletters", "acknowledge", "--all", "--note", "a fault that was made")


async def resume_the_stopped(scene: Scene) -> None:
    """As the doctor advises."""
    for labels in scene.watch.values("liandong_consumer_stopped == 1"):
        await liandong(scene, "consumers", "resume", dict(labels)["group"])
    await acknowledge(scene)


def supervisor(number: signal.Signals) -> Act:
    async def make(scene: Scene) -> None:
        scene.left = read_pid(scene.city.home / "lock")
        os.kill(scene.left, number)

    return make


async def adopt(scene: Scene) -> None:
    """The next supervisor takes over what runs; one that is frozen is killed first."""
    os.kill(scene.left, signal.SIGKILL) if _runs(scene.left) else None
    await liandong(scene, "up", "--detach", "--split")


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def fill_the_disk(scene: Scene) -> None:
    """Until nothing more can be written: the home lies on a small disk of its own."""
    scene.left = scene.city.home / "filler"

    def fill() -> None:
        with scene.left.open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                with suppress(OSError):
                    while file.write(bytes(size)) == size:
                        continue

    await asyncio.to_thread(fill)


async def make_room(scene: Scene) -> None:
    scene.left.unlink()


async def upgrade(scene: Scene) -> None:
    """Every process is restarted, one after the other, as after `git pull`."""
    await liandong(scene, "upgrade", "--yes")


# Of people, not of machines: one test plays it; the table does not wait for it.
UNCLAIMED = Fault(
    "an urgent matter is not claimed",
    leave_an_urgent_call,
    claim_it,
    (("UrgentUnclaimed", {"priority": "P1"}),),
    told_within=180.0,  # it may lie for 120 s
)
NO_KAFKA = Fault(
    "Kafka is gone",
    *holding("kafka"),
    (("ProcessDown", {"process": "kafka"}), ("EventsNotSent", {"schema": "alarm"})),
)
NO_POSTGRES = Fault(
    "PostgreSQL is gone",
    *holding("postgres"),
    (("ProcessDown", {"process": "postgres"}), ("NotReady", {"service": "alarm"})),
    LATER,
)
HELD = Fault("a service is away", *holding("dispute"), (("NotScraped", {"process": "dispute"}),))
NO_STREAM = Fault(
    "the stream processor is gone",
    *holding("workflow-stream"),
    (("ProcessDown", {"process": "workflow-stream"}),),
)
DEAD_LETTER = Fault("poison: one record", rubbish(1), acknowledge, (("DeadLetter", {}),))
STOPPED = Fault(
    "poison: a consumer has stopped", rubbish(MANY), resume_the_stopped, (("ConsumerStopped", {}),)
)
HOST = Host("alarm")
CLOCK = Fault(
    f"the clock of alarm jumps {AHEAD:g} s ahead",
    HOST.jumps(AHEAD),
    HOST.jumps(0),
    (("ClockSkew", {"schema": "alarm"}),),
    before=HOST.begins,
    after=HOST.ends,
)
NO_SUPERVISOR = Fault(
    "the supervisor is killed",
    supervisor(signal.SIGKILL),
    adopt,
    (("SupervisorGone", {}),),
)
STILL_SUPERVISOR = Fault(
    "the supervisor is frozen",
    supervisor(signal.SIGSTOP),
    adopt,
    (("SupervisorGone", {}),),
)
FULL_DISK = Fault("the disk is full", fill_the_disk, make_room, (("DiskNearlyFull", {}),), LATER)
ROLLING = Fault("a rolling upgrade", upgrade, nothing, ())

OTHERS = (
    FULL_DISK,
    NO_KAFKA,
    NO_POSTGRES,
    ROLLING,
    NO_STREAM,
    HELD,
    DEAD_LETTER,
    STOPPED,
    CLOCK,
)
# The last: the next supervisor counts restarts from 0 again.
SUPERVISORS = (NO_SUPERVISOR, STILL_SUPERVISOR)


def every(names: list[str]) -> list[Fault]:
    """All faults of a city with these processes. One of each is killed before one is frozen, so
    that the alert of the first has cleared."""
    return [*OTHERS, *map(killed, names), *map(frozen, names), *SUPERVISORS]
