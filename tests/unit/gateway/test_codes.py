"""Codes in full width: in bodies, queries and paths, for every field that holds one."""

import orjson
import pytest

from backbone.rpc.rules import require_rules
from backbone.words.errors import InvalidArgument
from services.gateway.contract.codes import as_code, holds_codes
from services.gateway.contract.naming import Names
from services.gateway.contract.plan import Plan, plan_of
from services.gateway.http.incoming import parse_body, parse_texts
from services.gateway.routes import AREAS
from tests.cities import a_city

PLANS = {
    f"{route.method} {route.path}": plan_of(area, route) for area in AREAS for route in area.routes
}
RECEIVE = PLANS["POST /v1/receipts"]
WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


def wide(text: str) -> str:
    return text.translate(WIDE)


def received(body: object) -> object:
    assert RECEIVE.read_body is not None
    request = RECEIVE.request(**parse_body(RECEIVE.read_body, orjson.dumps(body)))
    require_rules(request)
    return request


def test_a_call_in_full_width_is_the_same_call() -> None:
    plain = {
        "kind": "CALL",
        "place": {"text": "长风路", "area": "990101"},
        "category": "traffic.accident",
        "priority": "P2",
        "against": "990101-police",
    }
    wider = {
        **plain,
        "place": {"text": "长风路", "area": wide("990101")},
        **{name: wide(str(plain[name])) for name in ("category", "priority", "against")},
    }
    assert received(wider) == received(plain)
    spaced = {**plain, "place": {"text": "长风路", "area": "\u3000９９0101\u3000"}}
    assert received(spaced) == received(plain)


def test_words_stay_as_they_were_written() -> None:
    said = {"kind": "CALL", "place": {"text": "１２号楼"}, "narrative": "３个人，电话１３８"}
    request = parse_body(RECEIVE.read_body, orjson.dumps(said)) if RECEIVE.read_body else {}
    assert request["place"]["text"] == said["place"]["text"]  # type: ignore[index]
    assert request["narrative"] == said["narrative"]


@pytest.mark.parametrize("label", sorted(PLANS))
def test_every_code_of_a_query_or_path(label: str) -> None:
    plan: Plan = PLANS[label]
    message = plan.request.DESCRIPTOR
    for name, to in plan.query.items():
        field = message.fields_by_name.get(to)
        if field is None or not holds_codes(field) or name in plan.query_lists:
            continue
        for code in ("P1", "ALARM", "WAITING", "990101"):
            try:
                plain = parse_texts(plan.read_query, {name: code})
            except Exception:  # noqa: BLE001, S112  # not one of its codes
                continue
            assert parse_texts(plan.read_query, {name: wide(code)}) == plain, name
    for name in plan.path_fields:
        if holds_codes(message.fields_by_name[name]):
            assert parse_texts(plan.read_path, {name: wide("990101-a")}) == {name: "990101-a"}


def test_what_no_text_may_hold_is_refused_and_not_cut_out() -> None:
    assert as_code("９９\u202e0101") == "９９\u202e0101"
    with pytest.raises(InvalidArgument):
        received({"kind": "CALL", "place": {"area": "９９\u202e0101"}})
    with pytest.raises(InvalidArgument) as refused:
        received({"kind": "CALL", "place": {"area": "九九〇一〇一"}})
    assert [flaw.field for flaw in refused.value.flaws] == ["place.area"]


def test_a_filter_in_full_width_is_known_to_the_city() -> None:
    known = PLANS["GET /v1/receipts"].known
    names = Names()
    names.learn(a_city())
    assert known.flaws({"unit": wide("north")}, names) == []
    [flaw] = known.flaws({"unit": wide("nowhere")}, names)
    assert flaw.facts == {"unit": "nowhere"}
