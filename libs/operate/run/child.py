"""One child process: started, watched until it is ready, started again when it dies, held down."""

import asyncio
import logging
import os
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from operate.home.leftovers import MARK
from operate.home.trouble import Trouble
from operate.run.launch import Launch, failure

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
WELL = 2.0  # ready for so long: the next death is a new story
HOPELESS = 3  # so many deaths before it was ever ready
POLL = 0.1


class State(StrEnum):
    """`DOWN` is between a death and the next start; `HELD` lasts until a person lets go."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DOWN = "down"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Program:
    """What to run under which names; `prepare` may block, `flaws` says why it is not ready yet.

    Several services may share one process: then each name stands for all of it.
    """

    names: tuple[str, ...]
    prepare: Callable[[], Launch]
    flaws: Callable[[], Awaitable[list[str]]]
    needs: frozenset[str] = frozenset()

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
        self._running: tuple[Process, Launch] | None = None
        self._log_start = 0
        self._idle = State.WAITING
        self._wanted = asyncio.Event()
        self._nudged = asyncio.Event()
        self._settled = asyncio.Event()
        self._at_rest = asyncio.Event()

    async def run(self) -> None:
        """Run for ever; ends only by cancellation."""
        while True:
            if not self._wanted.is_set():
                self._enter(self._idle)
                self._at_rest.set()
                await self._wanted.wait()
            self._at_rest.clear()
            end_of_it = await self._live_once()
            if self._wanted.is_set():
                self._note(end_of_it)
                await self._pause()

    def start(self) -> None:
        """Let it run, at once."""
        self._wanted.set()
        self.nudge()

    def nudge(self) -> None:
        """What it may have waited for is there: do not sit out the pause."""
        self._nudged.set()

    async def stop(self) -> None:
        """Ask it to stop, insist after its patience, and return when it is gone."""
        self._idle = State.HELD
        self._wanted.clear()
        self.nudge()
        if self._running is not None:
            await end(*self._running)
        await self._at_rest.wait()

    async def ready(self) -> None:
        """Return when it is ready. Raises Trouble when there is no hope that it will be."""
        while self.state is not State.READY:
            self._settled.clear()
            await self._settled.wait()
            if self._failures >= HOPELESS or isinstance(self.last_failure, Trouble):
                raise self._hopeless()

    async def _live_once(self) -> str | Trouble:
        """Start it and return, after its death, how it died."""
        self._enter(State.STARTING)
        try:
            launch = await asyncio.to_thread(self.program.prepare)
            self._log_start = launch.log.stat().st_size if launch.log.exists() else 0
            process = await spawn(launch, self._mark)
        except Trouble as trouble:
            return trouble
        except OSError as error:
            return str(error)
        self.pid, self._running = process.pid, (process, launch)
        self._enter(State.STARTING)
        watching = asyncio.create_task(self._watch())
        try:
            if not self._wanted.is_set():
                await end(process, launch)
            return manner_of_death(await process.wait())
        finally:
            watching.cancel()
            kill_group(process.pid)
            self.pid = self._running = None

    async def _watch(self) -> None:
        while await self.program.flaws():  # noqa: ASYNC110 - another process is polled
            await asyncio.sleep(POLL)
        self._ready_since = time.monotonic()
        self._enter(State.READY)
        self._settled.set()

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
        self._nudged.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._nudged.wait(), pause_after(self._failures))

    def _hopeless(self) -> Trouble:
        if isinstance(self.last_failure, Trouble):
            return self.last_failure
        log_file = self.program.prepare().log
        return failure(self.program.label, self.last_failure, log_file, self._log_start)

    def _enter(self, state: State) -> None:
        self.state = state
        self._changed(self)


async def spawn(launch: Launch, mark: str) -> Process:
    """Start in a session of its own: Ctrl-C at the terminal is for the supervisor alone."""
    with launch.log.open("ab") as log_file:
        return await asyncio.create_subprocess_exec(
            *launch.argv,
            env={**os.environ, **launch.env, MARK: mark},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log_file,
            stderr=log_file,
            start_new_session=True,
        )


async def end(process: Process, launch: Launch) -> None:
    """Signal, wait for as long as it may take, then kill."""
    with suppress(ProcessLookupError):
        process.send_signal(launch.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), launch.patience)
        except TimeoutError:
            process.kill()
            await process.wait()


def kill_group(pid: int) -> None:
    """Whatever a dead process leaves behind must not hold its ports."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def pause_after(failures: int) -> float:
    return min(FIRST_PAUSE * 2.0**failures, LONGEST_PAUSE)


def manner_of_death(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
