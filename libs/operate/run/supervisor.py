"""The supervisor: keeps all children of one home running, and publishes their state."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from operate.home import holds
from operate.home.home import Home, write, write_over
from operate.home.logfiles import trim
from operate.home.trouble import Trouble
from operate.run.adopted import Adopted
from operate.run.child import Child, Program, State
from operate.run.facts import Facts, without_ended
from operate.run.metrics import Restarts, tell_disk

log = logging.getLogger(__name__)

POLL = 0.1
TRIM = 30.0
# The state file keeps this room, so that it can be written over when the disk is full.
STATE_ROOM = 32_768

# The addresses of each process, for run.json.
Addresses = Mapping[str, Mapping[str, str]]


class Supervisor:
    """`boot` starts the children in its own order, and returns the facts of run.json."""

    def __init__(
        self,
        home: Home,
        programs: Sequence[Program],
        boot: Callable[["Supervisor"], Awaitable[Facts]],
        addresses: Addresses,
    ) -> None:
        self.home = home
        self.doing = ""
        self.children = [Child(program, str(home.path), self._changed) for program in programs]
        self._restarts = Restarts(self.children)
        tell_disk(home.path)
        self._boot = boot
        self._addresses = addresses
        self._facts: Facts | None = None
        self._written: dict[str, str] = {}
        self._held = holds.Held(home.held)
        self._complete = asyncio.Event()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Stop everything; `run` then returns."""
        self._stopping.set()

    def child(self, name: str) -> Child:
        """The child with this name. Raises KeyError for an unknown name."""
        for child in self.children:
            if name in child.program.names:
                return child
        raise KeyError(name)

    def adopt(self, found: Mapping[str, Adopted], *, at_once: bool) -> None:
        """Take over these processes. `at_once`: a service of them that dies is started again from
        now on, and not only when the boot comes to it."""
        if found:
            self._keep_down_what_was()
        for child in self.children:
            child.adopted = found.get(child.program.identity())
            if child.adopted and child.program.needs and at_once:
                child.start()

    def _keep_down_what_was(self) -> None:
        """A new supervisor of a running city starts no service that a person has stopped."""
        held = holds.wanted(self.home.held)
        for child in self.children:
            if stays_down(child.program, held):
                child.idle = State.HELD

    async def run(self, ready: Callable[[], object] = lambda: None) -> None:
        """Boot, call `ready`, and watch until `stop`. Raises Trouble if the boot fails."""
        kept = {n for c in self.children if c.idle is State.HELD for n in c.program.names}
        for file in self.home.held.iterdir():
            if file.name not in kept:
                file.unlink()
        tasks: list[asyncio.Task[Any]] = []
        tasks += [asyncio.create_task(child.run()) for child in self.children]
        tasks += [asyncio.create_task(loop()) for loop in (self._obey, self._trim)]
        tasks.append(asyncio.create_task(self._stopping.wait()))
        tasks.append(asyncio.create_task(self._come_up(ready)))
        try:
            await until_one_stops(tasks)
        except Trouble:  # a city that ran before goes on, as if this had never begun
            for child in self.children:
                child.release()
            raise
        finally:
            await self._stop_children()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(OSError):
                self.home.state.unlink(missing_ok=True)

    async def _come_up(self, ready: Callable[[], object]) -> None:
        self._facts = await self._boot(self)
        self.say("")
        await self._complete.wait()  # a child may have died since
        ready()
        await asyncio.Event().wait()

    async def _stop_children(self) -> None:
        """Stop services first, then the servers that they need to finish their work."""
        self._facts = None
        needed = frozenset[str]().union(*(child.program.needs for child in self.children))
        with suppress(OSError):  # its children end in any case
            self.home.run_file.unlink(missing_ok=True)
        for last in (False, True):
            mine = [child for child in self.children if not child.released]
            children = [c for c in mine if bool(needed & {*c.program.names}) is last]
            with suppress(TimeoutError):
                # Times out if a download in a thread goes on; then no child is running.
                async with asyncio.timeout(30):
                    await asyncio.gather(*(child.stop() for child in children))

    async def _obey(self) -> None:
        """Hold down the processes that the files in the `held` folder name, and list no demo that
        was ended."""
        stopping: dict[Child, asyncio.Task[None]] = {}
        while True:
            wanted = self._held.wanted()
            for child in self.children:
                held = bool(wanted & {*child.program.names})
                if held and child not in stopping:
                    log.info("%s is held down", child.program.label)
                    stopping[child] = asyncio.create_task(child.stop())
                elif not held and child in stopping and stopping[child].done():
                    log.info("%s is let go", child.program.label)
                    del stopping[child]
                    child.idle = State.WAITING
                    child.start()
            if (facts := without_ended(self._facts, self.home)) is not self._facts:
                self._facts = facts
                self._publish()
            await asyncio.sleep(POLL)

    async def _trim(self) -> None:
        while True:
            try:
                trim(self.home.logs)
            except OSError as error:  # a full disk must not end the supervisor
                log.warning("cannot shorten the logs in %s: %s", self.home.logs, error)
            await asyncio.sleep(TRIM)

    def say(self, doing: str) -> None:
        """Publish the current activity."""
        self.doing = doing
        self._publish()

    def _changed(self, child: Child) -> None:
        if child.state is State.READY:
            for other in self.children:
                if other.program.needs & {*child.program.names}:
                    other.nudge()
        self._publish()

    def _publish(self) -> None:
        complete = self._facts is not None and all(self._is_as_wanted(c) for c in self.children)
        self._restarts.tell()
        state = {"doing": self.doing, "ready": complete, "processes": self._states()}
        told = json.dumps(state).ljust(STATE_ROOM)
        try:
            self._write("state", told)
            if complete and self._facts is not None:
                self._write("run", json.dumps({**self._facts, "processes": self._processes()}))
                self._complete.set()
            else:
                self._written.pop("run", None)
                self.home.run_file.unlink(missing_ok=True)
        except OSError as error:  # a full disk must not end the supervisor
            log.warning("cannot write into %s: %s", self.home.path, error)
            self._tell_without_room(told, complete=complete)

    def _tell_without_room(self, told: str, *, complete: bool) -> None:
        """Let `liandong status` tell the truth on a full disk, too."""
        self._written.clear()
        with suppress(OSError):
            write_over(self.home.state, told)
        if not complete:
            with suppress(OSError):
                self.home.run_file.unlink(missing_ok=True)

    def _write(self, name: str, text: str) -> None:
        if self._written.get(name) != text:
            write(self.home.path / f"{name}.json", text)
            self._written[name] = text

    def _is_as_wanted(self, child: Child) -> bool:
        """Whether the child is ready, held down, or needs a child that is held down."""
        held = {n for c in self.children if c.state is State.HELD for n in c.program.names}
        return child.state in (State.READY, State.HELD) or bool(child.program.needs & held)

    def _states(self) -> dict[str, dict[str, object]]:
        return {
            name: {
                "state": child.state,
                "pid": child.pid,
                "restarts": child.restarts,
                "last_failure": str(child.last_failure),
                "shares_with": [n for n in child.program.names if n != name],
            }
            for child in self.children
            for name in child.program.names
        }

    def _processes(self) -> dict[str, dict[str, object]]:
        """The processes for run.json; a process that is held down has no pid."""
        return {
            name: {"pid": child.pid, **self._addresses.get(name, {})}
            for child in self.children
            for name in child.program.names
        }


def stays_down(program: Program, held: Collection[str]) -> bool:
    """Whether a person has stopped it. Kafka and PostgreSQL start anyway: services need them."""
    return bool(program.needs) and any(name in held for name in program.names)


async def until_one_stops(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Return when the first task returns, or raise its error. Tasks of children never return."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
