"""Processes that die, freeze and wake, and connections that only seem to be open."""

import asyncio
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from backbone.door.batcher import patiently
from backbone.door.carrying import CHANNEL
from backbone.door.door import Door
from backbone.door.evidence import verify
from backbone.door.notices import Waiting
from backbone.door.outcomes import Outcome
from backbone.postgres.pool import Pool, connect
from backbone.process.pulse import Pulse
from tests.installation import Installation
from tests.ledger.building import CARRIER, a_claim, a_request, written
from tests.ledger.domain import Write
from tests.ledger.worker import commands


@asynccontextmanager
async def a_worker(
    database: Installation, seed: str, count: int, *more: str
) -> AsyncIterator[Process]:
    arguments = ("-m", "tests.ledger.worker", database.url(), seed, str(count), *more)
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=PIPE)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def line_of(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        return (await process.stdout.readline()).decode().strip()


@pytest.mark.parametrize("death", [signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
async def test_a_worker_that_dies_in_the_middle_of_its_batches_loses_and_doubles_nothing(
    database: Installation, pool: Pool, admin: Any, death: signal.Signals
) -> None:
    async with a_worker(database, "seed", 1_500) as worker:
        async with asyncio.timeout(30):
            while await pool.fetchval("SELECT count(*) FROM outcomes") < 300:
                await asyncio.sleep(0.005)
        worker.send_signal(death)
        await worker.wait()
    survived = await pool.fetchval("SELECT count(*) FROM outcomes")
    assert 300 <= survived < 3_000, "it died in the middle"
    async with a_worker(database, "seed", 1_500) as worker:
        assert worker.stdout is not None
        said = (await worker.stdout.read()).split()
    assert said == [b"ACCEPTED"] * 3_000
    assert await pool.fetchval("SELECT count(*) FROM journal") == 3_000
    assert await pool.fetchval("SELECT count(*) FROM unsent") == 3_000
    assert [flaw async for flaw in verify(admin, "notes")] == []


async def test_a_zombie_that_wakes_changes_nothing(
    database: Installation, door: Door, pool: Pool
) -> None:
    """Frozen between its write and its commit, for longer than Postgres waits for it."""
    opening, claim = commands("zombie", 1)
    await door.perform([opening])
    async with a_worker(database, "zombie", 1, "pause") as worker:
        assert await line_of(worker) == "inside"
        worker.send_signal(signal.SIGSTOP)
        rival = a_claim(claim.aggregate_id, "rival")
        started = time.monotonic()
        [won] = await patiently(door.perform, Pulse())([rival])
        assert won.reason == "" and time.monotonic() - started < 5
        worker.send_signal(signal.SIGCONT)
        assert [await line_of(worker) for _ in range(2)] == ["ACCEPTED", "ALREADY_CLAIMED"]
    assert await pool.fetchval("SELECT doc ->> 'holder' FROM notes") == "rival"
    assert await pool.fetchval("SELECT count(*) FROM journal") == 2


@asynccontextmanager
async def waiting_at(dsn: str, door: Door) -> AsyncIterator[Waiting]:
    channel, listen = f"{CHANNEL}{uuid4().hex}", partial(connect, dsn, "ledger")
    heard = Waiting(door.find, CARRIER, listen, channel, Pulse())
    running = asyncio.create_task(heard.run())
    try:
        yield heard
    finally:
        running.cancel()
        await asyncio.wait([running])


async def told(door: Door, heard: Waiting, patience: float = 5) -> list[Outcome]:
    """Perform a request for which two calls wait, and tell them until they have heard."""
    note_id = await written(door)
    request = a_claim(note_id, front=heard.channel)
    await door.perform([request])
    with heard.outcome_of(request.request_id) as one, heard.outcome_of(request.request_id) as two:
        async with asyncio.timeout(patience):
            while not one.done():
                await door.perform([request])  # a repeat, which is told too
                await asyncio.sleep(0.05)
        return [await one, await two]


async def test_a_notice_carries_the_outcome_where_it_fits(
    database: Installation, door: Door
) -> None:
    async with waiting_at(database.url(), door) as heard:
        await told(door, heard)  # it listens
        read: list[UUID] = []

        async def find(ids: Sequence[UUID]) -> Sequence[Outcome]:
            read.extend(ids)
            return await door.find(ids)

        heard._find = find
        for text, is_read in (("a word", False), ("many words " * 1_000, True)):
            note_id = uuid4()
            request = a_request(note_id, Write(note_id, text), front=heard.channel, call="one")
            with heard.outcome_of(request.request_id) as answer:
                await door.perform([request])
                async with asyncio.timeout(5):
                    assert (await answer).state.text == text
            assert (request.request_id in read) is is_read


async def test_a_front_hears_what_is_finished(
    database: Installation, door: Door, admin: Any
) -> None:
    async with waiting_at(database.url(), door) as heard:
        one, two = await told(door, heard)
        assert one == two and one.reason == ""
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
        await admin.execute(cut)
        [again, _] = await told(door, heard)
        assert again.reason == ""
