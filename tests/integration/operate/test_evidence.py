"""`liandong verify` over a real database: an honest one, and one that was tampered with."""

import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from backbone.door.anchor import anchor
from backbone.door.evidence import COLUMNS, record_of
from backbone.door.journal import FIRST, hash_of
from backbone.postgres.pool import open_pool
from backbone.words.actor import Actor
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1.incident_pb2 import Matter
from liandong.incident.v1.incident_service_pb2_grpc import IncidentServiceStub
from liandong.place.v1.place_pb2 import Place
from operate.admin import evidence
from operate.admin.export import CHECK
from operate.home.home import Home
from operate.home.keys import Keys
from operate.home.ports import Ports
from operate.home.trouble import Trouble
from operate.run.installation import Installation
from services.gateway.accounts import audit, storage
from services.gateway.accounts.audit import Line
from tests.cities import COUNTY, NORTH, a_city
from tests.installation import Installation as Database
from tests.serving import calling, serving

DESK = Actor("zhao", "command", "dispatcher", COUNTY)


@dataclass
class City:
    """A database with some history, and what `liandong verify` says of it."""

    database: Database
    admin: Any
    folder: Path
    incidents: list[str]

    async def verify(self, anchors: str = "", export: str = "") -> dict[str, evidence.Findings]:
        home = Home(self.folder, Ports())
        keys = Keys(self.database.secret)
        installation = Installation(home, keys, database_url=self.database.admin)
        found = await evidence.examine(installation, anchors, export, lambda service, rows: None)
        return {each.service: each for each in found}

    async def flaws(self, **how: Any) -> list[str]:
        found = await self.verify(**how)
        return [f"{one.service}: {f.where} {f.what}" for one in found.values() for f in one.flaws]


@pytest.fixture
async def city(database: Database, tmp_path: Path) -> AsyncIterator[City]:
    async with (
        serving(database, a_city(), "workflow") as home,
        calling(home, "workflow", IncidentServiceStub) as call,
    ):
        incidents = []
        for number in range(3):
            matter = a_matter(number)
            await call("OpenIncident", pb.OpenIncidentRequest(matter=matter), DESK)
            incidents.append(matter.id)
    async with await open_pool(database.url("workflow"), "workflow") as pool:
        await anchor(pool, await pool.fetchval("SELECT max(position) FROM journal"))
    async with await open_pool(database.url("gateway"), "gateway") as pool:
        for number in range(3):
            line = ("li", "li", "police", "clerk", "RevealCaller", f"r-{number}", "回访", "")
            await storage.save_reveal(pool, *line)
            await audit.save(pool, Line("SIGNED_IN", "li", "police", "li", f"10.0.0.{number}"))
    admin = await asyncpg.connect(database.admin)
    yield City(database, admin, tmp_path, incidents)
    await admin.close()


def a_matter(number: int) -> Matter:
    return Matter(
        id=str(uuid4()),
        code=f"110105001-20261016-{number:04d}",
        source="ALARM",
        title="theft",
        category="theft",
        priority="P2",
        place=Place(text="gate", area=NORTH),
        desk="command",
    )


async def test_honest_evidence_has_no_flaw_and_its_export_checks_itself(city: City) -> None:
    out = city.folder / "out"
    found = await city.verify(export=str(out))
    assert not [flaw for each in found.values() for flaw in each.flaws]
    assert found["workflow"].rows >= 6
    assert found["gateway"].rows == 6
    checked = check(out)
    assert (checked.returncode, checked.stdout.splitlines()[-1]) == (0, "no flaw")
    journal = out / "workflow.journal.jsonl"
    rows = [json.loads(line) for line in journal.read_text().splitlines()]
    rows[1]["actor"] = "wang"
    journal.write_text("\n".join(map(json.dumps, rows)))
    assert f"{rows[1]['aggregate_id']}@{rows[1]['version']}" in check(out).stdout


def check(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "check.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


TAMPERING = {
    "an actor": (
        "UPDATE workflow.journal SET actor = 'wang' WHERE position = "
        "(SELECT min(position) + 1 FROM workflow.journal)",
        "workflow: journal",
    ),
    "a signature": (
        "UPDATE workflow.journal SET signature = '' WHERE position = "
        "(SELECT min(position) + 1 FROM workflow.journal)",
        "is not signed by workflow",
    ),
    "a last row": (
        "DELETE FROM workflow.journal WHERE position = "
        "(SELECT max(position) FROM workflow.journal)",
        "workflow: anchor",
    ),
    "an aggregate": (
        "WITH gone AS (DELETE FROM workflow.incidents WHERE id = (SELECT min(id::text)::uuid FROM "
        "workflow.incidents) RETURNING id) DELETE FROM workflow.journal USING gone "
        "WHERE aggregate_id = id",
        "workflow: anchor",
    ),
    "a reader of a state": (
        "UPDATE workflow.incidents SET readers = '{}'",
        "is found by other columns than its document says: readers",
    ),
    "a reader beside": ("DELETE FROM workflow.incident_readers", "is not listed as it says"),
    "a document": (
        "UPDATE workflow.incidents SET doc = replace(doc::text, 'theft', 'fraud')::json",
        "is not what the door has written",
    ),
    "the row from which rows are signed": (
        "UPDATE workflow.signing SET since = 9000000000000000000",
        "workflow: signing is not what workflow has written",
    ),
    "an end of unsigned records": (
        "INSERT INTO workflow.unsigned VALUES ('liandong.receipt.events.v1', 0, 9000000)",
        "workflow: unsigned liandong.receipt.events.v1 0 is not what the service has written",
    ),
    "a shape of no release": (
        "UPDATE workflow.incidents SET shape = 99",
        "is not what the door has written",
    ),
    "an entry of the city's copy": (
        "INSERT INTO workflow.replica (key, version, value) VALUES ('unit/q', 1, '\\x00')",
        "workflow: replica unit/q is not what the service has written",
    ),
    "the gateway's copy": (
        "INSERT INTO gateway.replica (key, version, value) VALUES ('unit/q', 1, '\\x00')",
        "gateway: replica unit/q is not what the gateway has written",
    ),
    "a state's event": ("UPDATE workflow.incidents SET hash = '\\x00'", "another hash"),
    "an outcome": (
        "UPDATE workflow.outcomes SET reason = 'NOT_THE_HOLDER', kind = 'Denied'",
        "is not what the service has written",
    ),
    "an account": (
        "INSERT INTO gateway.accounts (user_name, folded, display_name, role, unit, area, "
        "password_hash) VALUES ('q', 'q', 'q', 'auditor', '990100', '990100', 'none')",
        "gateway: accounts q is not what the gateway has written",
    ),
    "a reveal": (
        "ALTER TABLE gateway.reveals DISABLE TRIGGER USER; "
        "UPDATE gateway.reveals SET purpose = 'x' WHERE position = 2",
        "gateway: reveals 2 is not what was written",
    ),
    "a reveal in the middle": (
        "ALTER TABLE gateway.reveals DISABLE TRIGGER USER; "
        "DELETE FROM gateway.reveals WHERE position = 2",
        "gateway: reveals 3 follows line 1",
    ),
    "a sign-in": (
        "ALTER TABLE gateway.audit DISABLE TRIGGER USER; "
        "UPDATE gateway.audit SET address = '10.0.0.9' WHERE position = 2",
        "gateway: audit 2 is not what was written",
    ),
    "a sign-in that never was": (
        "ALTER TABLE gateway.audit DISABLE TRIGGER USER; "
        "DELETE FROM gateway.audit WHERE position = 2",
        "gateway: audit 3 follows line 1",
    ),
}


@pytest.mark.parametrize("tampering", TAMPERING)
async def test_tampering_is_named(city: City, tampering: str) -> None:
    statement, said = TAMPERING[tampering]
    await city.admin.execute("DELETE FROM workflow.unsent")
    await city.admin.execute(statement)
    assert any(said in flaw for flaw in await city.flaws()), await city.flaws()


async def test_a_place_that_was_moved_makes_no_row_one_of_before(city: City) -> None:
    """The row is changed, its chain written anew, its signature taken away, and signatures are
    said to have come later: whoever owns the database can do all of that without a key."""
    admin, forged = city.admin, UUID(city.incidents[0])
    await admin.execute("DELETE FROM workflow.unsent; DELETE FROM workflow.anchors")
    last = FIRST
    await admin.execute("SET search_path TO workflow")
    for row in await admin.fetch(f"{COLUMNS} WHERE aggregate_id = $1 ORDER BY version", forged):
        changed = {**row, "actor": "wang"}
        last = hash_of(record_of(changed), last)
        await admin.execute(
            "UPDATE workflow.journal SET actor = 'wang', hash = $2, signature = '' "
            "WHERE position = $1",
            *(row["position"], last),
        )
    await admin.execute("UPDATE workflow.incidents SET hash = $2 WHERE id = $1", forged, last)
    await admin.execute("UPDATE workflow.signing SET since = 9000000000000000000")
    found = await city.flaws()
    assert any("is not signed by workflow" in each for each in found), found
    get = pb.GetIncidentRequest(incident_id=str(forged))
    async with (
        serving(city.database, a_city(), "workflow") as home,
        calling(home, "workflow", IncidentServiceStub) as call,
    ):
        assert await call.refused("GetIncident", get, DESK) == "EVIDENCE_BROKEN"


async def test_the_file_elsewhere_finds_what_the_database_hides(city: City) -> None:
    """A superuser cuts the end off, anchors and all."""
    file = str(city.folder / "anchors.jsonl")
    assert await city.flaws(anchors=file) == []
    assert await city.flaws(anchors=file) == []
    await city.admin.execute("""
        ALTER TABLE gateway.reveals DISABLE TRIGGER USER;
        DELETE FROM gateway.reveals WHERE position = 3;
        ALTER TABLE gateway.audit DISABLE TRIGGER USER;
        DELETE FROM gateway.audit WHERE position = 3;
        DELETE FROM workflow.anchors; DELETE FROM workflow.journal; DELETE FROM workflow.incidents;
        DELETE FROM workflow.incident_readers
    """)
    assert await city.flaws() == []
    found = await city.flaws(anchors=file)
    assert [each.split()[0] for each in found] == ["gateway:", "gateway:", "workflow:"]
    assert all(each.endswith("is not that of the file elsewhere") for each in found)


@pytest.mark.parametrize("content", [None, "", "\n \n"])
async def test_a_file_elsewhere_that_had_nothing_is_begun_and_told(
    city: City, content: str | None
) -> None:
    """Whoever cut the end off may have removed the file, too."""
    file = city.folder / "anchors.jsonl"
    if content is not None:
        file.write_text(content)
    begun = await city.verify(anchors=str(file))
    assert sum(each.compared for each in begun.values()) == 0
    found = await city.verify(anchors=str(file))
    assert found["workflow"].compared == 1 and found["gateway"].compared == 2


async def test_a_service_that_is_gone_with_all_its_evidence_is_named(city: City) -> None:
    file = city.folder / "anchors.jsonl"
    file.write_text(json.dumps({"service": "elsewhere", "position": 1, "digest": "00"}))
    [flaw] = await city.flaws(anchors=str(file))
    assert flaw.startswith("elsewhere: ") and "no service of this city" in flaw
    await city.admin.execute("DROP SCHEMA petition CASCADE")
    assert await city.flaws() == ["petition: the schema is missing from the database"]
    names = await city.admin.fetch(
        "SELECT DISTINCT table_schema AS name FROM "
        "information_schema.tables WHERE table_name = 'signing'"
    )
    for row in names:
        await city.admin.execute(f"DROP SCHEMA {row['name']} CASCADE")
    with pytest.raises(Trouble, match="nothing was checked"):
        await city.verify()


def test_an_export_that_holds_nothing_is_no_well(tmp_path: Path) -> None:
    shutil.copyfile(CHECK, tmp_path / "check.py")
    for _ in range(2):
        checked = check(tmp_path)
        assert checked.returncode == 1 and "nothing was checked" in checked.stdout
        (tmp_path / "workflow.journal.jsonl").write_text("")
        (tmp_path / "signers.json").write_text("{}")
        (tmp_path / "since.json").write_text("{}")


async def test_a_timeline_shows_no_forged_row(city: City) -> None:
    request = pb.GetTimelineRequest(incident_id=city.incidents[0])
    async with (
        serving(city.database, a_city(), "workflow") as home,
        calling(home, "workflow", IncidentServiceStub) as call,
    ):
        assert (await call("GetTimeline", request, DESK)).items
        one = f"aggregate_id = '{city.incidents[0]}' AND version"
        await city.admin.execute(f"UPDATE workflow.journal SET unit = 'other' WHERE {one} = 2")
        assert await call.refused("GetTimeline", request, DESK) == "EVIDENCE_BROKEN"
        request = pb.GetTimelineRequest(incident_id=city.incidents[1])
        one = f"aggregate_id = '{city.incidents[1]}'"
        await city.admin.execute(
            f"DELETE FROM workflow.journal WHERE {one} AND version = "
            f"(SELECT max(version) FROM workflow.journal WHERE {one})"
        )
        assert await call.refused("GetTimeline", request, DESK) == "EVIDENCE_BROKEN"


async def test_a_forged_row_is_never_shown_and_moves_nothing(city: City) -> None:
    forged, sound = city.incidents[:2]
    get = pb.GetIncidentRequest(incident_id=forged)
    claim = pb.SetPriorityRequest(incident_id=forged, priority="P1", reason="有人受伤")
    forgery = """
        UPDATE workflow.incidents SET doc = replace(doc::text, 'theft', 'fraud')::json
        WHERE id = $1
    """
    async with (
        serving(city.database, a_city(), "workflow") as home,
        calling(home, "workflow", IncidentServiceStub) as call,
    ):
        assert (await call("GetIncident", get, DESK)).incident.title == "theft"
        was = await city.admin.fetchval(
            "SELECT doc::text FROM workflow.incidents WHERE id = $1", UUID(forged)
        )
        shape = "UPDATE workflow.incidents SET shape = shape + $2 WHERE id = $1"
        await city.admin.execute(shape, UUID(forged), 99)  # no release waits for one that never was
        for name, request in (("GetIncident", get), ("SetPriority", claim)):
            assert await call.refused(name, request, DESK, "one key") == "EVIDENCE_BROKEN"
        await city.admin.execute(shape, UUID(forged), -99)
        await city.admin.execute(forgery, UUID(forged))
        for name, request in (("GetIncident", get), ("SetPriority", claim)):
            assert await call.refused(name, request, DESK, "one key") == "EVIDENCE_BROKEN"
        listed = await call("ListIncidents", pb.ListIncidentsRequest(), DESK)
        shown = {each.id for each in listed.items}
        assert sound in shown and forged not in shown, "it hides no other"
        await city.admin.execute(
            "UPDATE workflow.incidents SET doc = $2::text::json WHERE id = $1", UUID(forged), was
        )
        assert (await call("GetIncident", get, DESK)).incident.title == "theft"
        assert (await call("SetPriority", claim, DESK, "one key")).incident.priority == "P1"


async def test_lines_of_before_the_chain_are_covered_as_they_were(city: City) -> None:
    """As after an upgrade: lines without a hash, and the digest that the migration takes."""
    async with city.admin.transaction():
        await city.admin.execute("""
            SET LOCAL search_path TO gateway; ALTER TABLE audit DISABLE TRIGGER USER;
            UPDATE audit SET hash = '' ; DELETE FROM audit_before;
            INSERT INTO audit_before
            SELECT max(position), sha256(string_agg(hash_of_audit(line, ''), '' ORDER BY position))
            FROM audit AS line;
            ALTER TABLE audit ENABLE TRIGGER USER
        """)
    async with await open_pool(city.database.url("gateway"), "gateway") as pool:
        await audit.save(pool, Line("SIGNED_OUT", "li", "police", "li"))
    assert await city.flaws() == []
    out = city.folder / "out"
    await city.verify(export=str(out))
    assert check(out).stdout.splitlines()[-1] == "no flaw"
    await city.admin.execute("""
        ALTER TABLE gateway.audit DISABLE TRIGGER USER;
        UPDATE gateway.audit SET kind = 'SIGN_IN_REFUSED' WHERE position = 1
    """)
    expected = "gateway: audit 1 to 3 are not what they were when the chain began"
    assert await city.flaws() == [expected]
    await city.verify(export=str(out))
    assert "lines up to 3 are not what they were" in check(out).stdout
