"""The connection pool of a service, its transactions, and the transient errors."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
import msgspec
from asyncpg.connection import LoggedQuery

from backbone.process.certificates import flaw_in
from backbone.process.metrics import STATEMENT_SECONDS
from backbone.words.errors import Unavailable

if TYPE_CHECKING:
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
    Connection: TypeAlias = (
        asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    )
else:
    Pool = asyncpg.Pool
    Connection = asyncpg.Connection

# Opens a connection outside the pool, for a listener or for a session lock.
Connect: TypeAlias = Callable[[], Awaitable[Connection]]

# Session limits, which protect other sessions from a frozen process. backbone.postgres.migrate
# makes them defaults of each role; connections set them too, for a role that was made by hand.
LIMITS = {
    "timezone": "UTC",
    "lock_timeout": "1s",
    "idle_in_transaction_session_timeout": "2s",
    "transaction_timeout": "5s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
}

# Seconds for a new connection; a service tries again, and meanwhile answers its callers.
CONNECT = 2.0

# Limits of the operator's commands: no caller waits for their answer, so on a busy machine they
# wait for PostgreSQL longer than a service does.
PATIENT = LIMITS | {
    "lock_timeout": "15s",
    "idle_in_transaction_session_timeout": "15s",
    "transaction_timeout": "30s",
}

# Services ask by indexes alone. A statement that is prepared while its table is small would read
# the whole table until the next ANALYZE, however fast the table grows. The few that have no index
# get a cost for which Postgres would compile them each time.
PLANS = {"enable_seqscan": "off", "jit": "off"}

# The limit of a transaction's time came with 17.
OLDEST = 170_000

TRANSIENT = (
    Unavailable,
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.exceptions.InvalidTransactionStateError,
    asyncpg.exceptions.ObjectNotInPrerequisiteStateError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.PostgresSystemError,  # a disk that fails is no fault of the command
    asyncpg.exceptions.InvalidCachedStatementError,  # a migration ran beside us
)


def is_transient(error: BaseException) -> bool:
    """Say whether the same work may succeed later, unchanged: a transient error."""
    # asyncpg reports a value that it cannot encode as an InterfaceError that is a ValueError.
    if isinstance(error, Unavailable):
        return True
    return isinstance(error, TRANSIENT) and not isinstance(error, ValueError)


def too_old(version: str) -> str:
    return f"PostgreSQL 17 or newer is needed, and this server is {version}"


def said_by(error: BaseException) -> str:
    """One sentence for a database that cannot be used; a flaw of the wires says its remedy."""
    if isinstance(
        error, asyncpg.InvalidPasswordError | asyncpg.InvalidAuthorizationSpecificationError
    ):
        return (
            f"PostgreSQL refuses the password of the service ({error}): `make migrate` sets it. "
            f"PostgreSQL 拒绝了服务的密码（{error}）：请执行 make migrate 重新设置。"
        )
    if isinstance(error, asyncpg.UndefinedObjectError) and "transaction_timeout" in str(error):
        return f"{too_old('older')}. 需要 PostgreSQL 17 或更新版本。"
    flaw = flaw_in(error, "PostgreSQL")
    return str(flaw) if flaw else f"the database does not answer: {error}"


async def open_pool(
    dsn: str, schema: str, size: int = 4, name: str = "", *, patient: bool = False
) -> Pool:
    """Return a pool that connects at first use: a service must start without Postgres. The `name`
    of its connections is shown by pg_stat_activity; those of the operator's commands are patient.
    """
    limits = PATIENT if patient else LIMITS
    return await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        timeout=15 if patient else CONNECT,
        command_timeout=30 if patient else 6,
        server_settings={"application_name": name, "search_path": schema, **limits, **PLANS},
        init=partial(_init, schema),
        reset=_keep,
    )


@asynccontextmanager
async def transaction(pool: Pool, first: str = "") -> AsyncIterator[Connection]:
    """One transaction on a pooled connection; the SQL `first` is sent together with BEGIN.

    `first` has no parameters, so it must not contain text from outside.
    """
    async with pool.acquire() as conn:
        try:
            await conn.execute(f"BEGIN; {first}")
            yield conn
            await conn.execute("COMMIT")
        except TimeoutError:
            # All pooled connections may be half-open: a ROLLBACK on each would wait for another
            # timeout.
            _cut(conn)
            await pool.expire_connections()
            raise
        except BaseException:
            await _roll_back(conn)
            raise


async def _roll_back(conn: Connection) -> None:
    """Roll back. Errors are suppressed: they would hide the first one, or a cancellation."""
    try:
        if not conn.is_closed():
            await conn.execute("ROLLBACK")
    except Exception:  # noqa: BLE001 - Postgres rolls back what it loses
        _cut(conn)


def _cut(conn: Connection) -> None:
    """End a connection. The pool takes one that Postgres has ended; it then refuses every call."""
    with suppress(asyncpg.InterfaceError):
        conn.terminate()


async def connect(dsn: str, schema: str) -> "asyncpg.Connection[asyncpg.Record]":
    """Return a connection outside the pool, for a listener or for a session lock."""
    settings = {"search_path": schema, **LIMITS, **PLANS}
    conn = await asyncpg.connect(dsn, timeout=CONNECT, command_timeout=6, server_settings=settings)
    await speak_json(conn)
    return conn


async def speak_json(conn: Connection) -> None:
    await conn.set_type_codec(
        "jsonb",
        encoder=lambda value: msgspec.json.encode(value).decode(),
        decoder=msgspec.json.decode,
        schema="pg_catalog",
    )


async def _init(schema: str, conn: Connection) -> None:
    await speak_json(conn)
    conn.add_query_logger(partial(_measure, schema))


def _measure(schema: str, query: LoggedQuery) -> None:
    """Tell how long the statement took; its text and values go nowhere."""
    STATEMENT_SECONDS.labels(schema).observe(query.elapsed)


async def _keep(conn: Connection) -> None:
    """Skip the reset of a released connection: no session state is ever set on a pooled one."""
