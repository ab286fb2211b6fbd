"""One child process: start it, watch until it is ready, restart it, or hold it down."""

import asyncio
import logging
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from operate.home import leftovers
from operate.home.trouble import Trouble
from operate.run.adopted import Adopted, is_frozen, kill_group
from operate.run.launch import Launch, failure, manner_of_death, spawn
from operate.run.silence import Silence

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE, POLL = 0.1, 5.0, 0.1
WELL = 2.0  # seconds of readiness after which the count of failures starts anew
HOPELESS = 3  # failures in a row after which it will not become ready
LOOK = 1.0  # seconds between two looks at one that is ready
LOOK_AGAIN = 0.25  # at one that a signal has stopped; to look costs nothing


class State(StrEnum):
    """`DOWN` is between a death and the next start; `HELD` lasts until `liandong start`."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DOWN = "down"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Program:
    """A program to run. `prepare` may block; `flaws` returns the reasons why it cannot serve, and
    `answers` whether it is alive, once it was ready.

    Several services may share one process: then `names` are theirs, and each names the process.
    `identity` says with which settings and code it runs; the next supervisor adopts an equal one.
    """

    names: tuple[str, ...]
    prepare: Callable[[], Launch]
    flaws: Callable[[], Awaitable[list[str]]]
    needs: frozenset[str] = frozenset()
    answers: Callable[[], Awaitable[bool]] | None = None
    identity: Callable[[], str] = lambda: ""

    @property
    def label(self) -> str:
        return "+".join(self.names)


class Child:
    """Keeps one program running. `changed` is called after every change of its state."""

    def __init__(self, program: Program, mark: str, changed: Callable[["Child"], object]) -> None:
        self.program = program
        self.state = State.WAITING
        self.pid: int | None = None
        self.restarts = 0
        self.last_failure: str | Trouble = ""
        self._mark = mark
        self._changed = changed
        self._failures = 0
        self._ready_since: float | None = None
        self._running: tuple[Process | Adopted, Launch] | None = None
        self._killed_for = ""
        # A process of an earlier supervisor, in the place of the first start.
        self.adopted: Adopted | None = None
        self.released, self.idle = False, State.WAITING  # or HELD: `start` does not start it
        self._log_start = 0
        self._wanted = asyncio.Event()
        self._nudged = asyncio.Event()
        self._settled = asyncio.Event()
        self._at_rest = asyncio.Event()

    async def run(self) -> None:
        """Run for ever; ends only by cancellation."""
        while True:
            if not self._wanted.is_set():
                self._enter(self.idle)
                self._at_rest.set()
                await self._wanted.wait()
            self._at_rest.clear()
            end_of_it = await self._live_once()
            if self._wanted.is_set():
                self._note(end_of_it)
                await self._pause()

    def start(self) -> None:
        """Start it, without waiting for a pause after a failure, unless a person holds it down."""
        if self.idle is not State.HELD:
            self._wanted.set()
            self.nudge()

    def nudge(self) -> None:
        """End the pause after a failure: a process that it needs has become ready."""
        self._nudged.set()

    async def stop(self) -> None:
        """Signal it, kill it after its patience, and return when it is gone."""
        self.idle = State.HELD
        self._wanted.clear()
        self.nudge()
        if self._running is not None:
            await end(*self._running)
        await self._at_rest.wait()

    def release(self) -> None:
        """If it was adopted, leave it as it was found."""
        self.released = self._running is not None and isinstance(self._running[0], Adopted)

    async def ready(self) -> None:
        """Wait until it is ready, or held. Raises Trouble if it cannot start, or failed HOPELESS
        times."""
        while self.state not in (State.READY, State.HELD):
            self._settled.clear()
            await self._settled.wait()
            if self._failures >= HOPELESS or isinstance(self.last_failure, Trouble):
                raise self._hopeless()

    async def _live_once(self) -> str | Trouble:
        """Start it, wait for its end, and return the manner of its death."""
        self._nudged.clear()
        self._enter(State.STARTING)
        try:
            launch = await asyncio.to_thread(self.program.prepare)
            self._log_start = launch.log.stat().st_size if launch.log.exists() else 0
            identity = self.program.identity()
            process = self._take_adopted() or await spawn(launch, self._mark, identity)
        except Trouble as trouble:
            return trouble
        except OSError as error:
            return str(error)
        self.pid, self._running, self._killed_for = process.pid, (process, launch), ""
        self._enter(State.STARTING)
        watching = asyncio.create_task(self._watch(process))
        try:
            if not self._wanted.is_set():
                await end(process, launch)
            code = await process.wait()
            self.pid = None
            if self._wanted.is_set():  # told at once: to end what it has left may take seconds
                self._enter(State.DOWN)
            return self._killed_for or manner_of_death(code)
        finally:
            watching.cancel()
            if not self.released:
                kill_group(process.pid)
            if identity and not self.released:
                await asyncio.to_thread(leftovers.kill, self._mark, identity)
            self.pid = self._running = None

    async def _watch(self, process: Process | Adopted) -> None:
        # What starts may be silent for long, as a server that recovers; a service that is adopted
        # has answered before. What a signal has stopped is lost at any time.
        ran, silence = isinstance(process, Adopted) and bool(self.program.needs), Silence()
        while await self.program.flaws():
            if await self._is_lost(silence, asked=ran):
                return
            await asyncio.sleep(POLL)
        self._ready_since = time.monotonic()
        self._enter(State.READY)
        self._settled.set()
        await self._mind()

    async def _mind(self) -> None:
        """Kill it once it does not answer any more: it is frozen, and its death starts it again."""
        silence = Silence()
        while not await self._is_lost(silence):
            frozen = self.pid is not None and is_frozen(self.pid)
            await asyncio.sleep(LOOK_AGAIN if frozen else LOOK)

    async def _is_lost(self, silence: Silence, *, asked: bool = True) -> bool:
        """Look once, and kill it if it is hopeless."""
        pid = self.pid
        frozen = pid is not None and is_frozen(pid)
        # One that is frozen is not asked: each question would wait in vain for its patience.
        ask = self.program.answers if asked and not frozen else None
        answered = await ask() if ask else not frozen
        if pid is None or not silence.is_hopeless(answered, frozen):
            return False
        self._killed_for = f"no answer for {silence.seconds():.0f} s, killed"
        log.error("%s is killed: %s", self.program.label, self._killed_for)
        kill_group(pid)
        return True

    def _take_adopted(self) -> Adopted | None:
        process, self.adopted = self.adopted, None
        return process if process is not None and process.runs() else None

    def _note(self, end_of_it: str | Trouble) -> None:
        well = self._ready_since is not None and time.monotonic() - self._ready_since > WELL
        self._failures = 0 if well else self._failures + 1
        self._ready_since = None
        self.restarts += 1
        self.last_failure = end_of_it
        log.warning("%s stopped (%s) and is started again", self.program.label, end_of_it)
        self._enter(State.DOWN)
        self._settled.set()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_after(self._failures)):
                await self._nudged.wait()

    def _hopeless(self) -> Trouble:
        if isinstance(self.last_failure, Trouble):
            return self.last_failure
        log_file = self.program.prepare().log
        return failure(self.program.label, self.last_failure, log_file, self._log_start)

    def _enter(self, state: State) -> None:
        self.state = state
        if state is State.HELD:
            self._settled.set()
        self._changed(self)


async def end(process: Process | Adopted, launch: Launch) -> None:
    """Send the stop signal, wait for the launch's patience, then kill."""
    with suppress(ProcessLookupError):
        process.send_signal(launch.stop_signal)
        try:
            async with asyncio.timeout(launch.patience):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def pause_after(failures: int) -> float:
    return min(FIRST_PAUSE * 2.0**failures, LONGEST_PAUSE)
