"""Rows of disputes: the row says what its journal says, and rows of 0.1.0 are kept."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from backbone.postgres.migrate import migrate_all
from backbone.postgres.pool import Connection
from backbone.postgres.states import taken
from liandong.dispute.v1 import dispute_service_pb2 as pb
from liandong.dispute.v1.dispute_service_pb2_grpc import DisputeServiceStub
from services.dispute import storage
from services.dispute.dispute.table import COLUMNS, project
from services.dispute.wiring import build_decider
from tests.cities import NORTH, a_city
from tests.golden.reading import FIRST_RELEASE
from tests.golden.restoring import schema_of
from tests.installation import Installation
from tests.integration.dispute.test_dispute_service import CHEN, DESK, LEADER, LI, accepted
from tests.listed import Listed
from tests.serving import calling, serving

DISPUTES = build_decider(a_city)
ALL = (pb.ListDisputesRequest(), pb.ListDisputesRequest(closed=True))


@pytest.fixture
async def conn(database: Installation) -> AsyncIterator[Connection]:
    conn = await asyncpg.connect(database.admin)
    await conn.execute("SET search_path TO dispute")
    yield conn
    await conn.close()


async def test_the_row_is_what_its_journal_leads_to(
    database: Installation, conn: Connection
) -> None:
    async with (
        serving(database, a_city(), "dispute") as home,
        calling(home, "dispute", DisputeServiceStub) as call,
    ):
        dispute = await accepted(call)
        await call("RouteDispute", pb.RouteDisputeRequest(dispute_id=dispute.id), DESK)
        session = pb.HoldSessionRequest(dispute_id=dispute.id, text="双方到场")
        await call("HoldSession", session, DESK)
        failed = await accepted(call, level=1)
        fail = pb.FailMediationRequest(dispute_id=failed.id, reason="x", told_where="法院")
        await call("FailMediation", fail, DESK)
    rows = await conn.fetch("SELECT *, doc::text AS doc FROM disputes")
    assert len(rows) == 2
    for row in rows:
        journal = await conn.fetch(
            "SELECT payload, hash FROM journal WHERE aggregate_id = $1 ORDER BY version", row["id"]
        )
        folded = DISPUTES.fold(each["payload"] for each in journal)
        assert folded is not None and folded == DISPUTES.from_row(taken(row))
        assert row["hash"] == journal[-1]["hash"]
        assert as_stored(project(folded)) == {name: row[name] for name in COLUMNS}


def as_stored(columns: dict[str, Any]) -> dict[str, Any]:
    return {
        name: [*value] if isinstance(value, tuple) else value for name, value in columns.items()
    }


FLAT = """
INSERT INTO disputes SELECT * FROM json_populate_record(NULL::disputes, $1)
"""
JOURNALED = """
INSERT INTO journal (event_id, aggregate_id, version, kind, payload, request_id, actor, unit,
    time, correlation_id, causation_id, traceparent, hash)
VALUES (gen_random_uuid(), $1, $2, '', '', gen_random_uuid(), '', '', now(), '', '', '', $3)
"""
PLAIN: dict[str, Any] = {
    "code": "1", "version": 2, "time": "2026-01-01T01:00:00Z", "state": "REGISTERED",
    "desk": "command", "area": NORTH, "register_time": "2026-01-01T00:00:00Z",
    "filing": {
        "kind": "NEIGHBOURS", "source": "WALK_IN", "level": 3, "violence": False,
        "subject": "楼上漏水", "text": "", "parties": [], "place": None,
        "category": "dispute.neighbour", "priority": "P3", "origin": None,
    },
    "units": ["command", "north"], "to_unit": "", "sessions": [], "reason": "", "told_where": "",
}  # fmt: skip
VIOLENT = {
    **PLAIN, "code": "2", "state": "REFUSED", "reason": "家庭暴力", "told_where": "公安机关",
    "end_time": "2026-01-01T01:00:00Z", "units": ["command"],
    "filing": {**PLAIN["filing"], "kind": "FAMILY", "level": 1, "violence": True},
}  # fmt: skip


async def test_rows_of_the_first_release_are_kept(database: Installation, conn: Connection) -> None:
    await conn.execute("DROP SCHEMA dispute CASCADE")
    old = schema_of("dispute", FIRST_RELEASE)
    await migrate_all(database.admin, database.secret, [old])
    for number, flat in enumerate((PLAIN, VIOLENT), start=1):
        of = UUID(int=number)
        await conn.execute(FLAT, msgspec.json.encode({**flat, "id": of}).decode())
        for version in (1, 2):
            await conn.execute(JOURNALED, of, version, bytes([number, version]))
    await migrate_all(database.admin, database.secret, [schema_of("dispute")])
    rows = await conn.fetch("SELECT *, doc::text AS doc FROM disputes ORDER BY code")
    assert [(row["shape"], row["hash"]) for row in rows] == [(1, b"\1\2"), (1, b"\2\2")]
    for row in rows:
        dispute = DISPUTES.from_row(taken(row))
        assert as_stored(project(dispute)) == {name: row[name] for name in COLUMNS}
    seen = {}
    async with asyncpg.create_pool(database.url("dispute")) as pool:
        for who in (DESK, LI, LEADER, CHEN):
            lists = Listed(pool, DISPUTES, storage.PATHS)
            ids = [of for asked in ALL for of in await lists.shown(storage.asked(asked, who))]
            seen[who.user] = sorted(str(of.int) for of in ids)
    assert seen == {"zhao": ["1", "2"], "li": ["1"], "sun": ["1", "2"], "chen": []}
    with pytest.raises(asyncpg.CheckViolationError):
        await conn.execute("UPDATE disputes SET state = 'ACCEPTED' WHERE code = '2'")
