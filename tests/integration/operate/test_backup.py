"""Backup and restore over a real server, with the rows that a release left in every service."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import msgspec
import pytest

from backbone.postgres.migrate import migrate_all, schemas
from backbone.postgres.numbers import today
from operate.admin import data_keys, topics
from operate.backup import manifest as manifests
from operate.backup import proving, refilling, restoring, taking, unfinished
from operate.backup.taking import TABLES
from operate.home.home import Home
from operate.home.keys import Keys, Seal
from operate.home.ports import Ports
from operate.home.trouble import Trouble
from operate.run import boot
from operate.run.installation import Installation as Operated
from tests.golden.reading import RELEASES
from tests.golden.restoring import restored
from tests.installation import Installation, an_installation
from tests.ledger.building import SECRET

KEYS = Keys(SECRET)
MOMENT = datetime(2026, 11, 29, tzinfo=UTC)
# What a restore changes, so that the life after it is not taken for the one that is lost.
RENEWED = {"mailboxes", "numbers", "sessions"}


@pytest.fixture(scope="module")
def golden(postgres_dsn: str) -> Iterator[str]:
    """A database of every service, as the last release left it, brought up to date; to copy."""
    with asyncio.Runner() as runner:
        made = restored(postgres_dsn, RELEASES[-1])
        database = runner.run(made.__aenter__())
        runner.run(data_keys.ensure(database.admin, KEYS))
        yield urlsplit(database.admin).path.removeprefix("/")
        runner.run(made.__aexit__(None, None, None))


@pytest.fixture
async def city(postgres_dsn: str, golden: str) -> AsyncIterator[Installation]:
    async with an_installation(postgres_dsn, golden) as database:
        yield database


@pytest.fixture
async def empty(postgres_dsn: str) -> AsyncIterator[Installation]:
    async with an_installation(postgres_dsn, "template1") as database:
        yield database


async def rows_of(dsn: str) -> dict[str, list[str]]:
    """All rows of all tables of the city, as text and sorted."""
    conn = await asyncpg.connect(dsn)
    found = await conn.fetch(TABLES, [each.name for each in schemas()])
    rows = {}
    for schema, table, _ in found:
        query = f"SELECT t::text FROM {schema}.{table} AS t ORDER BY 1"
        rows[f"{schema}.{table}"] = [row[0] for row in await conn.fetch(query)]
    await conn.close()
    return rows


async def value(dsn: str, query: str, *values: Any) -> Any:
    conn = await asyncpg.connect(dsn)
    try:
        return await conn.fetchval(query, *values)
    finally:
        await conn.close()


async def test_what_was_backed_up_comes_back_row_by_row(
    city: Installation, empty: Installation, tmp_path: Path
) -> None:
    await value(city.admin, "INSERT INTO emergency.mailboxes VALUES ('T9', 3, 5, 5) RETURNING 1")
    made, manifest = await taking.take(city.admin, KEYS, tmp_path)
    assert manifests.read(made) == manifest
    manifests.demand_keys(manifest, KEYS, tmp_path)
    manifests.demand_whole(manifest, made)
    await restoring.demand_empty(empty.admin)
    await restoring.fill(empty.admin, manifest, made, KEYS)

    before, after = await rows_of(city.admin), await rows_of(empty.admin)
    assert before.keys() == after.keys()
    same = {name for name in before if name.partition(".")[2] not in RENEWED}
    assert {name for name in same if before[name] != after[name]} == set()
    assert sum(map(len, before.values())) > 500

    folded, flaws = await proving.fold_all(empty.admin)
    assert (folded > 10, flaws) == (True, [])
    assert await value(empty.admin, "SELECT epoch > 1000000 FROM emergency.mailboxes LIMIT 1")
    assert await value(empty.admin, "SELECT count(*) FROM gateway.sessions") == 0
    given = "SELECT last FROM petition.numbers WHERE day = $1"
    assert await value(empty.admin, given, today()) >= 100_000
    draw = "SELECT nextval(pg_get_serial_sequence('workflow.journal', 'position'))"
    # After the restored rows, or at the beginning of this month.
    assert await value(empty.admin, draw) > manifest.positions["workflow"]


async def test_a_restore_that_was_killed_leaves_no_city_that_starts_and_is_done_again(
    city: Installation, empty: Installation, tmp_path: Path
) -> None:
    """Into a database of one's own: `up` started it with half of its rows, or with the sessions and
    numbers of its lost life, and the restore was refused, because a city was there."""
    made, manifest = await taking.take(city.admin, KEYS, tmp_path)
    await unfinished.begin(empty.admin)
    await restoring._fill(empty.admin, manifest, made, KEYS)  # killed here
    operated = Operated(Home(tmp_path, Ports()), KEYS, database_url=empty.admin)
    with pytest.raises(Trouble, match="goes on, or was killed before its end"):
        await boot.migrate(operated)
    async with unfinished.alone(empty.admin):
        with pytest.raises(Trouble, match="Another `liandong restore`"):
            async with unfinished.alone(empty.admin):
                pytest.fail("two at once")
        await restoring.demand_empty(empty.admin)
        await restoring.fill(empty.admin, manifest, made, KEYS)
        with pytest.raises(Trouble, match="killed before its end"):
            await boot.migrate(operated)
        await unfinished.end(empty.admin)
    assert await boot.migrate(operated) == []
    await unfinished.begin(empty.admin, unfinished.IN_PLACE)  # killed: no backup has its rows
    with pytest.raises(Trouble, match="killed before its end"):
        await boot.migrate(operated)
    with pytest.raises(Trouble, match="already holds a city"):
        await restoring.demand_empty(empty.admin)


async def test_a_backup_of_an_older_schema_is_brought_up_to_date(
    empty: Installation, postgres_dsn: str, tmp_path: Path
) -> None:
    """The schemas of then are made and filled first; the migrations since run over the rows."""
    older = [
        replace(each, files=each.files[:-1]) if each.name == "workflow" else each
        for each in schemas()
    ]
    async with an_installation(postgres_dsn, "template1") as old:
        await migrate_all(old.admin, SECRET, older)
        made, manifest = await taking.take(old.admin, KEYS, tmp_path)
    [since] = await restoring.fill(empty.admin, manifest, made, KEYS)
    assert since.startswith("workflow/"), "the command says what was brought up to date"
    assert await migrate_all(empty.admin, SECRET) == []


async def test_what_cannot_be_restored_is_refused_with_its_sentence(
    city: Installation, tmp_path: Path
) -> None:
    made, manifest = await taking.take(city.admin, KEYS, tmp_path)
    with pytest.raises(Trouble, match="already holds a city"):
        await restoring.demand_empty(city.admin)
    with pytest.raises(Trouble, match="do not open this backup"):
        manifests.demand_keys(manifest, Keys(b"x" * 32), tmp_path)
    with pytest.raises(Trouble, match="is damaged"):
        manifests.demand_keys(msgspec.structs.replace(manifest, time="1999"), KEYS, tmp_path)
    strange = [*manifest.migrations, manifests.Migration("workflow", "workflow/9999_x.sql", "0")]
    with pytest.raises(Trouble, match="newer release"):
        restoring.schemas_of(msgspec.structs.replace(manifest, migrations=strange))
    (made / "manifest.json").write_text((made / "manifest.json").read_text().replace("1", "9", 1))
    with pytest.raises(Trouble, match=r"newer release|is damaged"):
        manifests.read(made)
    part = made / manifest.parts[0].file
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(Trouble, match="is damaged"):
        manifests.demand_whole(manifest, made)
    with pytest.raises(Trouble, match="is no backup"):
        manifests.read(tmp_path)


async def test_keys_of_a_rotation_are_asked_for(city: Installation, tmp_path: Path) -> None:
    rotated = replace(KEYS, seals=(Seal(made=MOMENT, secret=b"r" * 32),))
    _, manifest = await taking.take(city.admin, rotated, tmp_path)
    manifests.demand_keys(manifest, rotated, tmp_path)
    with pytest.raises(Trouble, match="1 of 2 are missing"):
        manifests.demand_keys(manifest, KEYS, tmp_path)


async def test_a_backup_holds_no_key_and_is_its_owners_alone(
    city: Installation, tmp_path: Path
) -> None:
    made, manifest = await taking.take(city.admin, KEYS, tmp_path)
    whole = b"".join(path.read_bytes() for path in made.iterdir())
    assert SECRET.hex().encode() not in whole and SECRET not in whole
    assert {path.stat().st_mode & 0o077 for path in (made, *made.iterdir())} == {0}
    secret = tmp_path / "secret"
    secret.write_text(SECRET.hex())
    with pytest.raises(Trouble, match="lies with the backups"):
        taking.copy_keys(secret, made / "secret", tmp_path)
    assert manifest.keys == manifests.names_of(KEYS)


async def test_what_is_written_during_the_backup_is_in_it_whole_or_not_at_all(
    city: Installation, empty: Installation, tmp_path: Path
) -> None:
    """A writer commits rows of two schemas together; the backup sees as many of both."""
    conn = await asyncpg.connect(city.admin)
    await conn.execute("CREATE TABLE alarm.twins (n int); CREATE TABLE workflow.twins (n int)")
    done = asyncio.Event()

    async def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            async with conn.transaction():
                for schema in ("alarm", "workflow"):
                    await conn.execute(f"INSERT INTO {schema}.twins VALUES ($1)", number)

    writing = asyncio.create_task(write())
    await asyncio.sleep(0.05)
    _, manifest = await taking.take(city.admin, KEYS, tmp_path)
    done.set()
    await writing
    counts = {part.schema: part.rows for part in manifest.parts if part.table == "twins"}
    assert counts["alarm"] == counts["workflow"] > 0
    assert await conn.fetchval("SELECT count(*) FROM alarm.twins") > counts["alarm"]
    await conn.close()


FULL = """
import asyncio, pathlib, sys
from operate.backup import taking
from operate.home.keys import Keys
from operate.home.trouble import Trouble
from tests.ledger.building import SECRET
place = pathlib.Path(sys.argv[2])
try:
    asyncio.run(taking.take(sys.argv[1], Keys(SECRET), place))
except Trouble as trouble:
    print(trouble)
print("left", len(list(place.iterdir())))
"""


async def test_onto_a_full_disk_nothing_half_is_left(city: Installation, tmp_path: Path) -> None:
    """A real file system of 64 KB, in a namespace of its own."""
    mount = f'mount -t tmpfs -o size=64k none {tmp_path} && exec {sys.executable} -c "$0" "$@"'
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", mount]
    done = await asyncio.to_thread(
        subprocess.run, [*command, FULL, city.admin, str(tmp_path)], capture_output=True, text=True
    )
    assert "is full: the backup was given up" in done.stdout, done.stderr
    assert "left 0" in done.stdout


async def test_a_record_that_is_not_what_its_journal_says_is_found(city: Installation) -> None:
    await value(city.admin, "UPDATE workflow.incidents SET hash = 'x' RETURNING 1")
    _, flaws = await proving.fold_all(city.admin)
    assert {flaw.what for flaw in flaws} == {"does not end its journal"}


async def test_events_of_lost_topics_are_sent_again_as_long_as_topics_keep_them(
    city: Installation,
) -> None:
    declared = topics.read()
    everything = {topic.name for topic in declared.topics}
    assert await refilling.mark(city.admin, declared, everything) == {}
    old = """UPDATE workflow.journal SET time = now() - interval '31 days'
             WHERE position = (SELECT min(position) FROM workflow.journal)"""
    await value(city.admin, "UPDATE workflow.journal SET time = now() RETURNING 1")
    await value(city.admin, f"{old} RETURNING 1")
    lost = everything - {"liandong.incident.events.v1"}
    journal = await value(city.admin, "SELECT count(*) FROM workflow.journal")
    assert await refilling.lost(city.admin, declared, lost) == ["liandong.incident.events.v1"]
    await refilling.mark(city.admin, declared, lost)
    assert await value(city.admin, "SELECT count(*) FROM workflow.unsent") == journal - 1
