"""A database as an installation has it: every service's schema and role, copied from a template."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from backbone.postgres.migrate import migrate_all, schemas, service_url
from operate.admin import data_keys
from operate.home.keys import Keys
from tests.ledger.building import LEDGER, SECRET

TEMPLATE = "liandong_template"


@dataclass(frozen=True, slots=True)
class Installation:
    """`admin` may do everything; `url` is what a service gets."""

    admin: str
    secret: bytes = SECRET

    def url(self, service: str = "ledger") -> str:
        """The DSN with which a service logs in as its own role."""
        return service_url(self.admin, service, self.secret)


async def make_template(dsn: str) -> None:
    """Migrate everything once; each test copies it."""
    await told(dsn, f"CREATE DATABASE {TEMPLATE}")
    await migrate_all(named(dsn, TEMPLATE), SECRET, [*schemas(), LEDGER])
    await data_keys.ensure(named(dsn, TEMPLATE), Keys(SECRET))


@asynccontextmanager
async def an_installation(dsn: str, template: str = TEMPLATE) -> AsyncIterator[Installation]:
    """A database of its own, dropped afterwards with all its connections.

    No connection is held in between: tests of the same session start the server again.
    """
    name = f"test_{uuid4().hex[:12]}"
    await told(dsn, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    try:
        yield Installation(named(dsn, name))
    finally:
        await told(dsn, f"DROP DATABASE {name} WITH (FORCE)")


async def told(dsn: str, statement: str) -> None:
    """The server has executed one statement, over a connection of its own."""
    conn = await asyncpg.connect(dsn)
    try:
        await conn.execute(statement)
    finally:
        await conn.close()


def named(dsn: str, database: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))
