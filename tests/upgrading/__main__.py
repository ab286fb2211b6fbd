"""`make upgrade-rehearsal`: rolls a living city of the release before to this code.

Its services work on the new schemas first. Then each gets a second process of the new release in
the same groups before the old one is replaced. All the while people work.
"""

import argparse
import asyncio
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.checkout import Code, checked_out
from tests.living import ledger
from tests.living.book import longest, seen
from tests.living.work import Staff
from tests.servers import Installed
from tests.upgrading.copies import NAMES, Copies, beside
from tests.upgrading.swapped import Swapped, released

# Seconds of work in each state of the city.
WORK, SIDE_BY_SIDE = 8.0, 3.0
SETTLED = 60.0
TRIES = 4


class Rehearsal:
    """One city from the old release to the new; `wrong` are the sentences of what must not be."""

    def __init__(self, folder: Path, code: Swapped) -> None:
        self._folder, self._code = folder, code
        self.city = Installed(folder, code.command, code.env)
        self.wrong: list[str] = []
        self._staff = Staff()
        self._began = 0.0

    async def run(self) -> None:
        await asyncio.to_thread(self._up)
        before = await ledger.matters(self.city.run["database"])
        with beside(self.city, self._code, self._folder / "copies") as copies:
            async with self._staff.at_work(self.city):
                await self._roll(copies)
                await self._staff.rest()
        await self._balance(before)
        self._ask("verify", "the evidence")
        self._ask("status", "the state")
        self._nothing_waits()

    def _up(self) -> None:
        """Start the release before; up to 0.2.0 it gives up where the machine is busy."""
        for _ in range(TRIES):
            try:
                return self.city.up("--split")
            except RuntimeError as error:
                say(f"once more: {error.args[0].splitlines()[0]}")
        raise RuntimeError("the release before does not start here")

    async def _roll(self, copies: Copies) -> None:
        await self._work("the release before, on its own schemas")
        self._code.swap()
        say(self._done("upgrade"))
        say(await asyncio.to_thread(self._migrated))
        await self._work("the release before, on the new schemas")
        for name in NAMES:
            await copies.start(name)
            await asyncio.sleep(SIDE_BY_SIDE)
            await asyncio.to_thread(self._done, "upgrade", "--yes", name)
            if code := await copies.stop(name):
                self.wrong.append(f"the copy of {name} ended with {code}")
            self._told(f"{name}: this release beside the one before, then alone")
        await self._work("this release alone")

    async def _work(self, what: str) -> None:
        await asyncio.sleep(WORK)
        self._told(what)

    def _told(self, what: str) -> None:
        asked = self._staff.book.between(self._began)
        self._began = time.monotonic()
        say(f"{what}: {len(asked)} requests, longest {longest(asked):.1f} s; saw {seen(asked)}")

    def _migrated(self) -> str:
        done = subprocess.run(
            [self._code.python, "-m", "operate.cli.targets", "migrate"],
            env=self.city.env, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    async def _balance(self, before: ledger.Matters) -> None:
        dsn = self.city.run["database"]
        found = await ledger.balance(dsn, self._staff.ledger, before)
        late = await ledger.settled(dsn, self._staff.ledger, SETTLED)
        verbs, failed = self._staff.ledger.done.total(), self._staff.take_failed()
        say(
            f"{verbs} acts were answered as done: lost {len(found.lost)}, doubled "
            f"{len(found.doubled)}, failed {len(failed)}, not heard of {len(late)}"
        )
        self.wrong += [*found.lost, *found.doubled, *failed, *late]

    def _ask(self, command: str, what: str) -> None:
        told = self.city.liandong(command)
        say(f"{what}: {told.stdout.strip().splitlines()[-1]}")
        if told.returncode:
            self.wrong.append(f"liandong {command}: {told.stdout}{told.stderr}")

    def _nothing_waits(self) -> None:
        if json.loads(self._done("deadletters", "list", "--json")):
            say(f"put aside by the release before: {self._done('deadletters', 'replay')}")
        listed = json.loads(self._done("deadletters", "list", "--json"))
        self.wrong += [f"it waits: {each}" for each in listed]

    def _done(self, *command: str) -> str:
        done = self.city.liandong(*command, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()


def rehearse(old: Code) -> Sequence[str]:
    folder = Path(tempfile.mkdtemp(prefix="liandong-upgrade-"))
    rehearsal = Rehearsal(folder, Swapped(folder / "code", old))
    try:
        asyncio.run(rehearsal.run())
    finally:
        rehearsal.city.down()
    if rehearsal.wrong:
        say(f"what is left: {folder}")
    else:
        shutil.rmtree(folder)
    return rehearsal.wrong


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # its cities end with it
    parser = argparse.ArgumentParser(prog="python -m tests.upgrading", description=__doc__)
    parser.add_argument("--from", dest="commit", default=released(), help="the release before")
    commit = parser.parse_args().commit
    say(f"From {commit} to the code here.")
    with checked_out(commit) as old:
        wrong = rehearse(old)
    say("\n".join(wrong) or "the upgrade was seamless: 0 failed, 0 lost, 0 doubled")
    return min(len(wrong), 1)


if __name__ == "__main__":
    sys.exit(main())
