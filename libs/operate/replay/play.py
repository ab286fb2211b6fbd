"""One replay: drives the rows through the city, waits for all work, and audits it."""

import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from operate.replay import petitions
from operate.replay.audit import Audit
from operate.replay.casework import Casework
from operate.replay.city import City, Keys
from operate.replay.client import Client, Connection, NoAnswer, Refused
from operate.replay.counts import Expected, disagreements
from operate.replay.crew import Crew
from operate.replay.departments import Departments
from operate.replay.desk import Desk
from operate.replay.ledger import Case, Ledger
from operate.replay.pace import Pace
from operate.replay.petitions import Offices
from operate.replay.plan import plan
from operate.replay.report import Report
from operate.replay.rows import DANGER, Call, Day, Letter
from operate.replay.sweep import Sweep
from operate.replay.taken import Taken, look
from operate.replay.teams import Teams


@dataclass(frozen=True, slots=True)
class Width:
    """The number of calls taken, and of incidents worked on, at the same time."""

    desk: int = 12
    departments: int = 12


class Play:
    """Connects desk, offices, departments, teams, sweep and audit of one replay."""

    def __init__(self, connection: Connection, keys: Keys, city: City, day: Day) -> None:
        self._connection, self._keys, self._city, self._day = connection, keys, city, day
        self.rows = len(day.rows)
        self._taken = Taken(day.rows)
        self.ledger = Ledger()

    async def run(self, speed: float | None, width: Width) -> Report:
        """Run the replay. Raises bugs of the replay itself; disagreements are in the report."""
        start = time.perf_counter()
        readers = petitions.readers(self._connection, self._keys, self._city)
        desk = Client(self._connection, self._keys.desk["dispatcher"])
        self._taken = await look(self._day, desk, readers)
        self.rows = len(self._taken.rows)
        async with Crew() as crew:
            await self._drive(crew, speed, width)
        audit = Audit(desk, readers)
        sent = await self._audit(audit)
        expected = Expected(self.rows, sent, len(self._taken.changed), len(self._day.unread))
        notes: dict[str, Any] = {
            **self._day.notes,
            "seconds": round(time.perf_counter() - start, 1),
            "repeated_answers": self.ledger.replayed,
            "requests_sent_again": self._connection.retries,
            "pushed_again": self.ledger.done["pushed_again"],
        }
        return Report(
            self._day.name,
            audit.counts,
            self.ledger.table(),
            disagreements(audit.counts, expected),
            [*audit.told, *self.ledger.troubles],
            notes,
            self._taken.repeats,
            self._taken.changed,
            self._day.unread,
        )

    async def _drive(self, crew: Crew, speed: float | None, width: Width) -> None:
        casework = Casework(self._connection, self._keys, self._city, self.ledger)
        departments = Departments(casework, self.ledger, crew, width.departments, self._file)
        self._offices = Offices(
            self._connection,
            self._keys,
            self._city,
            self.ledger,
            departments.wake,
            self._taken.records,
        )
        teams = Teams(self._connection, self._keys, self.ledger, crew)
        crew.hire(departments.listen())
        pace = Pace([row.time for row in self._taken.rows], speed, width.desk)
        await self._take_all(departments, teams, pace)
        await Sweep(casework, departments, self.ledger, crew).finish()

    async def _take_all(self, departments: Departments, teams: Teams, pace: Pace) -> None:
        calls = plan([row for row in self._taken.rows if isinstance(row, Call)])
        client = Client(self._connection, self._keys.desk["call_taker"], "接警员")
        taken, opened = self._taken.records, departments.wake
        desk = Desk(client, self._city, self.ledger, teams.connect, opened, taken)
        desk.expect(calls)
        letters = [row for row in self._taken.rows if isinstance(row, Letter)]
        await pace.each(calls, lambda each: self._told(each.call.row, desk.take(each)))
        await pace.each(letters, lambda each: self._told(each.row, self._offices.take(each)))

    async def _told(self, row: int, work: Awaitable[None]) -> None:
        try:
            await work
        except (Refused, NoAnswer) as error:
            self.ledger.trouble(f"row {row}: {error}")

    async def _file(self, case: Case) -> None:
        if case.office and not case.filed:
            await self._offices.file(case)

    async def _audit(self, audit: Audit) -> int:
        """Audit the city; return the number of calls to which a team must have been sent."""
        calls = {row.key: row.row for row in self._taken.rows if isinstance(row, Call)}
        letters = {row.key: row.row for row in self._taken.rows if isinstance(row, Letter)}
        opened = await audit.receipts(calls) if calls else []
        routed = await audit.petitions(letters) if letters else []
        await audit.incidents([*(receipt["id"] for receipt in opened), *routed])
        in_danger = [receipt["id"] for receipt in opened if receipt["priority"] == DANGER]
        await audit.missions(in_danger)
        return len(in_danger)
