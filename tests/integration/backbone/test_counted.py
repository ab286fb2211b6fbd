"""Refused follow-ups that were removed by hand are missed: no event tells of them, a count does."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from backbone.door.beside import CodedRows
from backbone.door.codes import Codes
from backbone.door.counted import KEPT, Counts
from backbone.door.outcomes import Outcome
from backbone.kafka.inbox import LINKS, Inbox
from backbone.postgres.pool import Pool
from backbone.process.keeping import EVERY, shipped
from backbone.process.keyring import Keyring
from backbone.process.pulse import Pulse
from liandong.event.v1.event_pb2 import Meta
from tests.servers import running_task

CODED = CodedRows(Codes(Keyring((bytes(32),)), "ledger"), LINKS)
NAMED = "row_counts refused_links is not what the service has written"
Admin = "asyncpg.Connection[Any]"


async def refuse(pool: Pool, count: int) -> list[UUID]:
    """Write so many refused follow-ups in one transaction; return their events."""
    events = [uuid4() for _ in range(count)]
    async with pool.acquire() as conn, conn.transaction():
        for event in events:
            meta = Meta(event_id=str(event), source="ALARM", audience=["desk-a"])
            about, now = uuid4(), datetime.now(UTC)
            refused = Outcome(uuid4(), "", about, 0, "NO_SUCH_NOTE", "NotFound", {}, now)
            await Inbox("g", CODED).refused(conn, meta, refused)
    return events


async def flaws(on: Any, counts: Counts | None = None) -> list[str]:
    found = counts.flaws(on) if counts else CODED.missing(on)
    return [f"{each.where} {each.what}" async for each in found]


async def test_one_that_was_removed_by_hand_is_missed(pool: Pool, admin: Admin) -> None:
    """The only one, and the last one."""
    for count in (1, 2):
        events = await refuse(pool, count)
        assert await flaws(admin) == []
        removal = admin.transaction()
        await removal.start()
        await admin.execute("DELETE FROM refused_links WHERE event_id = $1", events[-1])
        [said] = await flaws(admin)
        assert said.startswith("refused_links has 1 rows fewer of 2")
        await removal.rollback()


async def test_those_of_two_writers_are_all_counted(pool: Pool, admin: Admin) -> None:
    await asyncio.gather(*(refuse(pool, 3) for _ in range(4)))
    assert str(await admin.fetchval("SELECT months FROM row_counts")).endswith("=12")
    assert await flaws(admin) == []


async def test_one_that_a_city_may_have_swept_is_not_missed(pool: Pool, admin: Admin) -> None:
    assert timedelta(days=shipped().tables[EVERY]["refused_links"].least) >= KEPT
    counts, long_ago = Counts(None, LINKS.table), datetime.now(UTC) - KEPT - timedelta(days=32)
    await admin.execute("UPDATE row_counts SET since = now() - interval '9 years'")
    await counts.add(admin, [{"time": long_ago}])
    assert await admin.fetchval("SELECT months FROM row_counts") == f"{long_ago:%Y%m}=1"
    assert await flaws(admin, counts) == []
    await counts.add(admin, [{"time": datetime.now(UTC)}])
    assert len(await flaws(admin, counts)) == 1


async def test_one_of_before_stands_for_none_that_was_removed(pool: Pool, admin: Admin) -> None:
    """It was there before the counts began, and they do not know of it."""
    [event, *_] = await refuse(pool, 2)
    await admin.execute(
        "UPDATE refused_links SET time = now() - interval '1 hour' WHERE event_id = $1", event
    )
    assert len(await flaws(admin)) == 1


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE row_counts SET months = ''",
        "UPDATE row_counts SET proof = NULL",
        "UPDATE row_counts SET since = now()",
        "DELETE FROM row_counts",
    ],
)
async def test_counts_that_were_changed_by_hand_are_named(
    pool: Pool, admin: Admin, forgery: str
) -> None:
    """Nor do later rows make them right again."""
    await refuse(pool, 1)
    await admin.execute(forgery)
    assert await flaws(admin) == [NAMED]
    await refuse(pool, 1)
    assert await flaws(admin) == [NAMED]


async def test_a_service_that_starts_codes_its_counts(pool: Pool, admin: Admin) -> None:
    async with running_task(CODED.code_those_of_before(pool, Pulse())), asyncio.timeout(5):
        while await admin.fetchval("SELECT proof FROM row_counts") is None:
            await asyncio.sleep(0.02)
    await admin.execute("UPDATE row_counts SET months = '202601=0'")
    assert await flaws(admin) == [NAMED]


async def test_counts_that_no_service_has_coded_are_named_after_a_day(
    pool: Pool, admin: Admin
) -> None:
    assert await flaws(admin) == []
    await admin.execute("UPDATE row_counts SET since = now() - interval '2 days'")
    assert await flaws(admin) == [NAMED]


@pytest.mark.parametrize(
    "act", ["DELETE FROM row_counts", "INSERT INTO row_counts (name) VALUES ('parked')"]
)
async def test_a_service_may_neither_add_counts_nor_remove_them(pool: Pool, act: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(act)
