"""Ways to lose a city or a part of it, and to bring it back, as an operator does."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from operate.backup import manifest as manifests
from operate.backup.manifest import Manifest
from operate.home import leftovers
from operate.servers.postgres import binary
from tests.people import act, open_incident, visiting
from tests.servers import Installed

AGREE = 60.0


def done(city: Installed, *command: str) -> str:
    """Run a command that must succeed; return what it said."""
    answer = city.liandong(*command)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def backed_up(city: Installed, place: Path, keys: Path) -> tuple[Path, Manifest]:
    done(city, "backup", str(place), "--keys", str(keys))
    made = max(place.glob("liandong-*"))
    return made, manifests.read(made)


def lose_the_machine(city: Installed) -> None:
    """Every process at once, without a word."""
    os.kill(int((city.home / "lock").read_text()), signal.SIGKILL)
    for process in leftovers.find(str(city.home)):
        with suppress(psutil.Error):
            process.kill()


def lose_kafka(city: Installed) -> None:
    """Kafka's disk, while the city is down."""
    city.down()
    shutil.rmtree(city.home / "kafka")
    city.up()


def base_of(city: Installed, folder: Path) -> None:
    """The base of a point-in-time recovery: the server's own copy of all its files."""
    address = re.sub(r"/[^/]*$", "/postgres", city.run["database"])
    command = [str(binary("pg_basebackup")), "-D", str(folder), "-X", "stream", "-c", "fast"]
    subprocess.run([*command, "-d", address], check=True, capture_output=True)


def put_back(base: Path, archive: Path, upto: datetime, city: Installed, keys: Path) -> None:
    """Put the base into a new home, to be recovered up to the moment."""
    data = city.home / "postgres" / "data"
    data.parent.mkdir(parents=True)
    shutil.copytree(base, data)
    data.chmod(0o700)
    (data / "recovery.signal").touch()
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.write(f"restore_command = 'cp \"{archive}/%f\" %p'\n")
        settings.write(f"recovery_target_time = '{upto.isoformat()}'\n")
    shutil.copy(keys, city.home / "secret")
    done(city, "restore", "--in-place")


async def claimed_while_alarm_is_away(city: Installed) -> str:
    """A claim of which the receipt has not heard: its event lies in Kafka and in the journal."""
    async with visiting(city) as visit:
        desk = visit.system("990100-command", "call_taker")
        incident = await open_incident(desk)
        done(city, "stop", "alarm")
        clerk = visit.system(incident["unit"], "clerk", "drill")
        await act(clerk, f"/v1/incidents/{incident['id']}:claim")
    await all_sent(city)
    return str(incident["id"])


async def all_sent(city: Installed) -> None:
    """Wait until workflow's events are in Kafka."""
    conn = await asyncpg.connect(city.run["database"])
    try:
        async with asyncio.timeout(AGREE):
            while await conn.fetchval("SELECT count(*) FROM workflow.unsent"):
                await asyncio.sleep(0.1)
    finally:
        await conn.close()


async def heard(city: Installed, receipt: str) -> Any:
    """Wait until the receipt says that its incident is claimed."""
    async with visiting(city) as visit, asyncio.timeout(AGREE):
        desk = visit.system("990100-command", "call_taker")
        while (now := await desk.get(f"/v1/receipts/{receipt}"))["incident"]["state"] != "CLAIMED":
            await asyncio.sleep(0.2)
        return now
