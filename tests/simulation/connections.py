"""The client's side of the simulated Postgres: as much of asyncpg as the flow calls."""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from types import TracebackType
from typing import Any

import asyncpg

from tests.simulation.database import Database, Session
from tests.simulation.loop import INSIDE


class Connection:
    """One connection; a cut one says so, and every call on it fails."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._process = INSIDE.get()
        self._session = Session(self._process, self)
        self._farewells: list[Any] = []
        database.sessions.append(self._session)

    async def fetch(self, statement: str, *args: Any) -> Any:
        if self.is_closed():
            raise asyncpg.InterfaceError("the connection is closed")
        reply = self._database.loop.create_future()
        self._database.submit(self._session, statement, args, reply)
        return await reply

    execute = fetch

    async def fetchval(self, statement: str, *args: Any) -> Any:
        rows = await self.fetch(statement, *args)
        return next(iter(rows[0].values())) if rows else None

    async def add_listener(self, channel: str, heard: Callable[..., object]) -> None:
        await self.fetch("SELECT 1")
        context = copy_context()
        self._database.listeners[channel].append((self._session, heard, context))

    def add_termination_listener(self, farewell: Callable[..., object]) -> None:
        self._farewells.append((farewell, copy_context()))

    def is_closed(self) -> bool:
        """Also for the `finally` blocks of a process that is dead."""
        return self._session.closed or self._session.gone or not self._process.alive

    def terminate(self) -> None:
        if self._process.alive and not self._session.gone:
            self._database.leave(self._session)

    def cut(self) -> None:
        """The server has ended the session."""
        for farewell, context in self._farewells:
            self._database.loop.call_soon(farewell, self, context=context)
        self._farewells = []


class Pool:
    """Connections that are used again; as many as the flow's pool has."""

    def __init__(self, database: Database, size: int = 4) -> None:
        self._database = database
        self._free: list[Connection] = []
        self._places = asyncio.Semaphore(size)

    def acquire(self) -> "Acquired":
        return Acquired(self)

    async def take(self) -> Connection:
        await self._places.acquire()
        while self._free:
            connection = self._free.pop()
            if not connection.is_closed():
                return connection
        return Connection(self._database)

    def give_back(self, connection: Connection) -> None:
        self._places.release()
        if not connection.is_closed():
            self._free.append(connection)

    async def expire_connections(self) -> None:
        for connection in self._free:
            connection.terminate()
        self._free = []

    async def fetch(self, statement: str, *args: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.fetch(statement, *args)

    async def fetchval(self, statement: str, *args: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.fetchval(statement, *args)

    async def execute(self, statement: str, *args: Any) -> None:
        async with self.acquire() as connection:
            await connection.execute(statement, *args)


class Acquired:
    """`async with pool.acquire() as connection`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Connection:
        self._connection = await self._pool.take()
        return self._connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.give_back(self._connection)
