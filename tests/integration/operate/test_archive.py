"""Months of ended records in files, over a real database: proven, tampered with, asked for."""

import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from backbone.door.anchor import anchor
from backbone.door.codes import Codes
from backbone.door.rows import told
from backbone.postgres.numbers import today
from backbone.postgres.pool import open_pool
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1.incident_service_pb2_grpc import IncidentServiceStub
from operate.admin import anchors, evidence, proofs
from operate.archive import files, journey
from operate.archive.files import Manifest
from operate.archive.journey import Archived
from operate.backup.manifest import digest_of
from operate.home.home import Home
from operate.home.keys import Keys, Seal
from operate.home.ports import Ports
from operate.home.trouble import Trouble
from operate.run.installation import Installation
from tests.cities import a_city
from tests.installation import Installation as Database
from tests.integration.operate.test_evidence import DESK, a_matter, check
from tests.serving import calling, serving

# When the months of this test have been over for longer than any policy.
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PROVE = "UPDATE workflow.incidents SET proof = $2 WHERE id = $1"
LATER = date(today().year + 6, 1, 15)


@dataclass
class City:
    """A database of a city, its months, and what `liandong archive` and `verify` say of it."""

    database: Database
    admin: Any
    folder: Path
    months: list[int]
    ranks: dict[UUID, int] = field(default_factory=dict)  # as the documents say
    played: dict[UUID, int] = field(default_factory=dict)

    @property
    def installation(self) -> Installation:
        keys = Keys(self.database.secret)
        return Installation(Home(self.folder, Ports()), keys, database_url=self.database.admin)

    @property
    def place(self) -> Path:
        return self.folder / "archives"

    async def pass_month(self) -> None:
        """Anchor the month, tell Kafka all of it, and go on in another one."""
        async with await open_pool(self.database.url("workflow"), "workflow") as pool:
            await anchor(pool, await pool.fetchval("SELECT max(position) FROM journal"))
        await self.admin.execute("DELETE FROM workflow.unsent")
        last = self.months[-1]
        self.months.append(last + 89 if last % 100 == 12 else last + 1)
        await self.admin.execute(f"""
            SET search_path TO workflow; SELECT make_month({self.months[-1]});
            SELECT setval('journal_position_seq', {self.months[-1] * 10**10});
        """)

    async def end(self, *incidents: str, reopened: bool = False) -> None:
        """As when they were closed: their rank says so, until the evidence is looked at."""
        ids = [UUID(each) for each in incidents]
        rows = await self.admin.fetch(
            "SELECT id, rank FROM workflow.incidents WHERE id = ANY($1)", ids
        )
        for row in rows:
            self.ranks.setdefault(row["id"], row["rank"])
        self.played |= dict.fromkeys(ids, -5 if reopened else 5)
        await self._rank(self.played)

    async def _rank(self, ranks: dict[UUID, int]) -> None:
        statement = "UPDATE workflow.incidents SET rank = $2 WHERE id = $1"
        await self.admin.execute("SET search_path TO workflow")
        await self.admin.executemany(statement, [*ranks.items()])

    @property
    def elsewhere(self) -> Path:
        return self.folder / "anchors"

    async def archive(self, *, look: bool = False) -> Archived:
        told = (self.installation, self.place, LATER, lambda service, month: None)
        said = await journey.archive(*told, elsewhere=str(self.elsewhere), look=look)
        return next(each for each in said if each.service == "workflow")

    async def flaws(self, archives: str = "", export: str = "", elsewhere: str = "") -> list[str]:
        await self._rank(self.ranks)
        found = await evidence.examine(
            self.installation, elsewhere, export, lambda service, rows: None, archives
        )
        await self._rank(self.played)
        return [f"{one.service}: {f.where} {f.what}" for one in found for f in one.flaws]

    async def rows(self) -> int:
        return int(await self.admin.fetchval("SELECT count(*) FROM workflow.journal"))


@pytest.fixture
async def city(database: Database, tmp_path: Path) -> AsyncIterator[City]:
    admin = await asyncpg.connect(database.admin)
    day = today()
    yield City(database, admin, tmp_path, [day.year * 100 + day.month])
    await admin.close()


async def opened(call: Any, number: int) -> str:
    matter = a_matter(number)
    await call("OpenIncident", pb.OpenIncidentRequest(matter=matter), DESK)
    return str(matter.id)


async def test_ended_records_go_into_files_open_ones_stay_and_both_are_proven(city: City) -> None:
    async with (
        serving(city.database, a_city(), "workflow") as home,
        calling(home, "workflow", IncidentServiceStub) as call,
    ):
        over, still = await opened(call, 1), await opened(call, 2)
        await city.end(over)
        await city.pass_month()
        later = await opened(call, 3)
        before = await city.rows()

        await only_looks(city)
        await refuses_a_second_run(city)
        done = await city.archive()
        assert (done.months, done.records) == (city.months[:1], 1)
        assert 0 < done.stay < done.rows < before
        assert await city.rows() == before - (done.rows - done.stay)
        assert await city.flaws() == []

        async def timeline(of: str) -> Any:
            return await call("GetTimeline", pb.GetTimelineRequest(incident_id=of), DESK)

        assert len((await timeline(still)).items) == len((await timeline(later)).items) > 0
        asked = pb.GetTimelineRequest(incident_id=over)
        assert await call.refused("GetTimeline", asked, DESK) == "ARCHIVED"
        shown = await journey.show(city.installation, UUID(over), "")
        assert [row["version"] for row in shown] == list(range(1, len(shown) + 1))
        assert await journey.show(city.installation, UUID(still), "") == []
        await refuses_a_forged_row(city, call, over)

        # What was open then has ended since; what was over is opened again, and archived anew.
        await city.end(still)
        await city.end(over, reopened=True)
        await city.pass_month()
        again = await city.archive()
        assert (again.months, again.records) == (city.months[1:2], 1)
        assert await city.flaws() == []
        assert not await city.admin.fetchval(
            f"SELECT to_regclass('workflow.journal_{city.months[0]}')"
        ), "no row of it stays"
        assert (await city.archive()).months == []
        assert await city.flaws() == []


async def only_looks(city: City) -> None:
    before = await city.rows()
    looked = await city.archive(look=True)
    assert (looked.months, await city.rows()) == (city.months[:1], before)
    assert not city.place.exists()


async def refuses_a_second_run(city: City) -> None:
    await city.admin.execute(journey.ALONE)
    with pytest.raises(Trouble, match="Another"):
        await city.archive()
    assert not city.place.exists()
    await city.admin.execute("SELECT pg_advisory_unlock_all()")


async def refuses_a_forged_row(city: City, call: Any, of: str) -> None:
    """The journal that would prove the row stands in a file: a code that does not fit is enough."""
    statement = "UPDATE workflow.incidents SET doc = $2::text::json WHERE id = $1"
    doc = await city.admin.fetchval(
        "SELECT doc::text FROM workflow.incidents WHERE id = $1", UUID(of)
    )
    await city.admin.execute(statement, UUID(of), doc.replace("theft", "fraud"))
    get = pb.GetIncidentRequest(incident_id=of)
    assert await call.refused("GetIncident", get, DESK) == "EVIDENCE_BROKEN"
    everything = pb.ListIncidentsRequest(closed=True)
    assert of not in {each.id for each in (await call("ListIncidents", everything, DESK)).items}
    await city.admin.execute(statement, UUID(of), doc)
    assert (await call("GetIncident", get, DESK)).incident.title == "theft"


@pytest.fixture
async def archived(city: City) -> City:
    """Two months in files, the second without a row, and a record in the database."""
    async with (
        serving(city.database, a_city(), "workflow") as home,
        calling(home, "workflow", IncidentServiceStub) as call,
    ):
        over = [await opened(call, number) for number in range(3)]
        await city.pass_month()
        await city.pass_month()
        await opened(call, 9)
    await city.end(*over)
    assert (await city.archive()).months == city.months[:2]
    assert await city.flaws() == []
    return city


def changed(path: Path) -> None:
    rows = gzip.decompress(path.read_bytes()).splitlines()
    row = json.loads(rows[1])
    row["actor"] = "wang"
    rows[1] = json.dumps(row).encode()
    path.write_bytes(gzip.compress(b"\n".join(rows)))


async def test_what_was_done_to_archives_shows(archived: City) -> None:
    first, second = archived.months[:2]
    file = archived.place / f"workflow.{first}.jsonl.gz"
    manifest = archived.place / f"workflow.{first}.manifest.json"
    kept = {path: path.read_bytes() for path in (file, manifest)}
    tried = {
        "a row": lambda: changed(file),
        "a file that is gone": file.unlink,
        "a file cut short": lambda: file.write_bytes(kept[file][:-40]),
        "a manifest that is gone": manifest.unlink,
        "the manifest of another month": lambda: manifest.write_bytes(
            (archived.place / f"workflow.{second}.manifest.json").read_bytes()
        ),
        "a manifest written anew": lambda: manifest.write_bytes(
            kept[manifest].replace(b'"rows":', b'"rows":1')
        ),
    }
    for what, tamper in tried.items():
        tamper()
        assert [flaw for flaw in await archived.flaws() if f"archive {first}" in flaw], what
        for path, content in kept.items():
            path.write_bytes(content)
        assert await archived.flaws() == [], what
    for statement in (
        f"DELETE FROM workflow.archives WHERE month = {first}",
        "UPDATE workflow.archived SET version = version + 1",
        "UPDATE workflow.archived SET hash = '\\x00'",
        "DELETE FROM workflow.archived",
        "UPDATE workflow.incidents SET hash = '\\x00' WHERE rank > 0",
    ):
        copies = [
            await archived.admin.fetch(f"SELECT * FROM workflow.{table}")
            for table in ("archives", "archived")
        ]
        await archived.admin.execute("SET search_path TO workflow")
        hashes = await archived.admin.fetch("SELECT id, hash FROM incidents")
        await archived.admin.execute(statement)
        assert await archived.flaws() != [], statement
        for table, rows in zip(("archives", "archived"), copies, strict=True):
            await archived.admin.execute(f"DELETE FROM {table}")
            await archived.admin.copy_records_to_table(table, records=rows)
        await archived.admin.executemany(
            "UPDATE incidents SET hash = $2 WHERE id = $1", [tuple(row) for row in hashes]
        )
        assert await archived.flaws() == [], statement


def foreign(path: Path, keys: Keys, **other: Any) -> Manifest:
    """A manifest with changed words, sealed by these keys."""
    given = msgspec.json.decode(path.read_bytes(), type=Manifest)
    found = files.sealed(msgspec.structs.replace(given, **other), keys)
    path.write_bytes(msgspec.json.encode(found))
    return found


async def test_an_archive_of_another_city_is_refused(archived: City) -> None:
    first = archived.months[0]
    path = archived.place / f"workflow.{first}.manifest.json"
    other = foreign(path, Keys(b"of another city, 32 bytes long ..."))
    await archived.admin.execute(f"UPDATE workflow.archives SET manifest = '\\x{other.hash.hex()}'")
    assert f"workflow: archive {first} has a manifest that was not sealed by this city" in "".join(
        await archived.flaws()
    )


async def test_an_archive_that_was_replaced_with_all_that_knows_it_shows_elsewhere(
    archived: City,
) -> None:
    """By one who has the city's keys and its database, and not the file elsewhere."""
    kept, last = str(archived.elsewhere), archived.months[1]
    lines = [json.loads(line) for line in archived.elsewhere.read_text().splitlines()]
    assert {(each["service"], each["position"]) for each in lines} >= {
        ("workflow.archives", month) for month in archived.months[:2]
    }
    assert await archived.flaws(elsewhere=kept) == []

    # The same rows, packed anew: its own chain, anchors and seal are right.
    file = archived.place / f"workflow.{last}.jsonl.gz"
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()), compresslevel=1, mtime=9))
    path = archived.place / f"workflow.{last}.manifest.json"
    told = foreign(path, archived.installation.keys, sha256=digest_of(file))
    await archived.admin.execute(
        "UPDATE workflow.archives SET manifest = $1 WHERE month = $2", told.hash, last
    )
    assert await archived.flaws() == []
    found = f"workflow: archive {last} is not that of the file elsewhere"
    assert await archived.flaws(elsewhere=kept) == [found]
    # A line that is appended later replaces none.
    anchors.append(kept, [("workflow.archives", last, told.hash)])
    assert await archived.flaws(elsewhere=kept) == [found]

    # Its last archive is removed as if it had never been.
    await archived.admin.execute(f"DELETE FROM workflow.archives WHERE month = {last}")
    assert found in await archived.flaws(elsewhere=kept)


async def test_a_run_that_was_killed_before_it_told_the_file_elsewhere_is_made_good_by_the_next(
    archived: City,
) -> None:
    """The archives of that run stood in no file elsewhere ever after."""
    before = archived.elsewhere.read_text().splitlines()
    kept = [line for line in before if str(archived.months[1]) not in line]
    archived.elsewhere.write_text("".join(f"{line}\n" for line in kept))
    for _ in range(2):
        await archived.archive()
        after = archived.elsewhere.read_text().splitlines()
        assert sorted(after) == sorted(before) and len(kept) < len(after)


async def test_a_file_elsewhere_that_cannot_be_written_is_told_before_anything(
    city: City,
) -> None:
    city.elsewhere.mkdir()
    with pytest.raises(Trouble, match="cannot be written"):
        await city.archive()
    assert not city.place.exists()


async def test_archives_that_were_moved_are_named_and_an_export_checks_itself(
    archived: City,
) -> None:
    elsewhere = archived.folder / "elsewhere"
    archived.place.rename(elsewhere)
    assert any("--archives" in flaw for flaw in await archived.flaws())
    out = archived.folder / "out"
    assert await archived.flaws(str(elsewhere), export=str(out)) == []
    assert check(out).stdout.splitlines()[-1] == "no flaw"


async def test_what_is_not_ready_is_refused_with_nothing_changed(city: City) -> None:
    async with (
        serving(city.database, a_city(), "workflow") as home,
        calling(home, "workflow", IncidentServiceStub) as call,
    ):
        await city.end(await opened(call, 1))
        await city.pass_month()
    before = await city.rows()
    await city.admin.execute(
        "INSERT INTO workflow.unsent SELECT min(position) FROM workflow.journal"
    )
    with pytest.raises(Trouble, match="Kafka lacks events"):
        await city.archive()
    await city.admin.execute("DELETE FROM workflow.unsent")
    anchors = await city.admin.fetch("DELETE FROM workflow.anchors RETURNING *")
    with pytest.raises(Trouble, match="no anchor"):
        await city.archive()
    await city.admin.copy_records_to_table("anchors", schema_name="workflow", records=anchors)
    await city.admin.execute("UPDATE workflow.journal SET actor = 'x'")
    with pytest.raises(Trouble, match="has a flaw"):
        await city.archive()
    assert await city.rows() == before
    assert not city.place.exists(), "no file was begun"


async def test_an_older_key_stays_while_it_alone_proves_a_row(archived: City) -> None:
    """As a release before has coded it, with the newest key of its time; the key is thrown away."""
    second, third = (Seal(NOON, bytes([number]) * 32) for number in (2, 3))
    keys = Keys(archived.database.secret, (second, third))
    old = Codes(Keys(second.secret).keyring("workflow"), "workflow")
    rows = await archived.admin.fetch(
        "SELECT id, version, shape, doc::text AS doc, hash FROM workflow.incidents"
    )
    for row in rows:
        code = old.of(told("incidents", row))
        await archived.admin.execute(PROVE, row["id"], code)
    dsn = archived.database.admin
    with pytest.raises(Trouble, match=rf"3 of workflow\.incidents .{archived.months[0]}"):
        await proofs.demand_none(dsn, keys)
    forged, *_ = [row for row in rows if await is_archived(archived, row["id"])]
    await archived.admin.execute(PROVE, forged["id"], old.of(b"something else"))
    assert await proofs.code_anew(dsn, keys) == 2
    with pytest.raises(Trouble, match=r"1 of workflow\.incidents"):
        await proofs.demand_none(dsn, keys)
    await archived.admin.execute(PROVE, forged["id"], old.of(told("incidents", forged)))
    assert (await proofs.code_anew(dsn, keys), await proofs.code_anew(dsn, keys)) == (1, 0)
    await proofs.demand_none(dsn, keys)
    first = Codes(Keys(archived.database.secret).keyring("workflow"), "workflow")
    [one] = [
        row["proof"]
        for row in await archived.admin.fetch("SELECT id, proof FROM workflow.incidents")
        if row["id"] == forged["id"]
    ]
    assert first.fits(told("incidents", forged), one)


async def is_archived(city: City, of: UUID) -> bool:
    found = "SELECT EXISTS (SELECT FROM workflow.archived WHERE aggregate_id = $1)"
    return bool(await city.admin.fetchval(found, of))
