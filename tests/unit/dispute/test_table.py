"""The dispute's row: what is projected from its document, and how older documents are read."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from backbone.words.errors import Unavailable
from backbone.words.followed import Followed
from backbone.words.matter_code import Intake, mint
from services.dispute.dispute.record import (
    Acceptance,
    Agreement,
    Dispute,
    Ending,
    Filing,
    Kind,
    Mediation,
    Origin,
    Party,
    Proceedings,
    Routing,
    Session,
    Side,
    Source,
    State,
    facts_of,
)
from services.dispute.dispute.registration import DisputeRegistered
from services.dispute.dispute.table import COLUMNS, project
from services.dispute.wiring import build_decider
from tests.cities import a_city

DISPUTES = build_decider(a_city)


def at(hour: int) -> datetime:
    return datetime(2026, 1, 1, hour, tzinfo=UTC)


# Row of 0.1.0 as `to_json` gives it, written by hand.
FLAT: dict[str, Any] = {
    "id": "00000000-0000-0000-0000-000000000007",
    "code": "990101260101-200001-0",
    "version": 8,
    "time": "2026-01-01T17:00:00+08:00",
    "state": "CLOSED",
    "desk": "command",
    "area": "990101001",
    "register_time": "2026-01-01T01:00:00+00:00",
    "filing": {
        "kind": "NEIGHBOURS",
        "source": "ALARM",
        "level": 3,
        "violence": False,
        "subject": "楼上漏水",
        "text": "楼上漏水泡了我家天花板",
        "parties": [{"side": "APPLICANT", "name": "v1.sealed", "contact": ""}],
        "place": None,
        "category": "dispute.neighbour",
        "priority": "P3",
        "origin": {"id": "x", "code": "y"},
    },
    "units": ["command", "north"],
    "mediation": "PEOPLE",
    "accept_time": "2026-01-01T02:00:00+00:00",
    "to_unit": "north",
    "incident": {
        "version": 4,
        "state": "CLAIMED",
        "unit": "north",
        "holder": "li",
        "outcome": "",
        "reply": "",
    },
    "sessions": [
        {"time": "2026-01-01T03:00:00+00:00", "mediator": "li", "unit": "north", "text": "到场"}
    ],
    "agreement": {
        "oral": True,
        "document": "",
        "facts": "",
        "liability": "",
        "terms": "三日内修好",
        "performance": "",
        "performance_due_time": None,
    },
    "reason": "",
    "told_where": "",
    "end_time": "2026-01-01T08:00:00+00:00",
    "close_time": "2026-01-01T09:00:00+00:00",
}
COMPOSED = Dispute(
    id=UUID(int=7),
    code="990101260101-200001-0",
    version=8,
    time=at(9),
    state=State.CLOSED,
    desk="command",
    area="990101001",
    register_time=at(1),
    filing=Filing(
        kind=Kind.NEIGHBOURS,
        source=Source.ALARM,
        level=3,
        violence=False,
        subject="楼上漏水",
        text="楼上漏水泡了我家天花板",
        parties=(Party(Side.APPLICANT, "v1.sealed"),),
        place=None,
        category="dispute.neighbour",
        priority="P3",
        origin=Origin("x", "y"),
    ),
    units=("command", "north"),
    acceptance=Acceptance(Mediation.PEOPLE, at(2)),
    routing=Routing("north", Followed(4, "CLAIMED", "north", "li")),
    proceedings=Proceedings(
        sessions=(Session(at(3), "li", "north", "到场"),),
        agreement=Agreement(oral=True, terms="三日内修好"),
    ),
    ending=Ending(at(8), close_time=at(9)),
)
REFUSED = {
    **FLAT,
    **dict.fromkeys(("mediation", "accept_time", "incident", "agreement", "close_time"), None),
    "state": "REFUSED",
    "to_unit": "",
    "sessions": [],
    "reason": "已经起诉",
    "told_where": "人民法院",
}


def test_a_flat_document_is_read_as_a_composed_record() -> None:
    assert DISPUTES.from_doc(msgspec.json.encode(FLAT), 1) == COMPOSED
    refused = DISPUTES.from_doc(msgspec.json.encode(REFUSED), 1)
    assert refused.ending == Ending(at(8), "已经起诉", "人民法院")
    assert (refused.acceptance, refused.routing) == (None, Routing())
    assert refused.proceedings == Proceedings()


def test_a_document_of_before_that_came_from_a_petition_says_so() -> None:
    """Whatever the desk said: the code of the record that it came from tells."""
    code = mint("990101001", at(1).date(), Intake.PETITION, 7)
    came = {**FLAT["filing"], "origin": {"id": "x", "code": code}}
    flat = DISPUTES.from_doc(msgspec.json.encode({**FLAT, "filing": came}), 1)
    filing = replace(COMPOSED.filing, origin=Origin("x", code))
    registered = DisputeRegistered(at(1), COMPOSED.id, "c", "command", "990101", filing)
    folded = DISPUTES.evolve(None, registered)
    composed = DISPUTES.from_doc(DISPUTES.to_doc(replace(COMPOSED, filing=filing)), 4)
    for each in (flat, composed, folded):
        assert each.filing == replace(filing, source=Source.PETITION)
        assert facts_of(each).source == "DISPUTE/PETITION"
        assert project(each)["source"] == "PETITION"


def test_a_document_of_today_is_read_back_and_a_newer_one_refused() -> None:
    doc = DISPUTES.to_doc(COMPOSED)
    assert DISPUTES.from_doc(doc, 2) == COMPOSED
    with pytest.raises(Unavailable, match="NEWER_SHAPE"):
        DISPUTES.from_doc(doc, DISPUTES.table.shape + 1)


def test_every_column_is_projected() -> None:
    columns = project(COMPOSED)
    assert columns.keys() == COLUMNS.keys()
    assert (columns["kind"], columns["source"], columns["level"]) == ("NEIGHBOURS", "ALARM", 3)
    assert (columns["units"], columns["violence"]) == (("command", "north"), False)
