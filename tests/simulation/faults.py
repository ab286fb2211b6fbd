"""What goes wrong, and when: before a step of the loop that the seed has chosen."""

from collections import Counter
from collections.abc import Callable
from contextvars import Context
from datetime import timedelta
from random import Random
from typing import Protocol

from tests.simulation.callers import Population
from tests.simulation.database import IDLE_TIMEOUT, Database
from tests.simulation.log import SESSION, Log
from tests.simulation.loop import Loop
from tests.simulation.processes import Front, Running, Worker

# Steps of the loop between two faults, about.
GAP = 450
# Minutes in which nothing happens: each lets other clocks run out.
PAUSES = (6, 20, 70, 130, 500)


class Victims(Protocol):
    """What faults befall."""

    loop: Loop
    database: Database
    log: Log
    fronts: list[Front]
    worker: Worker
    population: Population

    def kill(self, victim: Running) -> None: ...
    def replace_worker(self, gone: Running) -> None: ...
    def pass_time(self, by: timedelta) -> None: ...


class Faults:
    """One thing after the other goes wrong until the world is calm."""

    def __init__(self, world: Victims, chance: Random) -> None:
        self._world = world
        self._chance = chance
        self._outside = Context()
        self.calm = False
        self.counts: Counter[str] = Counter()
        self._kinds: dict[Callable[[], None], int] = {
            self.kill_front: 4,
            self.kill_worker: 4,
            self.freeze: 3,
            self.restart_database: 2,
            self.bad_database: 4,
            self.late_notices: 3,
            self.bad_log: 4,
            self.lose_log: 3,
            self.slow_log: 3,
            self.let_time_pass: 6,
            self.jump_ahead: 1,
            self.step_clock_back: 1,
        }

    def strike(self) -> int:
        """Do one of them; return before which step the next one comes."""
        if not self.calm:
            [fault] = self._chance.choices([*self._kinds], [*self._kinds.values()])
            self.counts[fault.__name__] += 1
            fault()
        return self._world.loop.steps + int(GAP * self._chance.random() * 2)

    def heal(self) -> None:
        """From now on nothing goes wrong, and what was wrong is right again."""
        self.calm = True
        world = self._world
        world.database.bad = world.database.late = world.log.bad = 0.0
        world.log.slow, world.log.away = 0.002, False
        world.log.move()
        for running in (*world.fronts, world.worker):
            world.loop.thaw(running.process)

    def _after(self, seconds: float, what: Callable[[], object]) -> None:
        self._world.loop.call_later(seconds, what, context=self._outside)

    def _for(self, seconds: float, part: object, name: str, value: object) -> None:
        """Set an attribute for a while."""
        usual = {"slow": 0.002, "away": False}.get(name, 0.0)
        setattr(part, name, value)
        self._after(seconds, lambda: setattr(part, name, usual))

    def _alive(self) -> Running | None:
        world = self._world
        running = [each for each in (*world.fronts, world.worker) if each.process.alive]
        return self._chance.choice(running) if running else None

    def kill_front(self) -> None:
        self._world.kill(self._chance.choice(self._world.fronts))

    def kill_worker(self) -> None:
        self._world.kill(self._world.worker)

    def freeze(self) -> None:
        """SIGSTOP: its sockets stay open, so others notice by their limits alone."""
        victim, world = self._alive(), self._world
        seconds = self._chance.choice((0.5, 3.0, 9.0))
        if victim is None or victim.process.frozen:
            return
        victim.process.frozen = True
        if seconds > IDLE_TIMEOUT:
            self._after(IDLE_TIMEOUT, lambda: world.database.end_idle(victim.process))
        self._after(seconds, lambda: world.loop.thaw(victim.process))
        if seconds > SESSION and victim is world.worker:
            # Another one takes its partitions; when it wakes, it goes on for a moment.
            self._after(SESSION, lambda: world.replace_worker(victim))
            self._after(seconds + self._chance.random(), lambda: world.kill(victim))

    def restart_database(self) -> None:
        for session in [*self._world.database.sessions]:
            self._world.database.close(session)

    def bad_database(self) -> None:
        self._for(self._chance.random() * 2, self._world.database, "bad", 0.1)

    def late_notices(self) -> None:
        self._for(self._chance.random() * 5, self._world.database, "late", 0.7)

    def bad_log(self) -> None:
        self._for(self._chance.random() * 3, self._world.log, "bad", 0.2)

    def lose_log(self) -> None:
        world = self._world
        seconds = self._chance.random() ** 2 * 8
        world.log.away = True

        def come_back() -> None:
            world.log.away = False
            world.log.move()

        self._after(seconds, come_back)

    def slow_log(self) -> None:
        self._for(self._chance.random() * 3, self._world.log, "slow", 0.2)

    def let_time_pass(self) -> None:
        """Hours without a call."""
        self._world.population.rest(self._a_while())

    def jump_ahead(self) -> None:
        """As after a suspension of everything: what is under way has expired."""
        self._world.pass_time(self._a_while())

    def _a_while(self) -> timedelta:
        return timedelta(minutes=self._chance.choice(PAUSES))

    def step_clock_back(self) -> None:
        self._world.pass_time(-timedelta(seconds=self._chance.random() * 20))
