"""Migrations: roles, schemas and numbered SQL files, forward only, one transaction per file."""

import asyncio
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from backbone.postgres.expanding import OUTSIDE
from backbone.postgres.months import KEEP
from backbone.postgres.pool import LIMITS, OLDEST, too_old

SHELL = Path(__file__).parent / "migrations"
SERVICES = Path(__file__).parents[3] / "services"
NAME = re.compile(r"[a-z][a-z0-9_]*")
LOCK = "SELECT pg_advisory_lock(hashtextextended('liandong.migrate', 0))"
DONE = """
CREATE TABLE IF NOT EXISTS migrations (
    name text PRIMARY KEY, checksum text NOT NULL, time timestamptz NOT NULL DEFAULT now()
)
"""
# The tables that are no month of another one.
WHOLE = """
SELECT format('%I.%I', nspname, relname) AS name FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = relnamespace
WHERE nspname = $1 AND relkind IN ('r', 'p') AND NOT relispartition
"""
HAS_MONTHS = "SELECT to_regproc('keep_months')"
HAS_CODED_PLACES = """
SELECT EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = to_regclass('signing') AND attname = 'proof'
)
"""
RECORD = "INSERT INTO migrations (name, checksum) VALUES ($1, $2)"
# A trigger function must find its tables in its own schema, also when a restore or an operator with
# another search_path fires it, and never in a temporary one. So each function is pinned to its
# schema; a file that replaces a function unpins it.
UNPINNED = """
SELECT p.oid::regprocedure::text AS name FROM pg_proc AS p
WHERE p.pronamespace = current_schema()::regnamespace AND p.prorettype = 'trigger'::regtype
  AND NOT coalesce(p.proconfig, '{}') @> ARRAY[format('search_path=%I, pg_temp', current_schema())]
"""
PINNED = f"""
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN {UNPINNED} LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', name, current_schema());
    END LOOP;
END
$$
"""
# A statement that waits for a lock holds up all that ask for its table after it. So it gives up
# soon, well within the second that a service waits for a lock (pool.LIMITS), lets them pass, and
# tries again.
IMPATIENT = "SET LOCAL lock_timeout = '300ms'"
TRIES, PAUSE = 30, 1.0


class MigrationError(Exception):
    """A migration file was changed after it had been applied, or its tables stay locked."""


@dataclass(frozen=True)
class Schema:
    """The schema of one service, its login role, and its migration files in order."""

    name: str
    role: str
    files: tuple[Path, ...]


def schemas() -> list[Schema]:
    """The schemas of all services with migrations; the shell's files come first in each."""
    folders = sorted(SERVICES.glob("*/migrations"))
    shell = tuple(sorted(SHELL.glob("*.sql")))
    return [
        Schema(f.parent.name, f"liandong_{f.parent.name}", (*shell, *sorted(f.glob("*.sql"))))
        for f in folders
    ]


def secret_of(secret: bytes, purpose: str) -> str:
    """Derive a secret of 64 hexadecimal digits from the installation's secret and a purpose."""
    return hmac.digest(secret, purpose.encode(), sha256).hex()


def service_url(admin_dsn: str, service: str, secret: bytes) -> str:
    """The DSN with which a service logs in as its own role."""
    parts = urlsplit(admin_dsn)
    password = secret_of(secret, f"role/{service}")
    host = parts.netloc.rpartition("@")[2]
    netloc = f"liandong_{service}:{quote(password)}@{host}"
    return urlunsplit(parts._replace(netloc=netloc))


def require_version(number: str) -> None:
    """Raises MigrationError for a server that is too old; the number is as 170002 for 17.2."""
    if int(number) < OLDEST:
        raise MigrationError(too_old(f"{int(number) // 10_000}.{int(number) % 10_000}"))


async def migrate_all(
    admin_dsn: str, secret: bytes, owned: Sequence[Schema] | None = None
) -> list[str]:
    """Bring every schema up to date; return the names of the files that were applied."""
    conn = await asyncpg.connect(admin_dsn)
    try:
        require_version(await conn.fetchval("SHOW server_version_num"))
        await conn.execute(LOCK)
        applied = []
        for schema in schemas() if owned is None else owned:
            await _ensure_role(conn, schema, secret_of(secret, f"role/{schema.name}"))
            applied += [f"{schema.name}/{name}" for name in await migrate(conn, schema)]
        return applied
    finally:
        await conn.close()


async def pending(conn: "asyncpg.Connection[asyncpg.Record]", schema: Schema) -> list[Path]:
    """The files of one schema that were not yet applied, in order; changes nothing."""
    if not await conn.fetchval("SELECT to_regclass($1)", f"{schema.name}.migrations"):
        return list(schema.files)
    rows = await conn.fetch(f"SELECT name FROM {schema.name}.migrations")  # noqa: S608 - our names
    known = {row["name"] for row in rows}
    return [path for path in schema.files if name_of(schema, path) not in known]


def name_of(schema: Schema, path: Path) -> str:
    """The name under which the schema's table `migrations` has this file."""
    return f"{'shell' if path.parent == SHELL else schema.name}/{path.name}"


async def migrate(conn: "asyncpg.Connection[asyncpg.Record]", schema: Schema) -> list[str]:
    """Apply the new files of one schema; return their names. Raises MigrationError."""
    await conn.execute(f"SET search_path TO {schema.name}; {DONE}")
    known = {row["name"]: row["checksum"] for row in await conn.fetch("SELECT * FROM migrations")}
    applied = []
    for path in schema.files:
        text = path.read_text()
        checksum = sha256(text.encode()).hexdigest()
        name = name_of(schema, path)
        if known.get(name, checksum) != checksum:
            raise MigrationError(f"{name} was applied to schema {schema.name} and changed since")
        if name in known:
            continue
        await _apply(conn, text, name, checksum)
        applied.append(name)
    # Always: an earlier run may have died between its last file and these statements.
    await conn.execute(PINNED)
    await _grant(conn, schema)
    return applied


async def _apply(
    conn: "asyncpg.Connection[asyncpg.Record]", text: str, name: str, checksum: str
) -> None:
    if text.startswith(OUTSIDE):
        await conn.execute(text)
        await conn.execute(RECORD, name, checksum)
        return
    for _ in range(TRIES):
        try:
            async with conn.transaction():
                await conn.execute(IMPATIENT)
                await conn.execute(text)
                await conn.execute(RECORD, name, checksum)
            return
        except asyncpg.LockNotAvailableError:
            await asyncio.sleep(PAUSE)
    raise MigrationError(
        f"{name} found its tables locked at {TRIES} attempts, and has changed nothing: end the "
        "transaction that holds them (pg_stat_activity), then start it again"
    )


async def _ensure_role(
    conn: "asyncpg.Connection[asyncpg.Record]", schema: Schema, password: str
) -> None:
    """Create or update the role, which may log in and use its own schema only."""
    assert NAME.fullmatch(schema.name) and password.isalnum(), schema.name  # noqa: S101
    if not await conn.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", schema.role):
        await conn.execute(f"CREATE ROLE {schema.role} LOGIN PASSWORD '{password}'")
    limits = "; ".join(
        f"ALTER ROLE {schema.role} SET {name} = '{value}'" for name, value in LIMITS.items()
    )
    await conn.execute(f"""
        ALTER ROLE {schema.role} PASSWORD '{password}'; {limits};
        ALTER ROLE {schema.role} SET search_path = {schema.name};
        CREATE SCHEMA IF NOT EXISTS {schema.name};
        REVOKE ALL ON SCHEMA {schema.name} FROM PUBLIC;
        GRANT USAGE ON SCHEMA {schema.name} TO {schema.role};
    """)


async def _grant(conn: "asyncpg.Connection[asyncpg.Record]", schema: Schema) -> None:
    """Grant the role its own tables; journal, anchors and where signatures
    began are append-only, migrations closed. A month is reached through its table only."""
    whole = ", ".join(row["name"] for row in await conn.fetch(WHOLE, schema.name))
    await conn.execute(f"""
        GRANT SELECT, INSERT, UPDATE, DELETE ON {whole} TO {schema.role};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema.name} TO {schema.role};
        REVOKE UPDATE, DELETE ON journal, anchors FROM {schema.role};
        REVOKE ALL ON migrations FROM {schema.role};
    """)
    if await conn.fetchval(HAS_MONTHS):
        await conn.execute(f"""
            GRANT EXECUTE ON FUNCTION keep_months, forget_outcomes TO {schema.role};
        """)
        await conn.execute(KEEP)
    if await conn.fetchval("SELECT to_regclass('archives')"):
        await conn.execute(
            f"REVOKE INSERT, UPDATE, DELETE ON archives, archived FROM {schema.role}"
        )
    if await conn.fetchval("SELECT to_regclass('signing')"):
        await conn.execute(f"""
            REVOKE UPDATE, DELETE ON unsigned, verifications FROM {schema.role};
            REVOKE INSERT, UPDATE, DELETE ON signing FROM {schema.role};
        """)
    if await conn.fetchval(HAS_CODED_PLACES):
        await conn.execute(f"GRANT UPDATE (proof) ON unsigned, signing TO {schema.role}")
    if await conn.fetchval("SELECT to_regclass('uncoded')"):
        await conn.execute(f"REVOKE INSERT, UPDATE, DELETE ON uncoded FROM {schema.role}")
    if await conn.fetchval("SELECT to_regclass('row_counts')"):
        await conn.execute(f"REVOKE INSERT, DELETE ON row_counts FROM {schema.role}")
    if await conn.fetchval("SELECT to_regclass('audit_before')"):
        await conn.execute(f"REVOKE INSERT, UPDATE, DELETE ON audit_before FROM {schema.role}")
