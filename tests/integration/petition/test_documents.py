"""Rows of petitions: the row says what its journal says, and rows of 0.1.0 are kept."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from backbone.postgres.migrate import migrate_all
from backbone.postgres.pool import Connection
from backbone.postgres.states import taken
from liandong.petition.v1 import petition_service_pb2 as pb
from liandong.petition.v1.petition_service_pb2_grpc import PetitionServiceStub
from services.petition import storage
from services.petition.petition.table import COLUMNS, project
from services.petition.wiring import build_decider
from tests.cities import COUNTY, a_city
from tests.golden.reading import FIRST_RELEASE
from tests.golden.restoring import schema_of
from tests.installation import Installation
from tests.integration.petition.test_petition_service import DESK, LEADER, LI, accepted, registered
from tests.listed import Listed
from tests.serving import calling, serving

PETITIONS = build_decider(a_city)
ALL = (pb.ListPetitionsRequest(), pb.ListPetitionsRequest(closed=True))


@pytest.fixture
async def conn(database: Installation) -> AsyncIterator[Connection]:
    conn = await asyncpg.connect(database.admin)
    await conn.execute("SET search_path TO petition")
    yield conn
    await conn.close()


async def test_the_row_is_what_its_journal_leads_to(
    database: Installation, conn: Connection
) -> None:
    async with (
        serving(database, a_city(), "petition") as home,
        calling(home, "petition", PetitionServiceStub) as call,
    ):
        petition = await accepted(call, against_unit="north")
        await call("RoutePetition", pb.RoutePetitionRequest(petition_id=petition.id), DESK)
        declined = await registered(call)
        decline = pb.DeclinePetitionRequest(petition_id=declined.id, reason="x", told_where="法院")
        await call("DeclinePetition", decline, DESK)
    rows = await conn.fetch("SELECT *, doc::text AS doc FROM petitions")
    assert len(rows) == 2
    for row in rows:
        journal = await conn.fetch(
            "SELECT payload, hash FROM journal WHERE aggregate_id = $1 ORDER BY version", row["id"]
        )
        folded = PETITIONS.fold(each["payload"] for each in journal)
        assert folded is not None and folded == PETITIONS.from_row(taken(row))
        assert row["hash"] == journal[-1]["hash"]
        assert as_stored(project(folded)) == {name: row[name] for name in COLUMNS}


def as_stored(columns: dict[str, Any]) -> dict[str, Any]:
    return {
        name: [*value] if isinstance(value, tuple) else value for name, value in columns.items()
    }


FLAT = """
INSERT INTO petitions SELECT * FROM json_populate_record(NULL::petitions, $1)
"""
JOURNALED = """
INSERT INTO journal (event_id, aggregate_id, version, kind, payload, request_id, actor, unit,
    time, correlation_id, causation_id, traceparent, hash)
VALUES (gen_random_uuid(), $1, $2, '', '', gen_random_uuid(), '', '', now(), '', '', '', $3)
"""
PLAIN = {
    "code": "1", "version": 2, "time": "2026-01-01T01:00:00Z", "state": "REGISTERED",
    "desk": "command", "area": COUNTY, "register_time": "2026-01-01T00:00:00Z",
    "filing": {
        "channel": "LETTER", "subject": "路灯不亮", "text": "坏了三个月", "petitioners": [],
        "head_count": 1, "place": None, "category": "theft", "priority": "P3", "against": "",
        "against_unit": "", "petitioner_indexes": ["0f", "1e"],
    },
    "units": ["command", "north"], "reason": "", "told_where": "", "to_unit": "",
    "progress": [], "reply": "",
}  # fmt: skip
ACCUSED_UNIT = {**PLAIN, "code": "2", "filing": {**PLAIN["filing"], "against_unit": "north"}}
SOMEBODY = {**PLAIN, "code": "3", "filing": {**PLAIN["filing"], "against": "v1.sealed"}}
CLAIM = {
    **ACCUSED_UNIT, "code": "4", "state": "ACCEPTED", "kind": "CLAIM",
    "lawful_channel": "PETITION", "accept_time": "2026-01-01T01:00:00Z",
}  # fmt: skip
OWN = {**PLAIN, "code": "5", "filing": {**PLAIN["filing"], "against_unit": "command"}}


async def test_rows_of_the_first_release_are_kept(database: Installation, conn: Connection) -> None:
    await conn.execute("DROP SCHEMA petition CASCADE")
    old = schema_of("petition", FIRST_RELEASE)
    await migrate_all(database.admin, database.secret, [old])
    for number, flat in enumerate((PLAIN, ACCUSED_UNIT, SOMEBODY, CLAIM, OWN), start=1):
        of = UUID(int=number)
        await conn.execute(FLAT, msgspec.json.encode({**flat, "id": of}).decode())
        for version in (1, 2):
            await conn.execute(JOURNALED, of, version, bytes([number, version]))
    await migrate_all(database.admin, database.secret, [schema_of("petition")])
    rows = await conn.fetch("SELECT *, doc::text AS doc FROM petitions ORDER BY code")
    assert [(row["shape"], row["hash"]) for row in rows] == [
        (1, bytes([number, 2])) for number in range(1, 6)
    ]
    for row in rows:
        petition = PETITIONS.from_row(taken(row))
        assert as_stored(project(petition)) == {name: row[name] for name in COLUMNS}
    seen = {}
    async with asyncpg.create_pool(database.url("petition")) as pool:
        for who in (DESK, LI, LEADER):
            lists = Listed(pool, PETITIONS, storage.PATHS)
            ids = [of for asked in ALL for of in await lists.shown(storage.asked(asked, who))]
            seen[who.user] = sorted(str(of.int) for of in ids)
    assert seen == {
        "zhao": ["1", "2", "3", "4", "5"],
        "li": ["1", "3", "4", "5"],
        "sun": ["1", "4"],
    }
