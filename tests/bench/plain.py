"""The peer of B18: a plain FastAPI and asyncpg service, one process, one transaction a command.

`python -m tests.bench.plain PORT DSN` is the service. A command is one UPDATE … RETURNING and one
INSERT into an audit table; no checks, no events, no keys, no second copy.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response
from pydantic import BaseModel

from operate.home.ports import free_port
from tests.bench.caller import Http
from tests.bench.world import World

CONNECTIONS = 16
PATIENCE = 20.0
DROP = "DROP TABLE IF EXISTS public.bench_plain, public.bench_plain_audit"
TABLES = """
CREATE TABLE public.bench_plain (
    id uuid PRIMARY KEY, version bigint NOT NULL, time timestamptz NOT NULL, state text NOT NULL,
    unit text NOT NULL, holder text NOT NULL, doc jsonb NOT NULL
);
CREATE TABLE public.bench_plain_audit (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, incident uuid NOT NULL,
    version bigint NOT NULL, verb text NOT NULL, actor text NOT NULL, body jsonb NOT NULL,
    time timestamptz NOT NULL
);
CREATE INDEX ON public.bench_plain (unit, state);
"""
ROWS = """
INSERT INTO public.bench_plain
SELECT id, 1, now(), 'OFFERED', '990101001-police', '', '{}' FROM unnest($1::uuid[]) AS id
"""
UPDATE = """
UPDATE public.bench_plain
SET version = version + 1, time = now(), state = $2, holder = $3, doc = doc || $4::jsonb
WHERE id = $1 RETURNING id::text, version, time, state, unit, holder, doc
"""
AUDIT = """
INSERT INTO public.bench_plain_audit (incident, version, verb, actor, body, time)
VALUES ($1, $2, $3, $4, $5, now())
"""


class Body(BaseModel):
    text: str
    actor: str


def application(dsn: str) -> FastAPI:
    @asynccontextmanager
    async def connected(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(dsn, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
            app.state.pool = pool
            yield

    app = FastAPI(lifespan=connected)

    @app.post("/incidents/{incident}/{verb}")
    async def perform(incident: UUID, verb: str, body: Body, request: Request) -> Response:
        document = body.model_dump_json()
        async with request.app.state.pool.acquire() as conn, conn.transaction():
            row = await conn.fetchrow(UPDATE, incident, verb, body.actor, document)
            await conn.execute(AUDIT, incident, row["version"], verb, body.actor, document)
        return Response(orjson.dumps(dict(row)), media_type="application/json")

    return app


class Plain:
    """Where the service is and which process it is; makes the rows that commands need."""

    def __init__(self, world: World, port: int, pid: int) -> None:
        self.http = Http(f"http://127.0.0.1:{port}", "none")
        self.pid = pid
        self._world = world

    async def rows(self, ids: list[UUID]) -> None:
        async with self._world.connected() as conn:
            await conn.execute(ROWS, ids)


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[Plain]:
    """The service in a process of its own, on the Postgres of the installation."""
    async with world.connected() as conn:
        await conn.execute(DROP)
        await conn.execute(TABLES)
    port = free_port()
    arguments = [sys.executable, "-m", "tests.bench.plain", str(port), world.admin_dsn]
    process = await asyncio.create_subprocess_exec(*arguments, stderr=subprocess.DEVNULL)
    try:
        await listening(port)
        yield Plain(world, port, process.pid)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        async with world.connected() as conn:
            await conn.execute(DROP)


async def listening(port: int) -> None:
    """Return when the service takes connections. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.1)


def main(port: str, dsn: str) -> Any:
    settings: dict[str, Any] = {"loop": "uvloop", "http": "httptools", "log_level": "error"}
    uvicorn.run(application(dsn), port=int(port), **settings)


if __name__ == "__main__":
    main(*sys.argv[1:])
