"""The embedded database of a city that is down, run for one command alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from operate.home.home import Home
from operate.run.child import end
from operate.run.launch import failure, spawn
from operate.servers.postgres import Postgres, answers

PATIENCE = 60.0


@asynccontextmanager
async def serving(home: Home, server: Postgres | None) -> AsyncIterator[None]:
    """Run the server for the block; an external one, or none, is left alone. Raises Trouble."""
    if server is None:
        yield
        return
    launch = await asyncio.to_thread(server.prepare)
    begin = launch.log.stat().st_size if launch.log.exists() else 0
    # `up` ends it by its mark as a leftover; without an identity it is not adopted.
    process = await spawn(launch, str(home.path))
    try:
        async with asyncio.timeout(PATIENCE):
            while not await answers(server.dsn):
                if process.returncode is not None:
                    code = f"exit code {process.returncode}"
                    raise failure("PostgreSQL", code, launch.log, begin)
                await asyncio.sleep(0.1)
        yield
    finally:
        await end(process, launch)


async def promoted(dsn: str) -> None:
    """Wait until a recovery is over; one that waits at its target for a person goes on."""
    conn = await asyncpg.connect(dsn)
    try:
        while await conn.fetchval("SELECT pg_is_in_recovery()"):
            if await conn.fetchval("SELECT pg_get_wal_replay_pause_state()") == "paused":
                await conn.execute("SELECT pg_wal_replay_resume()")
            await asyncio.sleep(0.2)
    finally:
        conn.terminate()
