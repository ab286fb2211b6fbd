"""Makes the golden files of one release: starts its city, plays the stories, writes down all of it.

    python -m tests.golden.make 0.2.0                        # of this checkout
    python -m tests.golden.make 0.1.0 --checkout ../release  # of another one, once set up

Takes about four minutes, two of them waiting for clocks of one minute. Nothing is written by SQL:
every row and record is what the release does when people ask for it over HTTP.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

from tests.golden import dump, field, incidents, intake
from tests.golden.people import City
from tests.servers import free_base

HERE = Path(__file__).parent
# The demo key of every golden city: fixed, so that what it sealed can be opened for ever.
SECRET = sha256(b"liandong golden files").hexdigest()
MINUTES = ("hand_off_answer_minutes", "return_answer_minutes", "claim_lapse_minutes")
SERVICES = ("workflow", "alarm", "emergency", "petition")  # the last one with those of its process
ANCHORED = 13.0  # seconds from the start of a service to its first anchor


class Release:
    """One checkout with its own environment, and one city of it in a home of its own."""

    def __init__(self, checkout: Path, home: Path) -> None:
        self.checkout, self.home = checkout, home
        port = str(free_base())
        self._env = {**os.environ, "LIANDONG_HOME": str(home), "LIANDONG_PORT": port}

    def liandong(self, *arguments: str) -> None:
        command = [str(self.checkout / ".venv/bin/liandong"), *arguments]
        subprocess.run(command, cwd=self.checkout, env=self._env, check=True, timeout=300)

    def up(self) -> Any:
        """Start with the demo key and return what scripts are told."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret = self.home / "secret"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        self.liandong("up", "--detach")
        return json.loads((self.home / "run.json").read_text())

    def load(self, pack: Path) -> None:
        self.liandong("city", "load", str(pack))


def short_pack(demo: Path, folder: Path) -> Path:
    """The demo's pack with every clock at one minute."""
    pack = shutil.copytree(demo, folder / "short")
    lines, priorities = [], False
    for line in (pack / "clocks.yaml").read_text().splitlines():
        name = line.partition(":")[0].strip()
        priorities = name == "sign_in_minutes" or (priorities and line.startswith(" "))
        is_clock = name in MINUTES or (priorities and name != "sign_in_minutes")
        lines.append(f"{line.partition(':')[0]}: 1" if is_clock else line)
    (pack / "clocks.yaml").write_text("\n".join(lines) + "\n")
    return pack


async def play(release: Release, city: City, short: Path) -> None:
    await incidents.play(city)
    await intake.play_receipts(city)
    await intake.play_receipts_again(city)
    await asyncio.gather(field.play_missions(city), field.play_care(city))
    await intake.play_petitions(city)
    await intake.play_disputes(city)
    await asyncio.to_thread(release.load, short)
    await incidents.play_lapses(city)
    await asyncio.to_thread(release.load, release.checkout / "deploy/city/demo")
    await asyncio.sleep(3)


def anchored(release: Release) -> None:
    """Start the services again: each writes an anchor over its journal a moment later."""
    for action in ("stop", "start"):
        for service in SERVICES:
            release.liandong(action, service)


async def make(name: str, checkout: Path) -> None:
    into = HERE / name
    with tempfile.TemporaryDirectory(prefix="golden") as folder:
        release = Release(checkout, Path(folder) / "run")
        try:
            run = release.up()
            short = short_pack(checkout / "deploy/city/demo", Path(folder))
            async with httpx.AsyncClient(base_url=run["gateway"], timeout=30) as http:
                city = City(run, http)
                await play(release, city, short)
            await asyncio.to_thread(anchored, release)
            await asyncio.sleep(ANCHORED)
            await dump.dump_database(run["database"], into / "database")
            await dump.dump_topics(run["kafka"], into / "kafka")
        finally:
            release.liandong("down")
    about = {
        "commit": _said("git", "-C", str(checkout), "rev-parse", "HEAD"),
        "secret": SECRET,
        "lacking": lacking(checkout, into),
        "answers": dict(sorted(city.told.items())),
    }
    (into / "made.json").write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n")


def lacking(checkout: Path, into: Path) -> dict[str, list[str]]:
    """What the release can write and the stories have not: kinds of events, states, commands."""
    can = json.loads(_said(str(checkout / ".venv/bin/python"), str(HERE / "contract.py")))
    rows = [line for path in sorted(into.glob("database/*")) for line in dump.read(path)]
    kinds = {line["row"]["kind"] for line in rows if line["table"] == "journal"}
    states = {
        f"{line['table']} {line['row'].get('state') or line['row'].get('duty')}" for line in rows
    }
    return {
        "kinds": sorted(set(can["kinds"]) - kinds),
        "states": sorted(set(can["states"]) - states),
    }


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="the release, such as 0.2.0")
    parser.add_argument("--checkout", type=Path, default=HERE.parents[1])
    chosen = parser.parse_args()
    asyncio.run(make(chosen.name, chosen.checkout.resolve()))


if __name__ == "__main__":
    main()
