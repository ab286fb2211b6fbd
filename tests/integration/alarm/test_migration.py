"""The receipts of 0.1.0, a flat row each, become documents without a loss."""

import json
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec

from backbone.door import statements
from backbone.door.journal import FIRST, JournalRow
from backbone.door.request import Request
from backbone.postgres.migrate import migrate_all
from backbone.postgres.states import taken
from backbone.words.followed import Followed
from backbone.words.followed import FollowIncident as Step
from backbone.words.place import Place
from services.alarm.receipt import RECEIPTS
from services.alarm.receipt.dispatch import DispatchNow
from services.alarm.receipt.ending import AnswerAtDesk, OpenIncident
from services.alarm.receipt.linking import FollowIncident, LinkRepeat, RepeatLinked
from services.alarm.receipt.passing import ReferToMediation
from services.alarm.receipt.record import Receipt
from services.alarm.receipt.table import COLUMNS, project
from services.alarm.wiring import build_decider
from tests.desks import TAKER, a_desk_city, a_report
from tests.golden.reading import FIRST_RELEASE
from tests.golden.restoring import schema_of
from tests.installation import SECRET, an_installation

NOW = datetime(2026, 1, 1, 8, 0, 0, 125_000, tzinfo=UTC)
CITY = a_desk_city()
DECIDER = build_decider(lambda: CITY)
ID = UUID(int=7)
OLD, ALARM = schema_of("alarm", FIRST_RELEASE), schema_of("alarm")

LIVES: list[list[Any]] = [
    [
        a_report(id=ID),
        DispatchNow(TAKER, "red", "快"),
        OpenIncident(TAKER),
        FollowIncident(ID, Step("IncidentClaimed", 4, state="CLAIMED")),
    ],
    [
        a_report(id=UUID(int=8), code="2", place=Place("桥头")),
        LinkRepeat(TAKER, ID, a_report().code, Followed(3, "OFFERED", "north")),
    ],
    [a_report(id=UUID(int=9), code="3"), AnswerAtDesk(TAKER, "已告知", ("a",))],
    [a_report(id=UUID(int=10), code="4"), ReferToMediation(TAKER)],
]


def lived(commands: list[Any]) -> tuple[Receipt, list[JournalRow]]:
    """The receipt after the commands, and its journal."""
    found: Any = None
    records: list[JournalRow] = []
    for at, command in enumerate(commands):
        for event in RECEIPTS.decide(found, command, NOW + timedelta(minutes=at), CITY):
            if isinstance(event, RepeatLinked):  # 0.1.0 told the incident of no link
                event = msgspec.structs.replace(event, caller_linked=None)
            found = RECEIPTS.evolve(found, event)
            request = Request(uuid4(), found.id, command, "", TAKER, NOW)
            previous = records[-1].hash if records else FIRST
            records.append(DECIDER.journal_row(found, event, request, previous))
    return found, records


def flat(receipt: Receipt) -> dict[str, Any]:
    """The row as 0.1.0 wrote it: every field a column, records and lists as JSON."""
    doc = msgspec.to_builtins(receipt)
    ending, incident = doc.pop("ending"), doc.pop("incident")
    for name in (
        "priority_confirmed",
        "come_back_time",
        "left",
        "returned",
        "beside",
    ):  # came later
        del doc[name]
    ended = {"title": "", "to_unit": "", "reply": "", "photos": [], "passed_to": "", "ended_by": ""}
    ended |= ending or {"outcome": None, "end_time": None, "invalid_reason": None}
    ended.pop("ended_role", None)  # came later
    followed = {"incident_id": None, "incident_code": "", "incident": None}
    if incident:
        followed = {
            "incident_id": incident["id"],
            "incident_code": incident["code"],
            "incident": incident["known"],
        }
    del doc["report"]["address"]  # came later
    parts = [doc.pop(name) for name in ("origin", "report", "classification")]
    later = ((doc, "corrected"), (doc, "passed"), (doc, "barred"))
    report = [(parts[1], name) for name in ("danger", "against", "discreet")]
    for part, name in (*later, *report):
        del part[name]
    return reduce(lambda row, part: row | part, [*parts, ended, followed], doc)


async def fill_old(
    conn: "asyncpg.Connection[asyncpg.Record]", receipt: Receipt, records: list[JournalRow]
) -> None:
    """Write the row and the journal as 0.1.0 wrote them."""
    row = flat(receipt)
    columns = ", ".join(row)
    await conn.execute(
        f"INSERT INTO receipts ({columns}) SELECT {columns} "
        "FROM jsonb_populate_record(NULL::receipts, $1::text::jsonb)",
        json.dumps(row),
    )
    later = {"signature", "own_code"}
    names = [name for name in statements.JOURNAL if name not in later]
    places = ", ".join(f"${at}" for at in range(1, len(names) + 1))
    rows = [
        dict(zip(statements.JOURNAL, statements.journal_values(record), strict=True))
        for record in records
    ]
    await conn.executemany(
        f"INSERT INTO journal ({', '.join(names)}) VALUES ({places})",
        [[row[name] for name in names] for row in rows],
    )


async def test_receipts_of_the_first_release_become_documents(postgres_dsn: str) -> None:
    async with an_installation(postgres_dsn, "template1") as database:
        await migrate_all(database.admin, SECRET, [OLD])
        conn = await asyncpg.connect(database.admin, server_settings={"search_path": "alarm"})
        lives = [lived(commands) for commands in LIVES]
        for receipt, records in lives:
            await fill_old(conn, receipt, records)
        await migrate_all(database.admin, SECRET, [ALARM])
        for receipt, records in lives:
            row = await conn.fetchrow("SELECT * FROM receipts WHERE id = $1", receipt.id)
            assert (row["shape"], row["hash"]) == (1, records[-1].hash)
            assert DECIDER.from_row(taken(row)) == receipt
            assert {column: row[column] for column in COLUMNS} == project(receipt)
        await conn.close()
