"""What the documents of the drawn rows say: a record of each kind, of a usual size, as a format.

Only id, code, time and state differ from row to row; lists ask for columns, not for documents.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from backbone.door.table import Table
from backbone.words.matter import Matter
from backbone.words.place import Place, Point
from services.alarm import storage as receipt_storage
from services.alarm.receipt import record as receipts
from services.dispute import storage as dispute_storage
from services.dispute.dispute import record as disputes
from services.emergency import storage as mission_storage
from services.emergency.mission import record as missions
from services.petition import storage as petition_storage
from services.petition.petition import record as petitions
from services.population import storage as care_storage
from services.population.care_case import record as care_cases
from services.workflow import storage as incident_storage
from services.workflow.incident import record as incidents

TABLES: Mapping[str, tuple[Table[Any], Iterable[Any]]] = {
    each.name: (each, states)
    for each, states in (
        (incident_storage.TABLE, incidents.State),
        (receipt_storage.TABLE, receipts.State),
        (petition_storage.TABLE, petitions.State),
        (dispute_storage.TABLE, disputes.State),
        (mission_storage.MISSIONS, missions.State),
        (care_storage.TABLE, care_cases.State),
    )
}
ID, CODE, STATE = UUID(int=8), "{code}", "{state}"
NOW = datetime(2026, 1, 1, 8, 0, 0, 1, tzinfo=UTC)
AREA, UNIT, DESK = "990101001001001", "990101001-police", "990100-command"
PLACE = Place("青山镇长风路12号农贸市场北门", Point(108.912, 34.231), AREA)
TEXT = "在农贸市场被偷了电动车,小偷往长风路方向跑了,报警人在原地等候,现场还有两名目击者。" * 4


def formats() -> dict[str, str]:
    """The documents by table; in each `%1$s` is the id, then code, time and state."""
    return {table: _as_format(record) for table, record in _records().items()}


def projection(table: str) -> Mapping[str, Any]:
    """All columns of the record of a table, as its service projects it."""
    of, states = TABLES[table]
    return of.row_of(msgspec.structs.replace(_records()[table], state=next(iter(states))))


def _as_format(record: Any) -> str:
    document = msgspec.json.encode(record).decode()
    time = msgspec.json.encode(NOW).decode().strip('"')
    for number, text in enumerate((str(ID), CODE, time, STATE), start=1):
        document = document.replace(text, f"%{number}$s")
    return document


def _records() -> dict[str, Any]:
    state: Any = STATE
    matter = Matter(ID, CODE, "ALARM", "盗窃警情 · 长风路12号", TEXT, "theft", "P2", PLACE, DESK)
    charge = incidents.Charge(UNIT, UNIT, NOW, DESK, "clerk", ("clerk",))
    routing = incidents.Routing("competent", UNIT, 7)
    report = receipts.Report(caller=receipts.Caller(), place=PLACE, narrative=TEXT)
    origin = receipts.Origin(receipts.Kind.CALL, DESK, "990100", "call_taker", NOW)
    filing = petitions.Filing(
        petitions.Channel.LETTER, "路灯不亮", TEXT, (), 1, PLACE, "roads", "P3", "", ""
    )
    quarrel = disputes.Filing(
        disputes.Kind.NEIGHBOURS,
        disputes.Source.WALK_IN,
        2,
        False,
        "邻里",
        TEXT,
        (),
        PLACE,
        "",
        "P3",
    )
    order = missions.Order(
        ID, CODE, "fire-team", "P1", PLACE, TEXT, "fire", False, "dispatcher", DESK
    )
    care = care_cases.Admission(care_cases.Programme.MINOR_PROTECTION, "决定书", None, None, None)
    return {
        "incidents": incidents.Incident(
            ID, 5, NOW, state, matter, NOW, charge, routing, involved=(DESK, UNIT)
        ),
        "receipts": receipts.Receipt(
            id=ID, version=3, time=NOW, code=CODE, origin=origin, report=report, state=state,
            classification=receipts.Classification("theft", "P2"),
        ),
        "petitions": petitions.Petition(
            ID, CODE, 3, NOW, state, DESK, AREA, NOW, filing, (DESK, UNIT)
        ),
        "disputes": disputes.Dispute(
            ID, CODE, 3, NOW, state, DESK, AREA, NOW, quarrel, (DESK, UNIT)
        ),
        "missions": missions.Mission(
            ID, 3, NOW, state, order, missions.Release(UNIT, AREA, True, (10,), NOW, NOW),
            missions.Pushes(None),
        ),
        "care_cases": care_cases.CareCase(
            ID, CODE, 3, NOW, state, care, care_cases.HandOver(DESK, "clerk", NOW),
            care_cases.Charge(UNIT, AREA, ("care_worker",)),
        ),
    }  # fmt: skip
