"""Whoever migrates: what would block services at work, or break them, waits until they stop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from backbone.postgres import migrate
from operate.admin import due
from operate.cli import targets
from operate.home.home import Home
from operate.home.keys import Keys
from operate.home.ports import Ports
from operate.home.trouble import Trouble
from operate.run import boot
from operate.run.installation import Installation
from tests import installation as made

LOADED = """
INSERT INTO directory.packs (version, checksum, archive, effective_time, loader, in_force_time)
VALUES (1, '', '', now(), 'test', now())
"""
EVENT = """
INSERT INTO alarm.journal (event_id, aggregate_id, version, kind, payload, request_id, actor, unit,
    time, correlation_id, causation_id, traceparent, hash)
VALUES (gen_random_uuid(), gen_random_uuid(), 1, 'Received', '', gen_random_uuid(), '', '',
    now(), '', '', '', '')
"""
FILES = {
    "an index under lock": "CREATE INDEX receipts_once_more ON receipts (id);",
    "what the release reads": "-- contract\nALTER TABLE receipts ADD COLUMN IF NOT EXISTS b int;",
}


@pytest.fixture
def city(database: made.Installation, tmp_path: Path) -> Installation:
    home = Home(tmp_path / "run", Ports())
    return Installation(
        home, Keys(database.secret), database_url=database.admin, kafka_bootstrap="127.0.0.1:1"
    )


@pytest.fixture(params=FILES)
def name(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A further file of alarm that may not run beside a living city."""
    file = tmp_path / "9999_once_more.sql"
    file.write_text(FILES[request.param])
    told = [
        replace(each, files=(*each.files, file)) if each.name == "alarm" else each
        for each in migrate.schemas()
    ]
    monkeypatch.setattr(migrate, "schemas", lambda: told)
    monkeypatch.setattr(due, "schemas", lambda: told)
    return "alarm/9999_once_more.sql"


@asynccontextmanager
async def working(database: made.Installation, service: str) -> AsyncIterator[None]:
    conn = await asyncpg.connect(database.url(service))
    try:
        yield
    finally:
        await conn.close()


async def load(database: made.Installation) -> None:
    conn = await asyncpg.connect(database.admin)
    await conn.execute(LOADED)
    await conn.close()


async def test_it_is_refused_beside_its_service_and_applied_without(
    city: Installation, database: made.Installation, name: str
) -> None:
    await load(database)
    async with working(database, "alarm"):
        with pytest.raises(Trouble) as refused:
            await boot.migrate(city)
        assert name in refused.value.english and "liandong down" in refused.value.english
        assert name in refused.value.chinese
    async with working(database, "petition"):  # nothing of it changes
        assert await boot.migrate(city) == [f"alarm/{name}"]


async def test_a_city_without_a_pack_has_nobody_to_block(
    city: Installation, database: made.Installation, name: str
) -> None:
    async with working(database, "alarm"):
        assert await boot.migrate(city) == [f"alarm/{name}"]


async def test_a_person_may_know_better(
    city: Installation, database: made.Installation, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(database)
    monkeypatch.setenv("LIANDONG_MIGRATE_ANYWAY", "1")
    async with working(database, "alarm"):
        assert await boot.migrate(city) == [f"alarm/{name}"]


async def test_systemd_has_its_own_command(
    city: Installation, database: made.Installation, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(database)
    monkeypatch.setenv("LIANDONG_RUN_BY", "systemd")
    async with working(database, "alarm"):
        with pytest.raises(Trouble, match=r"systemctl stop 'liandong@\*'"):
            await boot.migrate(city)


async def test_lost_topics_are_filled_while_no_service_runs_and_refused_beside_them(
    city: Installation, database: made.Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `prepare` does where no supervisor of ours runs: created empty, they would stay so."""
    created: list[Installation] = []

    async def present(_: Installation) -> set[str]:
        return set()

    async def create(installation: Installation) -> list[str]:
        created.append(installation)
        return []

    monkeypatch.setattr(boot, "present_topics", present)
    monkeypatch.setattr(boot, "create_topics", create)
    assert await targets.created(city) == [], "a first start has no events"
    await load(database)
    conn = await asyncpg.connect(database.admin)
    await conn.execute(EVENT)
    monkeypatch.setenv("LIANDONG_RUN_BY", "systemd")
    async with working(database, "dispute"):
        with pytest.raises(Trouble, match=r"Kafka has lost .*systemctl stop 'liandong@\*'"):
            await targets.created(city)
    assert len(created) == 1 and await conn.fetchval("SELECT count(*) FROM alarm.unsent") == 0
    assert await targets.created(city) == []
    assert len(created) == 2 and await conn.fetchval("SELECT count(*) FROM alarm.unsent") == 1
    await conn.close()
