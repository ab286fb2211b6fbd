"""The documents of care cases: what 0.1.0 wrote is read, what is written now reads back."""

import json
from datetime import timedelta
from typing import Any

import pytest

from services.population import storage
from services.population.care_case import table
from services.population.care_case.clocks import Lapse
from services.population.care_case.record import CareCase
from services.population.wiring import build_decider
from tests.cities import NOW
from tests.unit.population.care_cases import (
    ACTIVE,
    CITY,
    CLASS,
    DAY,
    END,
    ID,
    MIGRANT,
    NEED,
    RECEIVED,
    RECORD,
    RESULT,
    SEALED,
    SENT,
    VISIT,
    after,
)

DECIDER = build_decider(lambda: CITY)
MOMENT = "2026-01-01T00:00:00+00:00"
# Rows of the table of 0.1.0, as the migration turns them into documents.
FLAT: dict[str, Any] = {
    "id": str(ID),
    "code": "990101260101-300001-0",
    "version": 1,
    "time": MOMENT,
    "state": "SENT",
    "sender": "county",
    "sent_by": "qian",
    "unit": "north",
    "area": "990101001",
    "register_time": MOMENT,
    "admission": {
        "programme": "COMMUNITY_CORRECTION",
        "legal_basis": "某法院执行通知书1号",
        "person": {
            "name": "sealed name",
            "id_number": "sealed number",
            "contact": "sealed contact",
        },
        "hand_over_due_time": "2026-01-11T00:00:00Z",
        "term_end_time": "2026-04-11T00:00:00Z",
    },
    "due_time": "2026-01-11T00:00:00+00:00",
    "hand_over_overdue": False,
    "receive_time": None,
    "care_workers": [],
    "class_decision": None,
    "visits": [],
    "services": [],
    "service_ids": [],
    "end_reason": "",
    "end_time": None,
}
ENDED = {
    **FLAT,
    "version": 8,
    "state": "ENDED",
    "due_time": None,
    "receive_time": MOMENT,
    "care_workers": ["li"],
    "class_decision": {
        "care_class": "GREEN",
        "office": "OFFICER",
        "decided_by": "某司法所所长",
        "document": "评估表1号",
        "time": MOMENT,
    },
    "visits": [
        {
            "id": str(VISIT),
            "activity": "FAMILY_VISIT",
            "due_time": "2026-01-08T00:00:00Z",
            "state": "MADE",
            "visit_time": MOMENT,
            "worker": "li",
            "finding": "sealed",
        }
    ],
    "services": [
        {
            "id": str(NEED),
            "code": "990101260101-300002-0",
            "category": "care",
            "priority": "P3",
            "text": "需要就业培训信息",
            "request_time": MOMENT,
            "incident": {
                "version": 5,
                "state": "RESOLVED",
                "unit": "",
                "holder": "",
                "outcome": "SOLVED",
                "reply": "已推荐",
            },
            "result": "",
        }
    ],
    "service_ids": [str(NEED)],
    "end_reason": "提前解除决定书",
    "end_time": MOMENT,
}


@pytest.mark.parametrize(
    ("doc", "case"),
    [(FLAT, SENT), (ENDED, after(CLASS, RECORD, END, found=ACTIVE))],
    ids=["sent", "ended"],
)
def test_a_flat_document_gives_the_composed_case(doc: dict[str, Any], case: CareCase) -> None:
    assert DECIDER.from_doc(json.dumps(doc), 1) == case


@pytest.mark.parametrize(
    "case",
    [SENT, ACTIVE, after(END, found=ACTIVE), SEALED, after(CLASS, RECORD, RESULT, found=ACTIVE)],
)
def test_a_document_reads_back(case: CareCase) -> None:
    assert DECIDER.from_doc(DECIDER.to_doc(case), storage.TABLE.shape) == case


def test_the_columns_of_a_case() -> None:
    columns = table.project(ACTIVE)
    assert columns.keys() == storage.TABLE.columns.keys()
    assert (columns["unit"], columns["sent_by"]) == ("north", "qian")
    assert columns["care_workers"] == ("li",)
    assert columns["service_ids"] == (NEED,)
    assert columns["due_time"] == NOW + timedelta(days=7)


@pytest.mark.parametrize(
    ("case", "overdue", "followed_up"),
    [
        (SENT, False, False),
        (after(Lapse(), found=SENT, now=NOW + 10 * DAY), True, False),
        (RECEIVED, False, False),
        (ACTIVE, False, True),
        (after(CLASS, found=RECEIVED), False, True),
        (MIGRANT, False, False),
        (after(Lapse(), found=ACTIVE, now=NOW + 7 * DAY), True, True),
        (after(Lapse(), RECORD, found=ACTIVE, now=NOW + 7 * DAY), False, True),
        (after(Lapse(), END, found=ACTIVE, now=NOW + 7 * DAY), False, True),
    ],
)
def test_what_is_overdue_and_what_is_followed_up(
    case: CareCase, overdue: bool, followed_up: bool
) -> None:
    columns = table.project(case)
    assert (columns["overdue"], columns["followed_up"]) == (overdue, followed_up)
