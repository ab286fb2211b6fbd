"""Rows as documents: what 0.1.0 wrote is read on, and the journal says what the row says."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from backbone.door.decider import Decider
from backbone.postgres.migrate import migrate_all
from backbone.postgres.states import taken
from backbone.words.actor import Actor
from services.emergency.deciders import missions, statuses
from tests.emergency import Desk, serving, some_settings
from tests.golden.reading import FIRST_RELEASE
from tests.golden.restoring import schema_of
from tests.installation import SECRET, Installation, an_installation
from tests.integration.emergency.test_reads import ask

HISTORY = "SELECT payload FROM journal WHERE aggregate_id = $1 ORDER BY version"


async def rows_and_journals(url: str, decider: Decider[Any]) -> list[tuple[Any, Any]]:
    """Each row of the table, and what its journal folds to."""
    conn = await asyncpg.connect(url, server_settings={"search_path": "emergency"})
    found = []
    for row in await conn.fetch(f"SELECT id, shape, doc::text FROM {decider.table.name}"):
        payloads = [each["payload"] for each in await conn.fetch(HISTORY, row["id"])]
        found.append((decider.from_row(taken(row)), decider.fold(payloads)))
    await conn.close()
    return found


@pytest.fixture
async def desk(hasty_url: str) -> AsyncIterator[Desk]:
    async with serving(some_settings(hasty_url)) as desk:
        yield desk


async def test_the_journal_folded_is_the_row(desk: Desk, database: Installation) -> None:
    refused = (await desk.dispatch("fire-2")).mission.id
    await desk.act("RefuseMission", refused, "fire-2", reason="车辆故障")
    async with desk.terminal() as terminal:
        mission = (await desk.dispatch()).mission.id
        await terminal.pushes(2)
    await desk.act("ReportOnScene", mission)
    await desk.act("ClearMission", mission, result="伤者已送医")
    leader = Actor("lee", role="team_leader")
    for note in ("换班", "加油"):
        await ask(desk, "SetTeamStatus", leader, "fire-1", team="fire-1", duty=2, note=note)
    for decider, number in ((missions, 2), (statuses, 1)):
        found = await rows_and_journals(database.admin, decider)
        assert len(found) == number
        for row, journal in found:
            assert row == journal


@pytest.fixture
async def older(postgres_dsn: str) -> AsyncIterator[Installation]:
    """A database as 0.1.0 has left it."""
    async with an_installation(postgres_dsn, "template1") as database:
        await migrate_all(database.admin, SECRET, [schema_of("emergency", FIRST_RELEASE)])
        yield database


async def test_rows_of_0_1_0_become_documents(older: Installation) -> None:
    conn = await asyncpg.connect(older.admin, server_settings={"search_path": "emergency"})
    await conn.execute(
        """
        INSERT INTO missions SELECT * FROM jsonb_populate_record(NULL::missions, $1::jsonb)
    """,
        ROW,
    )
    await conn.execute("""
        INSERT INTO team_statuses VALUES
            ('00000000-0000-0000-0000-000000000002', 1, now(), 'fire-1', '990101-fire', '990101',
             'RESTING', '换班', 'lee')
    """)
    for number, of in enumerate((1, 2)):
        await conn.execute(JOURNAL, UUID(int=of), UUID(int=10 + number), bytes([of]))
    await migrate_all(older.admin, SECRET, [schema_of("emergency")])
    [row] = await conn.fetch("SELECT *, doc::text FROM missions")
    mission = missions.from_doc(row["doc"], row["shape"])
    assert (mission.order.place.text, mission.order.narrative) == ("长风路12号", "两车相撞")
    assert (mission.release.pauses, mission.pushes.attempt) == ((10, 20), 3)
    assert (row["hash"], row["team"], row["state"]) == (b"\1", "fire-1", "DELIVERED")
    assert missions.table.project(mission) == {n: row[n] for n in missions.table.columns}
    [row] = await conn.fetch("SELECT *, doc::text FROM team_statuses")
    assert statuses.from_doc(row["doc"], row["shape"]).note == "换班"
    assert (row["hash"], row["team"]) == (b"\2", "fire-1")
    await conn.close()


ROW = """
{"id": "00000000-0000-0000-0000-000000000001", "version": 4, "time": "2026-01-01T00:00:30Z",
 "state": "DELIVERED", "matter_id": "00000000-0000-0000-0000-000000000007", "code": "x-1",
 "team": "fire-1", "unit": "990101-fire", "area": "990101", "priority": "P1",
 "place": {"text": "长风路12号", "point": {"longitude": 108.5, "latitude": 34.5}, "area": ""},
 "narrative": "两车相撞", "category": "", "exercise": false, "ordered_by": "zhao",
 "ordered_unit": "desk", "reachable": true, "pauses": [10, 20],
 "dispatch_time": "2026-01-01T00:00:00Z", "acknowledge_by": "2026-01-01T00:01:00Z",
 "due_time": "2026-01-01T00:00:50Z", "revision": 1, "attempt": 3, "implied": [],
 "deliver_time": "2026-01-01T00:00:05Z", "acknowledged_by": "", "refuse_reason": "", "result": ""}
"""
JOURNAL = """
INSERT INTO journal (event_id, aggregate_id, version, kind, payload, request_id, actor, unit, time,
                     correlation_id, causation_id, traceparent, hash)
VALUES ($2, $1, 1, 'k', '', $2, '', '', now(), '', '', '', $3)
"""
