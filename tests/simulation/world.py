"""The whole flow in one thread from one seed: two fronts, a stream processor, callers, faults."""

import asyncio
import gc
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from time import process_time
from typing import Any
from uuid import UUID

from backbone.postgres.states import taken
from services.workflow.codec import COMMANDS
from services.workflow.incident.record import Incident
from tests.simulation.callers import Heard, Population
from tests.simulation.checker import Checker, Flaw
from tests.simulation.database import Database
from tests.simulation.faults import Faults
from tests.simulation.log import Log
from tests.simulation.loop import OUTSIDE, Loop, Process, bury
from tests.simulation.processes import INTAKES, Edges, Front, Parts, Running, Worker

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
# Seconds of simulated time.
DOWN = 1.5  # until a process that has died is started again, at most
CONVERGE = 60.0


@dataclass(frozen=True)
class Run:
    """What came of one seed."""

    seed: int
    flaws: list[Flaw]
    history: str  # a hash of everything that happened
    faults: Counter[str]
    answers: Counter[str]  # by verb or event, and outcome
    calls: int
    seconds: float
    simulated: float


class World:
    """Everything there is in one run."""

    def __init__(self, seed: int, parts: Parts) -> None:
        self.chance = Random(seed)
        self.loop = Loop(self.chance)
        self.heard = Heard()
        self._beyond = timedelta()  # the time in which nothing happened
        self.database = Database(self.loop, self.chance, self.now)
        for statement, handler in parts.statements.items():
            self.database.handlers[statement] = partial(handler, self.database)
        self.checker = Checker(self.database, self.heard)
        self.log = Log(self.loop, self.chance, self.checker.acknowledged)
        self.edges = Edges(self.loop, self.database, self.log, self.chance.random, parts)
        self.checker.log = self.log
        self.decider = self.edges.decider()
        self.faults = Faults(self, self.chance)
        self._names = count()
        self._processes: list[Process] = [OUTSIDE]

    def now(self) -> datetime:
        """The clock of the database, and of all others."""
        return EPOCH + timedelta(seconds=self.loop.time()) + self._beyond

    def pass_time(self, by: timedelta) -> None:
        self._beyond += by

    def state_of(self, incident: UUID) -> Incident | None:
        row = self.database.states.get(incident)
        return self.decider.from_row(taken(row)) if row else None

    def bring(self, topic: str, key: bytes, value: bytes) -> None:
        """Another service's relay or caller brings a record to the log: at least once."""
        for _ in range(1 + (self.chance.random() < 0.1)):
            self.log.later(self.log.append, topic, key, value, ())

    def broken(self, what: str) -> None:
        self.checker.flaw("C4", what)

    async def play(self, commands: int) -> None:
        """A day of commands and faults, then the healing."""
        self.fronts = [self._front(place) for place in range(2)]
        self.worker = self._worker()
        self.population = Population(self, commands)
        self.loop.disturb, self.loop.next_fault = self.faults.strike, 1
        await self.population.work()
        self.faults.heal()
        until = self.loop.time() + CONVERGE
        while (left := self._left()) and self.loop.time() < until:
            await asyncio.sleep(0.5)
        for what in left:
            self.checker.flaw("C8", what)

    def _left(self) -> list[str]:
        """What is still to be done; nothing once all is healed."""
        due = [row for row in self.database.states.values() if row["due_time"] is not None]
        left = {
            "rows unsent": len(self.database.unsent),
            "commands unacknowledged": self.log.lag(COMMANDS, [COMMANDS]),
            "intake events unacknowledged": self.log.lag(INTAKES[0], INTAKES),
            "records in the lanes": self.worker.open,
            "clocks due": sum(row["due_time"] <= self.now() for row in due),
            "sessions in a transaction": sum(
                each.transaction is not None for each in self.database.sessions
            ),
        }
        return [f"{number} {what} after the healing" for what, number in left.items() if number]

    def _front(self, place: int) -> Front:
        front = Front(self.edges, f"front-{place}-{next(self._names)}", self._ended)
        self._processes.append(front.process)
        return front

    def _worker(self) -> Worker:
        worker = Worker(self.edges, f"stream-{next(self._names)}", self._ended)
        self._processes.append(worker.process)
        return worker

    def _ended(self, running: Running, why: str) -> None:
        """A loop that ends is a bug; the process goes down with it, as in production."""
        self.broken(f"a loop has ended: {why}")
        self.kill(running)

    def kill(self, running: Running) -> None:
        """kill -9: no callback of it runs any more. Another one is started soon."""
        process = running.process
        if not process.alive:
            return
        process.alive = False
        later = partial(self.loop.call_later, context=self.database.outside)
        for session in [each for each in self.database.sessions if each.process is process]:
            later(0.001 * self.chance.random(), self.database.leave, session)
        if isinstance(running, Front):
            running.die()
            later(DOWN * self.chance.random(), self._replace_front, running)
        elif running is self.worker:
            assert isinstance(running, Worker)
            for consumer in running.consumers:
                consumer.lose()
            later(DOWN * self.chance.random(), self.replace_worker, running)

    def _replace_front(self, dead: Running) -> None:
        place = self.fronts.index(dead)  # type: ignore[arg-type]
        self.fronts[place] = self._front(place)

    def replace_worker(self, gone: Running) -> None:
        """Start another stream processor, unless that has happened."""
        if self.worker is gone:
            self.worker = self._worker()

    def clear(self) -> None:
        """Take apart what is left, so that nothing of this run reaches the next one."""
        self.loop.close()
        for process in self._processes[1:]:
            process.alive = False
        for process in self._processes:
            bury(process)


def run(seed: int, commands: int, parts: Parts | None = None) -> Run:
    """One run, checked."""
    started = process_time()
    world = World(seed, parts or Parts())
    with quiet():
        try:
            world.loop.run_until_complete(world.play(commands))
            world.checker.check()
        finally:
            world.clear()
    faults = world.faults.counts + Counter(world.database.faults) + Counter(world.log.faults)
    return Run(
        seed,
        world.checker.flaws,
        world.checker.history(world.loop.steps),
        faults,
        world.checker.counts,
        world.heard.calls,
        process_time() - started,
        world.loop.time(),
    )


@contextmanager
def quiet() -> Iterator[Any]:
    """Faults are logged by the hundred; the collector is of no use to a run of a second."""
    logging.disable(logging.CRITICAL)
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        logging.disable(logging.NOTSET)
