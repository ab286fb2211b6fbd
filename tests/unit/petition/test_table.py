"""The petition's row: what is projected from its document, and how older documents are read."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from backbone.words.errors import Unavailable
from backbone.words.followed import Followed
from backbone.words.place import Place
from services.petition.petition.record import (
    Acceptance,
    Channel,
    Dismissal,
    Ending,
    Filing,
    Handling,
    Kind,
    LawfulChannel,
    Petition,
    Petitioner,
    Progress,
    State,
)
from services.petition.petition.table import COLUMNS, project
from services.petition.wiring import build_decider
from tests.cities import a_city

PETITIONS = build_decider(a_city)


def at(hour: int) -> datetime:
    return datetime(2026, 1, 1, hour, tzinfo=UTC)


# Row of 0.1.0 as `to_json` gives it, written by hand.
FLAT: dict[str, Any] = {
    "id": "00000000-0000-0000-0000-000000000007",
    "code": "990101260101-100001-0",
    "version": 9,
    "time": "2026-01-01T17:00:00+08:00",
    "state": "CLOSED",
    "desk": "command",
    "area": "990101001",
    "register_time": "2026-01-01T01:00:00+00:00",
    "filing": {
        "channel": "LETTER",
        "subject": "路灯不亮",
        "text": "门前的路灯坏了三个月",
        "petitioners": [{"name": "v1.sealed", "contact": "", "id_number": ""}],
        "head_count": 1,
        "place": {"text": "gate", "point": None, "area": "990101001"},
        "category": "theft",
        "priority": "P3",
        "against": "",
        "against_unit": "south",
        "petitioner_indexes": ["0f"],
    },
    "units": ["command", "north"],
    "kind": "CLAIM",
    "lawful_channel": "PETITION",
    "accept_time": "2026-01-01T02:00:00+00:00",
    "reason": "",
    "told_where": "",
    "to_unit": "north",
    "incident": {
        "version": 7,
        "state": "RESOLVED",
        "unit": "north",
        "holder": "li",
        "outcome": "SOLVED",
        "reply": "已修",
    },
    "progress": [
        {"time": "2026-01-01T03:00:00+00:00", "unit": "north", "text": "已到货", "public": True}
    ],
    "reply": "已修",
    "reply_time": "2026-01-01T08:00:00+00:00",
    "close_time": "2026-01-01T09:00:00+00:00",
}
COMPOSED = Petition(
    id=UUID(int=7),
    code="990101260101-100001-0",
    version=9,
    time=at(9),
    state=State.CLOSED,
    desk="command",
    area="990101001",
    register_time=at(1),
    filing=Filing(
        channel=Channel.LETTER,
        subject="路灯不亮",
        text="门前的路灯坏了三个月",
        petitioners=(Petitioner("v1.sealed"),),
        head_count=1,
        place=Place("gate", area="990101001"),
        category="theft",
        priority="P3",
        against="",
        against_unit="south",
        petitioner_indexes=("0f",),
    ),
    units=("command", "north"),
    acceptance=Acceptance(Kind.CLAIM, LawfulChannel.PETITION, at(2)),
    handling=Handling(
        to_unit="north",
        incident=Followed(7, "RESOLVED", "north", "li", "SOLVED", "已修"),
        progress=(Progress(at(3), "north", "已到货", public=True),),
    ),
    ending=Ending("已修", at(8), at(9)),
)
DECLINED = {
    **FLAT,
    **dict.fromkeys(("kind", "lawful_channel", "accept_time", "incident"), None),
    "state": "DECLINED",
    "reason": "不属于信访事项",
    "told_where": "法院",
    "to_unit": "",
    "progress": [],
    "reply": "",
    "reply_time": None,
    "close_time": None,
}


def test_a_flat_document_is_read_as_a_composed_record() -> None:
    assert PETITIONS.from_doc(msgspec.json.encode(FLAT), 1) == COMPOSED
    declined = PETITIONS.from_doc(msgspec.json.encode(DECLINED), 1)
    assert declined.dismissal == Dismissal("不属于信访事项", "法院")
    assert (declined.acceptance, declined.handling, declined.ending) == (None, Handling(), None)


def test_a_document_of_today_is_read_back_and_a_newer_one_refused() -> None:
    doc = PETITIONS.to_doc(COMPOSED)
    assert PETITIONS.from_doc(doc, 3) == COMPOSED
    with pytest.raises(Unavailable, match="NEWER_SHAPE"):
        PETITIONS.from_doc(doc, PETITIONS.table.shape + 1)


def test_the_columns_say_who_may_know_of_it() -> None:
    columns = project(COMPOSED)
    assert columns.keys() == COLUMNS.keys()
    assert (columns["accused"], columns["watched_area"]) == ("", "990101001")
    accusation = msgspec.structs.replace(
        COMPOSED, acceptance=Acceptance(Kind.ACCUSATION, None, at(2)), units=("command", "south")
    )
    columns = project(accusation)
    assert (columns["accused"], columns["watched_area"]) == ("south", "")
    assert columns["audience"] == ("command",)
