"""Services in the process of the test, over a real database; without Kafka if none is given."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import grpc
import pytest

from backbone.process.pulse import Pulse
from backbone.process.settings import SCHEMAS, Settings, read_settings
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import open_channel, refusal_of
from backbone.words.actor import Actor
from backbone.words.city import City
from operate.home.keys import Keys, Seal
from tests.copies import plant
from tests.installation import Installation
from tests.servers import free_base

NOWHERE = "127.0.0.1:1"
PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Home:
    """Where the services of one test live."""

    database: Installation
    brokers: str
    port: int
    seals: tuple[Seal, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)

    def settings(self, name: str) -> Settings:
        schema = SCHEMAS[name]
        keys = Keys(self.database.secret, self.seals)
        return read_settings(
            name,
            {
                "KAFKA_BOOTSTRAP": self.brokers,
                "LIANDONG_SECURE": "0",
                "LIANDONG_PORT": str(self.port),
                "LIANDONG_TOKEN": keys.token,
                "LIANDONG_SIGNERS": keys.signers(),
                "LIANDONG_TEXTS_KEY": ",".join(keys.sealing("texts")),
                f"LIANDONG_{schema.upper()}_DATABASE_URL": self.database.url(schema),
                f"LIANDONG_{schema.upper()}_KEY": ",".join(keys.sealing(schema)),
                **self.environ,
            },
        )


class Client:
    """Calls one service as the gateway does."""

    def __init__(self, stub: Any, token: str) -> None:
        self._stub = stub
        self._token = token
        self.trailing: dict[str, str] = {}

    async def __call__(
        self, method: str, request: Any, who: Actor, key: str = "", **more: str
    ) -> Any:
        metadata = metadata_for(self._token, who, principal=who.user, **more)
        metadata.append(("idempotency-key", quote(key or uuid4().hex)))
        call = getattr(self._stub, method)(request, metadata=metadata, timeout=30)
        response = await call
        self.trailing = dict(await call.trailing_metadata())
        return response

    async def refused(
        self, method: str, request: Any, who: Actor, key: str = "", **more: str
    ) -> str:
        """The reason of the refusal that the call must meet."""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self(method, request, who, key, **more)
        refusal = refusal_of(caught.value)
        assert refusal is not None
        return refusal.reason


@asynccontextmanager
async def serving(
    database: Installation,
    city: City,
    *names: str,
    brokers: str = NOWHERE,
    seals: tuple[Seal, ...] = (),
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[Home]:
    """Run these services; each knows the city from its own table. `seals`: rotated so far."""
    home = Home(database, brokers, free_base(), seals, environ or {})
    await _know(database, city, {SCHEMAS[name] for name in names})
    tasks = []
    for name in names:
        wiring = importlib.import_module(f"services.{name}.wiring")
        tasks.append(asyncio.create_task(wiring.run(home.settings(name), Pulse())))
    try:
        yield home
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def calling(home: Home, name: str, stub: Any) -> AsyncIterator[Client]:
    """A client that may call as soon as the service answers."""
    settings = home.settings("gateway")
    async with open_channel(settings, name) as channel:
        async with asyncio.timeout(PATIENCE):
            await channel.channel_ready()
        yield Client(stub(channel), settings.token)


async def until(true: Any) -> Any:
    """Ask again until the answer is true, and return it."""
    async with asyncio.timeout(PATIENCE):
        while not (answer := await true()):
            await asyncio.sleep(0.05)
    return answer


async def _know(database: Installation, city: City, schemas: set[str]) -> None:
    records = [city.head, city.policy, *city.units.values(), *city.categories.values()]
    records += [*city.competences.values(), *city.people.values()]
    records += [*city.grids.values(), *city.areas.values()]
    conn = await asyncpg.connect(database.admin)
    for schema in schemas:
        await plant(conn, schema, Keys(database.secret).keyring(schema), records, city.head.version)
    await conn.close()


async def everything_at_rest(database: Installation, schema: str) -> str:
    """All rows of all tables of a schema as one text, byte strings as text too."""
    conn = await asyncpg.connect(database.admin)
    tables = await conn.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = $1", schema
    )
    found = [
        repr(dict(row)) + "".join(v.decode(errors="replace") for v in row if isinstance(v, bytes))
        for table in tables
        for row in await conn.fetch(f'SELECT * FROM {schema}."{table[0]}"')
    ]
    await conn.close()
    return "\n".join(found)
