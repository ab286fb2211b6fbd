"""The simulated Postgres: the statements of the flow, transactions, advisory locks, LISTEN/NOTIFY.

A statement takes effect at one moment between its sending and its answer, on the server, whatever
happens to the client meanwhile: a COMMIT may succeed unheard. Each statement sees what was
committed before it, and nothing of other transactions, as READ COMMITTED does.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextvars import Context
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from backbone.door import notices, outcomes, statements
from backbone.kafka import relay
from services.workflow import storage
from tests.simulation.loop import Loop, Process

LATENCY = 0.0005
LOCK_TIMEOUT = 1.0
IDLE_TIMEOUT = 2.0
LONGEST_NOTICE = 8000
KEYS = re.compile(r"'\{([-0-9,]*)\}'")
HELD = ("CLAIMED", "HANDLING")

Row = dict[str, Any]


class Transaction:
    """What one transaction has written so far; only it sees it."""

    def __init__(self) -> None:
        self.states: dict[UUID, Row] = {}
        self.records: list[Row] = []
        self.outcomes: dict[UUID, Row] = {}
        self.withdrawn: set[UUID] = set()
        self.unsent: list[int] = []
        self.notices: list[tuple[str, str]] = []


class Session:
    """One connection as the server sees it."""

    def __init__(self, process: Process, client: Any) -> None:
        self.process = process
        self.client = client
        self.transaction: Transaction | None = None
        self.failed = False  # until it is rolled back
        self.busy = False
        self.gone = False  # its client; noticed when the statement that runs is over
        self.closed = False
        self.locks: list[int] = []
        self.queue: list[tuple[Any, ...]] = []  # statements that were sent before an answer came


class Waiter:
    """A session that waits for a lock, with the keys that come after it."""

    def __init__(self, session: Session, keys: list[int], at: int, then: Callable[..., None]):
        self.session = session
        self.keys = keys
        self.at = at
        self.then = then
        self.timer: Any = None


class Database:
    """The server: tables, sessions, and the faults of its weather."""

    def __init__(self, loop: Loop, chance: Random, now: Callable[[], datetime]) -> None:
        self.loop = loop
        self.chance = chance
        self.now = now
        self.outside = Context()
        self.bad = 0.0  # of so many statements one meets a fault
        self.late = 0.0  # of so many notices one comes late
        self.faults: dict[str, int] = defaultdict(int)
        self.states: dict[UUID, Row] = {}
        self.holders: dict[UUID, set[UUID]] = defaultdict(set)
        self.codes: dict[str, UUID] = {}
        self.journal: dict[UUID, list[Row]] = defaultdict(list)
        self.positions: dict[int, Row] = {}
        self.outcomes: dict[UUID, Row] = {}
        self.unsent: set[int] = set()
        self.commits: list[list[Row]] = []  # the journal rows of each, in the order of the commits
        self.sessions: list[Session] = []
        self.listeners: dict[str, list[tuple[Session, Any, Context]]] = defaultdict(list)
        self._position = 0
        self._locks: dict[int, Session] = {}
        self._waiters: dict[int, list[Waiter]] = defaultdict(list)
        self._only_relay: Session | None = None
        self.handlers: dict[str, Callable[[Session, Sequence[Any]], list[Row]]] = {
            "COMMIT": self._commit,
            "ROLLBACK": self._roll_back,
            statements.load_from([storage.TABLE]): self._load,
            statements.find_in([storage.TABLE]): self._find,
            statements.write_to([storage.TABLE]): self.write,
            statements.write_to([]): self._write_answers,
            statements.TRY_LOCK: self._try_lock,
            statements.HISTORY: self._history,
            statements.WITHDRAW: self._withdraw,
            notices.TELL: self._tell,
            storage.DUE: self._due,
            storage.NEXT: self._next_of_pool,
            relay.BE_THE_ONE: self._be_the_one,
            relay.BE_QUICK: lambda session, args: [],
            relay.NEXT: self._next_unsent,
            "SELECT 1": lambda session, args: [],
        }

    # The line to the clients.

    def submit(self, session: Session, statement: str, args: Sequence[Any], reply: Any) -> None:
        """Run the statement a moment later, and answer a moment after that."""
        if session.busy:
            session.queue.append((statement, args, reply))
            return
        session.busy = True
        self._later(LATENCY, self._arrived, session, statement, args, reply)

    def _later(self, about: float, callback: Callable[..., object], *args: Any) -> Any:
        delay = about * (0.5 + self.chance.random() ** 4 * 20)
        return self.loop.call_later(delay, callback, *args, context=self.outside)

    def _arrived(self, session: Session, statement: str, args: Sequence[Any], reply: Any) -> None:
        fate = ""
        if self.bad and self.chance.random() < self.bad:
            fate = self.chance.choice(("statement lost", "statement unheard", "deadlock"))
            self.faults[fate] += 1
        if session.closed or fate == "statement lost":
            self.close(session)
            session.busy = False
            self._answer(reply, None, asyncpg.ConnectionDoesNotExistError("cut"))
            for _, _, later in session.queue:
                self._answer(later, None, asyncpg.ConnectionDoesNotExistError("cut"))
            return

        def then(result: list[Row] | None, error: Exception | None = None) -> None:
            session.busy = False
            if error is not None and session.transaction is not None:
                session.failed = True
            if fate == "statement unheard":
                error = asyncpg.ConnectionDoesNotExistError("cut")
            if session.gone or fate == "statement unheard":
                self.close(session)
            self._answer(reply, result, error)
            if session.queue:
                self.submit(session, *session.queue.pop(0))

        if fate == "deadlock":
            then(None, asyncpg.DeadlockDetectedError("by the seed"))
        else:
            self._perform(session, statement, args, then)

    def _perform(
        self, session: Session, statement: str, args: Sequence[Any], then: Callable[..., None]
    ) -> None:
        if statement.startswith("BEGIN; "):
            session.transaction = Transaction()
            found = KEYS.search(statement)
            keys = [int(key) for key in found[1].split(",")] if found else []
            self._lock(session, keys, 0, then)
            return
        if session.failed and statement not in ("COMMIT", "ROLLBACK"):
            then(None, asyncpg.InFailedSQLTransactionError("roll back first"))
            return
        try:
            result = self.handlers[statement](session, args)
        except asyncpg.PostgresError as error:
            then(None, error)
            return
        then(result)

    def _answer(self, reply: Any, result: Any, error: Exception | None = None) -> None:
        """At once or a moment later: a client may die between the effect and its answer."""
        if self.chance.random() < 0.8:
            _arrive(reply, result, error)
        else:
            self._later(0.0005, _arrive, reply, result, error)

    def leave(self, session: Session) -> None:
        """The client has gone; a statement that runs comes to its end first."""
        session.gone = True
        if not session.busy:
            self.close(session)

    def close(self, session: Session) -> None:
        """End the session: roll back, release its locks, tell the client if it still lives."""
        if session.closed:
            return
        session.closed = True
        self.sessions.remove(session)
        self._roll_back(session, ())
        if self._only_relay is session:
            self._only_relay = None
        for waiting in self._waiters.values():
            for each in [each for each in waiting if each.session is session]:
                waiting.remove(each)
                each.then(None, asyncpg.ConnectionDoesNotExistError("cut"))
        for heard in self.listeners.values():
            heard[:] = [each for each in heard if each[0] is not session]
        session.client.cut()

    def end_idle(self, process: Process) -> None:
        """What Postgres does after two seconds with a transaction in which nothing happens."""
        for session in [each for each in self.sessions if each.process is process]:
            if session.transaction is not None and not session.busy:
                self.close(session)

    # Locks.

    def _lock(
        self, session: Session, keys: list[int], at: int, then: Callable[..., None]
    ) -> None:
        while at < len(keys):
            key = keys[at]
            owner = self._locks.setdefault(key, session)
            if owner is not session:
                waiter = Waiter(session, keys, at, then)
                self._waiters[key].append(waiter)
                give_up = self._give_up
                waiter.timer = self.loop.call_later(
                    LOCK_TIMEOUT, give_up, key, waiter, context=self.outside
                )
                return
            session.locks.append(key)
            at += 1
        then([])

    def _give_up(self, key: int, waiter: Waiter) -> None:
        if waiter in self._waiters[key]:
            self._waiters[key].remove(waiter)
            waiter.then(None, asyncpg.LockNotAvailableError("lock timeout"))

    def _try_lock(self, session: Session, args: Sequence[Any]) -> list[Row]:
        taken = []
        for key in args[0]:
            if self._locks.setdefault(key, session) is session:
                session.locks.append(key)
                taken.append({"key": key})
        return taken

    def _release(self, session: Session) -> None:
        freed, session.locks = dict.fromkeys(session.locks), []
        for key in freed:
            del self._locks[key]
        for key in freed:
            waiting = self._waiters.get(key)
            if not waiting or key in self._locks:
                continue
            waiter = waiting.pop(0)
            waiter.timer.cancel()
            self._lock(waiter.session, waiter.keys, waiter.at, waiter.then)

    # Transactions.

    def _commit(self, session: Session, args: Sequence[Any]) -> list[Row]:
        written = session.transaction
        if written is None or session.failed:
            return self._roll_back(session, args)
        self._require_new(written)
        session.transaction = None
        self._apply(written)
        for channel, ids in written.notices:
            self._notify(channel, ids)
        self._release(session)
        return []

    def _roll_back(self, session: Session, args: Sequence[Any]) -> list[Row]:
        session.transaction, session.failed = None, False
        self._release(session)
        return []

    def _require_new(self, written: Transaction) -> None:
        """The unique keys: of the journal, of the outcomes, and the code of an incident."""
        for request_id in written.outcomes:
            if request_id in self.outcomes and request_id not in written.withdrawn:
                raise asyncpg.UniqueViolationError("outcomes_pkey")
        for record in written.records:
            if len(self.journal[record["aggregate_id"]]) >= record["version"]:
                raise asyncpg.UniqueViolationError("journal_aggregate_id_version_key")
        codes: dict[str, UUID] = {}
        for of, row in written.states.items():
            code = row["code"]
            if self.codes.get(code, of) != of or codes.setdefault(code, of) != of:
                raise asyncpg.UniqueViolationError("incidents_code_key")

    def _apply(self, written: Transaction) -> None:
        for of, row in written.states.items():
            before = self.states.get(of)
            if before is not None and before["held_by"] is not None:
                self.holders[before["held_by"]].discard(of)
            if row["held_by"] is not None:
                self.holders[row["held_by"]].add(of)
            self.states[of] = row
            self.codes[row["code"]] = of
        for record in written.records:
            self.journal[record["aggregate_id"]].append(record)
            self.positions[record["position"]] = record
        for request_id in written.withdrawn:
            self.outcomes.pop(request_id, None)
        self.outcomes.update(written.outcomes)
        self.unsent.update(written.unsent)
        if written.records:
            self.commits.append(written.records)

    def _notify(self, channel: str, ids: str) -> None:
        if len(ids) >= LONGEST_NOTICE:
            raise asyncpg.InvalidParameterValueError("payload string too long")
        for session, heard, context in self.listeners[channel]:
            late = self.late and self.chance.random() < self.late
            self.faults["notice late"] += bool(late)
            delay = 0.0001 + self.chance.random() * (2.0 if late else 0.001)
            args = (session.client, 0, channel, ids)
            self.loop.call_later(delay, heard, *args, context=context)

    # The statements of the door.

    def _load(self, session: Session, args: Sequence[Any]) -> list[Row]:
        aggregate_ids, request_ids, groups = args
        rows: list[Row] = [{"part": "now", "now": self.now()}]
        for request_id in request_ids:
            if (row := self.outcomes.get(request_id)) is not None:
                doc = msgspec.json.encode(row)
                rows.append({"part": "outcomes", "id": request_id, "doc": doc})
        for of in aggregate_ids:
            if (row := self.states.get(of)) is not None:
                rows.append({"part": "incidents", **row})
        for key in groups:
            members = sorted(self.holders.get(key, ()))
            rows += [{"part": "group", "id": of, "doc": str(key)} for of in members]
        return rows

    def _find(self, session: Session, args: Sequence[Any]) -> list[Row]:
        found = []
        for request_id in args[0]:
            row = self.outcomes.get(request_id)
            if row is None:
                continue
            state = self.states.get(row["aggregate_id"])
            fits = state is not None and state["version"] == row["version"] and not row["reason"]
            part = state if fits else None
            shown = ("shape", "doc", "hash")
            beside = {name: part[name] if part else None for name in shown}
            found.append({**row, **beside, "part": "incidents" if part else None})
        return found

    def _history(self, session: Session, args: Sequence[Any]) -> list[Row]:
        of, version = args
        own = session.transaction.records if session.transaction else []
        rows = [*self.journal.get(of, ()), *(row for row in own if row["aggregate_id"] == of)]
        return [row for row in rows if row["version"] <= version]

    def _withdraw(self, session: Session, args: Sequence[Any]) -> list[Row]:
        assert session.transaction is not None
        session.transaction.withdrawn.update(args[0])
        return []

    def write(self, session: Session, args: Sequence[Any], queue: bool = True) -> list[Row]:
        """The write with changed states; without `queue` its rows are not noted as unsent."""
        written, width = session.transaction, len(STATE)
        assert written is not None
        for values in zip(*args[:width], strict=True):
            row = dict(zip(STATE, values, strict=True))
            _require_checks(row)
            written.states[row["id"]] = row
        for values in zip(*args[width : width + len(JOURNAL)], strict=True):
            self._position += 1
            record = dict(zip(JOURNAL, values, strict=True))
            record["position"] = self._position
            written.records.append(record)
            if queue:
                written.unsent.append(self._position)
        return self._write_answers(session, args[width:])

    def _write_answers(self, session: Session, args: Sequence[Any]) -> list[Row]:
        written, first = session.transaction, len(JOURNAL)
        assert written is not None
        for values in zip(*args[first:-2], strict=True):
            row = dict(zip(outcomes.COLUMNS, values, strict=True))
            row["facts"] = msgspec.json.decode(row["facts"])
            written.outcomes[row["request_id"]] = row
        self._require_new(written)
        return self._tell(session, args[-2:])

    def _tell(self, session: Session, args: Sequence[Any]) -> list[Row]:
        assert session.transaction is not None
        session.transaction.notices += zip(*args, strict=True)
        return []

    # The statements of the timers, of taking the next, and of the relay.

    def _due(self, session: Session, args: Sequence[Any]) -> list[Row]:
        resting, now = set(zip(*args, strict=True)), self.now()
        due = [
            row
            for row in self.states.values()
            if row["due_time"] is not None
            and row["due_time"] <= now
            and (row["id"], row["version"]) not in resting
        ]
        return sorted(due, key=lambda row: row["due_time"])[:100]

    def _next_of_pool(self, session: Session, args: Sequence[Any]) -> list[Row]:
        unit, lost = args
        pool = [
            (row["priority"], row["open_time"], row["id"])
            for row in self.states.values()
            if row["unit"] == unit and row["state"] == "OFFERED" and row["id"] not in lost
        ]
        return [{"id": min(pool)[2]}] if pool else []

    def _be_the_one(self, session: Session, args: Sequence[Any]) -> list[Row]:
        if self._only_relay is None:
            self._only_relay = session
        return [{"pg_try_advisory_lock": self._only_relay is session}]

    def _next_unsent(self, session: Session, args: Sequence[Any]) -> list[Row]:
        sent = args[0]
        oldest = sorted(self.unsent.difference(sent))[:500]
        self.unsent.difference_update(sent)
        return [{**self.positions[position], "age": 0.0} for position in oldest]


def _arrive(reply: Any, result: Any, error: Exception | None) -> None:
    if reply.done():
        return
    if error is None:
        reply.set_result(result)
    else:
        reply.set_exception(error)


STATE = tuple(statements.columns_of(storage.TABLE))
JOURNAL = tuple(statements.JOURNAL)


def _require_checks(row: Row) -> None:
    """The CHECKs of the table of incidents."""
    held, pooled = row["state"] in HELD, row["state"] == "OFFERED"
    if not row["accountable_unit"] or row["version"] < 1:
        raise asyncpg.CheckViolationError("incidents_accountable_unit_check")
    if held and (not row["holder"] or row["accountable_unit"] != row["unit"]):
        raise asyncpg.CheckViolationError("incidents_held_check")
    if pooled and (row["holder"] or not row["unit"]):
        raise asyncpg.CheckViolationError("incidents_pooled_check")
