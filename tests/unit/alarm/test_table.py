"""The row of a receipt: what is projected of it, and how a document of 0.1.0 is read."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from backbone.words.errors import Unavailable
from backbone.words.followed import Followed
from backbone.words.place import Place, Point
from backbone.words.rank import by_time
from services.alarm.receipt.called_back import CallBack, Finding
from services.alarm.receipt.record import (
    Caller,
    Classification,
    Dispatch,
    Ending,
    Incident,
    Kind,
    Origin,
    Outcome,
    Receipt,
    Report,
    State,
)
from services.alarm.receipt.suggested import CategorySuggestion, Suggestions
from services.alarm.receipt.table import COLUMNS, SHAPE, project
from services.alarm.wiring import build_decider
from tests.desks import EAST_GRID, HERE, a_desk_city

ID, OTHER = UUID(int=7), UUID(int=8)
TAKEN = datetime(2026, 1, 1, 8, tzinfo=UTC)
LATER = datetime(2026, 1, 1, 9, 30, 0, 125_000, tzinfo=UTC)
DECIDER = build_decider(a_desk_city)

FLAT: dict[str, Any] = {
    "id": str(ID),
    "version": 6,
    "time": "2026-01-01T17:30:00.125+08:00",
    "code": "990101260101-000001-0",
    "kind": "CALL",
    "unit": "command",
    "desk_area": "990101",
    "receiver": "zhou",
    "receive_time": "2026-01-01T08:00:00+00:00",
    "caller": {
        "number": "v1.sealed",
        "name": "",
        "subscriber": "",
        "installed_address": "",
        "protected": True,
        "number_index": "abc",
    },
    "place": {
        "text": "长风路12号",
        "point": {"longitude": 0.15, "latitude": 0.05},
        "area": EAST_GRID,
        "against": "",
    },
    "category": "traffic",
    "priority": "P2",
    "narrative": "两车相撞",
    "ring_time": None,
    "answer_time": "2026-01-01T08:00:00+00:00",
    "hang_up_time": None,
    "recording": "disk 1",
    "reference": "",
    "suggestions": {
        "category": [{"category": "traffic", "name": "交通警情", "score": 0.5, "words": ["车"]}],
        "repeats": [],
    },
    "confirmed_category": "theft",
    "state": "ENDED",
    "outcome": "LINKED",
    "incident_id": str(OTHER),
    "incident_code": "990101260101-000009-0",
    "incident": {
        "version": 3,
        "state": "CLAIMED",
        "unit": "north",
        "holder": "li",
        "outcome": "",
        "reply": "",
    },
    "title": "",
    "to_unit": "",
    "reply": "",
    "photos": [],
    "passed_to": "",
    "invalid_reason": None,
    "end_time": "2026-01-01T09:30:00.125+00:00",
    "ended_by": "zhao",
    "dispatches": [
        {
            "team": "red",
            "note": "快",
            "ordered_by": "zhou",
            "order_time": "2026-01-01T08:00:00+00:00",
            "refused": "ALREADY_DISPATCHED",
            "again": 1,
        }
    ],
    "call_backs": [
        {
            "finding": "PARTLY",
            "note": "",
            "called_by": "zhou",
            "call_time": "2026-01-01T08:00:00+00:00",
        }
    ],
}
COMPOSED = Receipt(
    id=ID,
    version=6,
    time=LATER,
    code="990101260101-000001-0",
    origin=Origin(Kind.CALL, "command", "990101", "zhou", TAKEN),
    report=Report(
        caller=Caller(number="v1.sealed", protected=True, number_index="abc"),
        place=Place("长风路12号", HERE, EAST_GRID),
        narrative="两车相撞",
        answer_time=TAKEN,
        recording="disk 1",
    ),
    classification=Classification("traffic", "P2", "theft"),
    suggestions=Suggestions((CategorySuggestion("traffic", "交通警情", 0.5, ("车",)),)),
    state=State.ENDED,
    ending=Ending(outcome=Outcome.LINKED, end_time=LATER, ended_by="zhao"),
    incident=Incident(OTHER, "990101260101-000009-0", Followed(3, "CLAIMED", "north", "li")),
    dispatches=(Dispatch("red", "快", "zhou", TAKEN, "ALREADY_DISPATCHED", 1),),
    call_backs=(CallBack(Finding.PARTLY, "", "zhou", TAKEN),),
)
UNENDED = {"state": "RECEIVED", "outcome": None, "end_time": None, "ended_by": ""}
UNLINKED = {"incident_id": None, "incident_code": "", "incident": None}


def test_a_flat_document_of_the_first_release_is_read_as_a_composed_one() -> None:
    assert DECIDER.from_doc(json.dumps(FLAT), 1) == COMPOSED


def test_an_open_receipt_of_the_first_release_has_neither_end_nor_incident() -> None:
    found = DECIDER.from_doc(json.dumps(FLAT | UNENDED | UNLINKED), 1)
    assert (found.ending, found.incident, found.state) == (None, None, State.RECEIVED)


def test_each_way_to_end_keeps_what_belongs_to_it() -> None:
    passed = {
        "outcome": "PASSED",
        "passed_to": "mediation",
        "to_unit": "mediation",
        "title": "纠纷",
    }
    found = DECIDER.from_doc(json.dumps(FLAT | UNLINKED | passed), 1)
    assert found.ending == Ending(
        outcome=Outcome.PASSED,
        end_time=LATER,
        ended_by="zhao",
        title="纠纷",
        to_unit="mediation",
        passed_to="mediation",
    )


def test_a_document_is_read_as_it_was_written_and_a_newer_one_is_left_alone() -> None:
    doc = DECIDER.to_doc(COMPOSED)
    assert DECIDER.from_doc(doc, 2) == DECIDER.from_doc(doc, SHAPE) == COMPOSED
    with pytest.raises(Unavailable, match="NEWER_SHAPE"):
        DECIDER.from_doc(doc, SHAPE + 1)


def test_a_document_from_before_addresses_is_read() -> None:
    doc = json.loads(DECIDER.to_doc(COMPOSED))
    del doc["report"]["address"]
    assert DECIDER.from_doc(json.dumps(doc), 2) == COMPOSED


def test_the_columns_are_what_queries_ask_for() -> None:
    assert project(COMPOSED) == {
        "code": "990101260101-000001-0",
        "kind": "CALL",
        "unit": "command",
        "area": EAST_GRID,
        "against": "",
        "receiver": "zhou",
        "passed_to": "",
        "passed_state": "",
        "handler": "north",
        "due_time": None,
        "receive_time": TAKEN,
        "rank": by_time(TAKEN, over=False),
        "category": "traffic",
        "priority": "P2",
        "state": "ENDED",
        "outcome": "LINKED",
        "incident_id": OTHER,
        "incident_version": 3,
        "number_index": "abc",
        "line_index": "",
        "further_indexes": [],
        "left_incidents": [],
        "returned_to": "",
        "cell": 15 * 100_000 + 5,
        "address": "",
    }
    assert project(COMPOSED).keys() == COLUMNS.keys()


def test_a_place_that_is_not_known_counts_as_the_desk_s_area() -> None:
    report = msgspec.structs.replace(COMPOSED.report, place=Place("桥头"))
    row = project(msgspec.structs.replace(COMPOSED, report=report))
    assert (row["area"], row["cell"]) == ("990101", None)
    west = msgspec.structs.replace(report, place=Place("", Point(-0.001, -0.001)))
    row = project(msgspec.structs.replace(COMPOSED, report=west))
    assert row["cell"] == -100_001
