"""Rows as documents: what 0.1.0 wrote is read on, and the journal says what the row says."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from backbone.postgres.migrate import migrate_all
from backbone.postgres.states import taken
from liandong.population.v1 import population_service_pb2 as pb
from liandong.population.v1.population_service_pb2_grpc import PopulationServiceStub
from services.population import storage
from services.population.care_case.record import State, VisitState
from services.population.wiring import build_decider
from tests.cities import a_city
from tests.golden.reading import FIRST_RELEASE
from tests.golden.restoring import schema_of
from tests.installation import SECRET, Installation, an_installation
from tests.integration.population.test_population_service import (
    HEAD,
    LI,
    in_the_future,
    received,
    the_city,
)
from tests.serving import calling, serving

DECIDER = build_decider(a_city)
HISTORY = "SELECT payload FROM journal WHERE aggregate_id = $1 ORDER BY version"


async def test_the_journal_folded_is_the_row(database: Installation) -> None:
    async with (
        serving(database, the_city(), "population") as home,
        calling(home, "population", PopulationServiceStub) as call,
    ):
        about = await received(call, term_end_time=in_the_future(days=9))
        of_class = pb.SetCareClassRequest(
            care_case_id=about,
            care_class="CARE_CLASS_GREEN",
            office="OFFICE_OFFICER",
            decided_by="所长",
            document="评估表1号",
        )
        await call("SetCareClass", of_class, LI)
        plan = pb.PlanVisitRequest(
            care_case_id=about, activity="ACTIVITY_AID", due_time=in_the_future(days=1)
        )
        visit = (await call("PlanVisit", plan, LI)).care_case.visits[0].id
        record = pb.RecordVisitRequest(care_case_id=about, visit_id=visit, finding="身体尚可")
        await call("RecordVisit", record, LI)
        reveal = pb.RevealPersonRequest(care_case_id=about)
        await call("RevealPerson", reveal, LI, purpose="上门走访")
        await call("EndCareCase", pb.EndCareCaseRequest(care_case_id=about, reason="期满"), HEAD)
    conn = await asyncpg.connect(database.admin, server_settings={"search_path": "population"})
    row = await conn.fetchrow("SELECT shape, doc::text FROM care_cases WHERE id = $1", UUID(about))
    payloads = [each["payload"] for each in await conn.fetch(HISTORY, UUID(about))]
    await conn.close()
    case = DECIDER.from_row(taken(row))
    assert (case.state, len(case.visits), case.version) == (State.ENDED, 1, 7)
    assert DECIDER.fold(payloads) == case


@pytest.fixture
async def older(postgres_dsn: str) -> AsyncIterator[Installation]:
    """A database as 0.1.0 has left it."""
    async with an_installation(postgres_dsn, "template1") as database:
        await migrate_all(database.admin, SECRET, [schema_of("population", FIRST_RELEASE)])
        yield database


async def test_rows_of_0_1_0_become_documents(older: Installation) -> None:
    conn = await asyncpg.connect(older.admin, server_settings={"search_path": "population"})
    await conn.execute(INSERT, CARED_FOR)
    await conn.execute(INSERT, MIGRANT)
    for of in (1, 2):
        await conn.execute(JOURNAL, UUID(int=of), UUID(int=10 + of), bytes([of]))
    await migrate_all(older.admin, SECRET, [schema_of("population")])
    rows = await conn.fetch("SELECT *, doc::text FROM care_cases ORDER BY id")
    for of, row in enumerate(rows, 1):
        case = DECIDER.from_doc(row["doc"], row["shape"])
        projected = storage.TABLE.project(case)
        assert row["hash"] == bytes([of])
        for name in ("care_workers", "service_ids"):
            projected = {**projected, name: list(projected[name])}
        assert projected == {name: row[name] for name in storage.TABLE.columns}
    case = DECIDER.from_doc(rows[0]["doc"], rows[0]["shape"])
    assert (case.charge.care_workers, case.hand_over.sent_by) == (("li",), "qian")
    assert [visit.state for visit in case.visits] == [VisitState.MISSED]
    assert case.admission.hand_over_due_time == datetime(2026, 1, 11, tzinfo=UTC)
    assert (rows[0]["overdue"], rows[0]["followed_up"]) == (True, True)
    assert (rows[1]["overdue"], rows[1]["followed_up"]) == (False, False)
    await conn.close()


INSERT = """
INSERT INTO care_cases SELECT * FROM jsonb_populate_record(NULL::care_cases, $1::jsonb)
"""
CARED_FOR = """
{"id": "00000000-0000-0000-0000-000000000001", "code": "x-1", "version": 4,
 "time": "2026-01-08T00:00:00Z", "state": "ACTIVE", "sender": "county", "sent_by": "qian",
 "unit": "north", "area": "990101001", "register_time": "2026-01-01T00:00:00Z",
 "admission": {"programme": "COMMUNITY_CORRECTION", "legal_basis": "某通知书",
               "person": {"name": "v1.a", "id_number": "", "contact": ""},
               "hand_over_due_time": "2026-01-11T00:00:00Z", "term_end_time": null},
 "due_time": null, "hand_over_overdue": false, "receive_time": "2026-01-02T00:00:00Z",
 "care_workers": ["li"], "class_decision": null,
 "visits": [{"id": "00000000-0000-0000-0000-000000000008", "activity": "AID",
             "due_time": "2026-01-08T00:00:00Z", "state": "MISSED", "visit_time": null,
             "worker": "", "finding": ""}],
 "services": [], "service_ids": [], "end_reason": "", "end_time": null}
"""
MIGRANT = """
{"id": "00000000-0000-0000-0000-000000000002", "code": "x-2", "version": 1,
 "time": "2026-01-01T00:00:00Z", "state": "SENT", "sender": "county", "sent_by": "qian",
 "unit": "north", "area": "990101001", "register_time": "2026-01-01T00:00:00Z",
 "admission": {"programme": "MIGRANT_SERVICE", "legal_basis": "登记",
               "person": {"name": "v1.a", "id_number": "", "contact": ""},
               "hand_over_due_time": "2026-01-11T00:00:00Z", "term_end_time": null},
 "due_time": "2026-01-11T00:00:00Z", "hand_over_overdue": false, "receive_time": null,
 "care_workers": [], "class_decision": null, "visits": [], "services": [], "service_ids": [],
 "end_reason": "", "end_time": null}
"""
JOURNAL = """
INSERT INTO journal (event_id, aggregate_id, version, kind, payload, request_id, actor, unit, time,
                     correlation_id, causation_id, traceparent, hash)
VALUES ($2, $1, 1, 'k', '', $2, '', '', now(), '', '', '', $3)
"""
