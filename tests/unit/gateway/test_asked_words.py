"""Codes that a person reads have their words beside them, in the language that was asked for."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from backbone.words.policy import Route
from liandong.emergency.v1 import emergency_pb2 as resources
from services.emergency.accusing import ELSEWHERE
from services.gateway.contract.naming import ASKED, Names
from services.gateway.contract.writing import Writer
from services.gateway.http.routed import SENTENCES, say_route
from services.workflow.incident import routing
from tests.cities import a_city
from tests.incidents import OFFERED, changed


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    before = ASKED.set(request.param)
    yield request.param
    ASKED.reset(before)


@pytest.mark.parametrize(
    ("reason", "zh", "en"),
    [
        ("HOAX", "谎报", "Hoax"),
        ("DUPLICATE", "重复", "Duplicate"),
        (ELSEWHERE, "指挥中心另有安排", "Arranged otherwise"),
        ("派错队伍", None, None),
        ("", None, None),
    ],
)
def test_a_recall_says_its_reason_in_words(
    language: str, reason: str, zh: str | None, en: str | None
) -> None:
    write = Writer(resources.Recall.DESCRIPTOR, Names())
    answer = write(resources.Recall(reason=reason))
    assert (answer["reason"], answer["reason_name"]) == (reason, zh if language == "zh" else en)


ROUTES = (
    Route(code="danger", title="险情", target="NEXT"),
    Route(code="fire", title="火灾", target="UNIT", unit="north", categories=("fire",)),
    Route(code="box", title="警务室", target="UNIT_KIND", unit_kind="police_box"),
    Route(code="competent", title="主管", target="UNIT_KIND", unit_kind="police"),
    Route(code="triage", title="分流", target="TRIAGE"),
)


def steps(**matter: Any) -> list[dict[str, Any]]:
    city = a_city()
    assert city.policy is not None
    city = replace(city, policy=replace(city.policy, routes=ROUTES))
    explained = routing.explain(changed(OFFERED, **matter), city)
    return [
        {"rule": s.rule, "title": s.title, "result": s.result, "unit": s.unit, "unit_name": None}
        for s in explained.steps
    ]


def test_the_steps_of_a_route_are_sentences(language: str) -> None:
    answer = {"steps": steps(category="theft")}
    say_route(answer, language)
    said = [step["sentence"] for step in answer["steps"]]
    assert [step["result"] for step in answer["steps"]] == ["NEXT", "NO_MATCH", "NO_UNIT", "UNIT"]
    if language == "zh":
        assert said[0] == "适用规则“险情”，并继续看下一条。"
        assert said[3] == "按规则“主管”由north承办。"
    else:
        assert said[3] == "By the rule competent it goes to north."


def test_an_accused_unit_ends_the_way() -> None:
    found = steps(category="fire", against="north")
    assert [step["result"] for step in found] == ["NOT_FOR_ACCUSATIONS", "ACCUSED"]


def test_a_step_of_a_newer_service_shows_its_rule() -> None:
    answer = {"steps": [{"rule": "r", "title": "", "result": "NEW", "unit": "", "unit_name": None}]}
    say_route(answer, "zh")
    assert answer["steps"][0]["sentence"] == "r"


def test_each_result_has_its_sentence_in_both_languages() -> None:
    assert all(line.keys() == {"zh", "en"} for line in SENTENCES.values())
