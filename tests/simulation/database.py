"""The simulated Postgres: sessions, transactions, advisory locks, LISTEN/NOTIFY, and its faults.

A statement takes effect at one moment between its sending and its answer, on the server, whatever
happens to the client meanwhile: a COMMIT may succeed unheard.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextvars import Context
from datetime import datetime
from functools import partial
from random import Random
from typing import Any

import asyncpg

from backbone.door import statements
from backbone.kafka import relay
from tests.simulation.loop import Loop, Process
from tests.simulation.tables import Row, Tables, Transaction

LATENCY = 0.0005
LOCK_TIMEOUT = 1.0
IDLE_TIMEOUT = 2.0
LONGEST_NOTICE = 8000
KEYS = re.compile(r"'\{([-0-9,]*)\}'")


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


class Database(Tables):
    """The server: tables, sessions, and the faults of its weather."""

    def __init__(self, loop: Loop, chance: Random, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self.loop = loop
        self.chance = chance
        self.outside = Context()
        self.bad = 0.0  # of so many statements one meets a fault
        self.late = 0.0  # of so many notices one comes late
        self.faults: dict[str, int] = defaultdict(int)
        self.sessions: list[Session] = []
        self.listeners: dict[str, list[tuple[Session, Any, Context]]] = defaultdict(list)
        self._locks: dict[int, Session] = {}
        self._waiters: dict[int, list[Waiter]] = defaultdict(list)
        self._only_relay: Session | None = None
        self.handlers |= {
            "COMMIT": self._commit,
            "ROLLBACK": self._roll_back,
            statements.TRY_LOCK: self._try_lock,
            relay.TRY_LOCK: self._be_the_one,
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
            for each in (reply, *(later for _, _, later in session.queue)):
                self._answer(each, None, asyncpg.ConnectionDoesNotExistError("cut"))
            return
        then = partial(self._ended, session, reply, fate == "statement unheard")
        if fate == "deadlock":
            then(None, asyncpg.DeadlockDetectedError("by the seed"))
        else:
            self._perform(session, statement, args, then)

    def _ended(
        self,
        session: Session,
        reply: Any,
        unheard: bool,
        result: list[Row] | None,
        error: Exception | None = None,
    ) -> None:
        """A statement has taken effect, or failed."""
        session.busy = False
        if error is not None and session.transaction is not None:
            session.failed = True
        if unheard:
            error = asyncpg.ConnectionDoesNotExistError("cut")
        if session.gone or unheard:
            self.close(session)
        self._answer(reply, result, error)
        if session.queue:
            self.submit(session, *session.queue.pop(0))

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

    def _lock(self, session: Session, keys: list[int], at: int, then: Callable[..., None]) -> None:
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
        self.require_new(written)
        session.transaction = None
        self.apply(written)
        for channel, ids in written.notices:
            self._notify(channel, ids)
        self._release(session)
        return []

    def _roll_back(self, session: Session, args: Sequence[Any]) -> list[Row]:
        session.transaction, session.failed = None, False
        self._release(session)
        return []

    def _notify(self, channel: str, ids: str) -> None:
        if len(ids) >= LONGEST_NOTICE:
            raise asyncpg.InvalidParameterValueError("payload string too long")
        for session, heard, context in self.listeners[channel]:
            late = self.late and self.chance.random() < self.late
            self.faults["notice late"] += bool(late)
            delay = 0.0001 + self.chance.random() * (2.0 if late else 0.001)
            args = (session.client, 0, channel, ids)
            self.loop.call_later(delay, heard, *args, context=context)

    def _be_the_one(self, session: Session, args: Sequence[Any]) -> list[Row]:
        if self._only_relay is None:
            self._only_relay = session
        return [{"pg_try_advisory_lock": self._only_relay is session}]


def _arrive(reply: Any, result: Any, error: Exception | None) -> None:
    if reply.done():
        return
    if error is None:
        reply.set_result(result)
    else:
        reply.set_exception(error)
