"""`make rehearse`: the chart's deployment as processes of this machine, its first hour, its faults.

Prints what happened with the requests sent, the failed ones, the longest wait, and what was lost or
doubled. The exit code is 1 if anything failed, was lost or stands twice.
"""

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop

from operate.cli.screen import tell
from operate.home.copies import written
from operate.home.trouble import Trouble
from operate.replay.client import Connection
from tests.killing import killed, pids
from tests.rehearsal import faults
from tests.rehearsal.brokers import Cluster
from tests.rehearsal.chart import Rendered, rendered
from tests.rehearsal.counting import Count, count
from tests.rehearsal.front import gateways_of, in_front_of
from tests.rehearsal.load import Failed, Keys, Load, Phase, at_work
from tests.rehearsal.orders import TEAM, Orders, Terminal
from tests.servers import Installed

CALLERS, PAUSE = 3, 0.2
STRETCH = 20.0


class Rehearsal:
    """One city of the chart's shape, with its brokers."""

    def __init__(self, folder: Path, wanted: Rendered) -> None:
        self._wanted = wanted
        own = {name: value for told in wanted.told.values() for name, value in told.items()}
        self.city = Installed(folder, env={"LIANDONG_SECURE": "1", **own})
        made = self.city.liandong("certificates", "create")
        if made.returncode:
            raise RuntimeError(made.stderr)
        certificates = self.city.home / "certificates"
        self.cluster = Cluster(folder, wanted.brokers, wanted.kafka, certificates)
        self.city.env |= self.cluster.told
        self.phases: list[Phase] = []
        self.told: list[str] = []

    def start(self) -> None:
        copies = {name: number for name, number in self._wanted.copies.items() if number > 1}
        up = ("up", "--detach", "--split", "--scale", written(copies))
        began = time.monotonic()
        done = self.city.liandong(*up, timeout=600)
        if done.returncode:
            raise RuntimeError(done.stderr + done.stdout)
        processes = len(set(pids(self.city).values())) + self._wanted.brokers + 1
        say(f"{processes} processes are ready after {time.monotonic() - began:.0f} s")

    async def run(self) -> bool:
        """Play everything; return whether nothing failed, was lost or doubled."""
        run = self.city.run
        async with (
            in_front_of(gateways_of(run)) as front,
            at_work(run, front.port, CALLERS, PAUSE) as load,
            Connection(f"https://127.0.0.1:{front.port}", 4, ca=run["ca"]) as connection,
        ):
            orders = self._orders(run, load, connection)
            listening = asyncio.create_task(orders.terminal.listen())
            sending = asyncio.create_task(send(orders, load))
            try:
                await self._play(load, f"https://127.0.0.1:{front.port}")
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
                listening.cancel()
        found = await count(run["database"], self.phases)
        return self.show(found, orders)

    def _orders(self, run: dict[str, Any], load: Load, connection: Connection) -> Orders:
        leader = next(row["key"] for row in run["api_keys"] if row.get("team") == TEAM)
        desk = Keys(run).of("990100-command", "call_taker")
        return Orders(load.spare, Terminal(connection, leader), desk, leader)

    async def _play(self, load: Load, url: str) -> None:
        self._enter(load, "the first hour")
        steps = asyncio.to_thread(faults.first_steps, self.city.run, url)
        await asyncio.gather(steps, asyncio.sleep(STRETCH))
        self._enter(load, "a broker is killed")
        self.cluster.nodes[0].kill()
        await asyncio.sleep(STRETCH)
        self._enter(load, "the broker comes back")
        self.cluster.nodes[0].start()
        await self.cluster.nodes[0].started()
        await asyncio.sleep(STRETCH)
        self._enter(load, "the active relay is killed")
        dsn = self.city.run["database"]
        active, other, seconds = await faults.relay_moves(self.city, dsn, "workflow")
        self.told.append(f"{other} relayed {seconds:.1f} s after {active} was killed")
        await asyncio.sleep(STRETCH)
        self._enter(load, "a stream processor is killed")
        await killed(self.city, "workflow-stream")
        await asyncio.sleep(STRETCH)
        self._enter(load, "rolling restart")
        seconds = await faults.rolled(self.city)
        self.told.append(f"the rolling restart took {seconds:.0f} s")
        await asyncio.sleep(2)

    def _enter(self, load: Load, name: str) -> None:
        self.phases.append(load.enter(name))
        say(f"… {name}")

    def show(self, found: dict[str, Count], orders: Orders) -> bool:
        """Print the table; return whether nothing failed, was lost or doubled."""
        say("")
        row("", "requests", "longest wait", "failed", "lost", "doubled")
        bad = len(found["outbox"].lost)
        for phase in self.phases:
            of, failed = found[phase.name], phase.failed.total()
            figures = failed, len(of.lost), len(of.doubled)
            row(phase.name, phase.sent, f"{phase.longest:.2f} s", *figures)
            bad += sum(figures)
        figures = 0, len(orders.lost), len(orders.doubled)
        row("orders to a terminal", orders.sent, f"{orders.longest:.2f} s", *figures)
        for line in (*self.told, *causes(self.phases, found, orders)):
            say(f"  {line}")
        return not bad + sum(figures)


def row(name: str, *figures: object) -> None:
    sent, wait, *others = figures
    say(f"{name:32}{sent:>9}{wait:>14}" + "".join(f"{each:>9}" for each in others))


async def send(orders: Orders, load: Load) -> None:
    """Orders to a team with a terminal, one after the other, until cancelled."""
    await orders.terminal.connected.wait()
    while True:
        try:
            await orders.once(load.phase)
        except Failed:
            await asyncio.sleep(0.2)
        await asyncio.sleep(1)


def causes(phases: list[Phase], found: dict[str, Count], orders: Orders) -> list[str]:
    told = [f"{each.name}: {reason} ({n}×)" for each in phases for reason, n in each.failed.items()]
    for name, of in found.items():
        told += [f"{name}: lost {each}" for each in of.lost]
        told += [f"{name}: doubled {each}" for each in of.doubled]
    told += [f"lost {each}" for each in orders.lost] + [
        f"doubled {each}" for each in orders.doubled
    ]
    return [*told, f"the terminal connected {orders.terminal.welcomes} times"]


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - to the person who started it


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.rehearsal", description=__doc__)
    parser.add_argument("--set", action="append", default=[], help="a value of the chart")
    try:
        wanted = rendered(parser.parse_args(argv).set)
    except Trouble as trouble:
        tell(trouble)
        return 1
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp(prefix="liandong-rehearsal-"))
    rehearsal, is_well = Rehearsal(folder, wanted), False
    try:
        asyncio.run(rehearsal.cluster.start())
        rehearsal.start()
        is_well = uvloop.run(rehearsal.run())
    finally:
        rehearsal.city.down()
        rehearsal.cluster.stop()
        if is_well:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            say(f"what is left, for the reason: {folder}")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
