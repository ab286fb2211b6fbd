"""Names stand beside codes, and sentences say names and terms instead of codes."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from pydantic_core import SchemaValidator, core_schema

from backbone.directory.entries import message_of
from backbone.words.areas import Level
from backbone.words.city import Area, Person, Team
from backbone.words.roles import EVERYONE
from liandong.emergency.v1.emergency_pb2 import RecommendedTeam, Told
from liandong.incident.v1.incident_pb2 import HandOff, Incident, Progress
from services.gateway.contract.naming import ASKED, TERMS, Names
from services.gateway.contract.writing import Writer
from services.gateway.http.incoming import parse_body
from services.gateway.http.problems import FILE, Problem, Reasons, collection_of
from services.gateway.http.tracked import say_terms
from services.workflow.incident.closing import VoidReason
from tests.desks import a_desk_city

STATION = "990101001-police"
DESKS = a_desk_city()
UNIT = replace(next(iter(DESKS.units.values())), code=STATION, name="青山镇派出所")
TEAM = Team("fire-1", "特勤消防队", STATION, UNIT.area, (), "lee", ("lee",))
CITY = replace(DESKS, units={STATION: UNIT}, teams={TEAM.code: TEAM})


@pytest.fixture
def names() -> Names:
    names = Names()
    names.learn(CITY)
    return names


def test_an_answer_carries_the_names_of_its_codes(names: Names) -> None:
    category = next(iter(CITY.categories.values()))
    incident = Incident(
        unit=UNIT.code,
        holder="key-of-a-system/王警官",
        category=category.code,
        hand_off=HandOff(from_unit=UNIT.code, to_unit="nowhere"),
    )
    answer = Writer(Incident.DESCRIPTOR, names)(incident)
    assert answer["unit_name"] == UNIT.name
    assert answer["holder_name"] == "王警官"
    assert answer["category_name"] == category.name
    assert answer["hand_off"]["from_unit_name"] == UNIT.name
    assert answer["hand_off"]["to_unit_name"] is None
    assert answer["desk_name"] is None


def test_a_person_is_named_by_the_city_or_else_by_the_account(names: Names) -> None:
    names.learn_accounts({"dispatcher9": "周某", "sun": "another name", "he": ""})
    assert names.of("person", "dispatcher9") == "周某"
    assert names.in_words("by", "dispatcher9", "zh") == "周某"
    assert names.of("person", "dispatcher9>lu") == "周某（代lu）"
    assert names.of("person", "he") is None
    names.learn_accounts({"dispatcher9": "周某某"})
    person = Person("dispatcher9", "周调度", STATION, ("dispatcher",), "", False)
    names.learn(replace(CITY, people={person.user: person}))
    assert names.of("person", "dispatcher9") == "周调度", "the pack goes first"


def test_a_system_that_names_nobody_is_named_by_its_unit_or_team(names: Names) -> None:
    keys = {"sync": (STATION, ""), "sync-fire": (STATION, "fire-1"), "gone": ("nowhere", "")}
    names.learn_keys(keys)
    said = {
        STATION: ("青山镇派出所的接口", "the interface of 青山镇派出所"),
        "sync": ("青山镇派出所的接口", "the interface of 青山镇派出所"),
        "sync-fire": ("特勤消防队的接口", "the interface of 特勤消防队"),
        "gone": (None, None),
        "sync/王警官": ("王警官", "王警官"),
        "fire-1": (TEAM.name, TEAM.name),
    }
    for language, at in (("zh", 0), ("en", 1)):
        token = ASKED.set(language)
        found = {code: names.of("person", code) for code in said}
        ASKED.reset(token)
        assert found == {code: each[at] for code, each in said.items()}
    claimed = {"holder": STATION, "time": "2026-01-01T08:00:00Z"}
    sentence = Reasons(names).say("detail", "ALREADY_CLAIMED", 409, "zh", claimed)
    assert "青山镇派出所的接口" in sentence and "某人员" not in sentence


def test_kinds_of_units_and_skills_have_terms_in_both_languages() -> None:
    head = replace(
        CITY.head, unit_kinds={UNIT.kind: "指挥中心"}, skills={"hazmat": "危险化学品处置"}
    )
    names = Names()
    team = replace(TEAM, skills=("hazmat", "new_skill"))
    names.learn(replace(CITY, head=head, teams={team.code: team}))
    messages = (message_of(UNIT), message_of(team), RecommendedTeam(skills=team.skills))
    for language, kind, skill in (
        ("zh", "指挥中心", "危险化学品处置"),
        ("en", "Command", "Hazmat"),
    ):
        token = ASKED.set(language)
        unit, one, recommended = (Writer(m.DESCRIPTOR, names)(m) for m in messages)
        ASKED.reset(token)
        assert unit["kind_name"] == kind
        assert one["skill_names"][0] == recommended["skill_names"][0] == skill
    said = Reasons(names).say(
        "detail", "UNKNOWN_VALUE", 422, "zh", {"field": "kind", "expected": UNIT.kind}, "units"
    )
    assert f"指挥中心（{UNIT.kind}）" in said
    assert names.of("skill", "new_skill") is None, "a pack that does not say it"


def test_why_a_team_is_not_ready_is_said_in_the_language_of_the_reader(names: Names) -> None:
    message = RecommendedTeam(team=TEAM.code, unready="NOT_STAFFED", on_duty=0)
    for language, said in (("zh", "无人在岗"), ("en", "Not staffed")):
        token = ASKED.set(language)
        answer = Writer(RecommendedTeam.DESCRIPTOR, names)(message)
        ASKED.reset(token)
        assert (answer["unready"], answer["unready_name"], answer["on_duty"]) == (
            "NOT_STAFFED",
            said,
            0,
        )


def test_an_area_without_a_name_has_that_of_the_nearest_above_it() -> None:
    names = Names()
    town = Area("990101001", "青山镇", Level.TOWNSHIP)
    names.learn(replace(CITY, areas={town.code: town}, grids={}))
    for below in ("990101001", "990101001002", "990101001002003"):
        assert names.of("area", below) == "青山镇"
    assert names.of("area", "990102001") is None
    assert names.of("area", "no area") is None


def test_a_list_of_codes_is_followed_by_as_many_names(names: Names) -> None:
    told = Told(who="DEPUTY", unit=UNIT.code, users=["key-of-a-system/王警官", "unknown"])
    answer = Writer(Told.DESCRIPTOR, names)(told)
    assert (answer["unit_name"], answer["user_names"]) == (UNIT.name, ["王警官", None])


def test_a_step_of_a_team_names_the_team_and_counts_in_whole_numbers(names: Names) -> None:
    step = Progress(kind="TeamOnScene", actor="fire-1")
    step.facts.update({"number": 2, "team": "fire-1", "share": 0.5, "each": [{"count": 3}]})
    answer = Writer(Progress.DESCRIPTOR, names)(step)
    assert answer["actor_name"] == answer["facts"]["team_name"] == TEAM.name
    assert json.dumps(answer["facts"]["number"]) == "2"
    assert json.dumps(answer["facts"]["each"]) == '[{"count": 3}]'
    assert answer["facts"]["share"] == 0.5


def test_facts_carry_names_however_deep(names: Names) -> None:
    facts = {"to_unit": UNIT.code, "routing": {"unit": UNIT.code, "rule": "r"}, "holder": "x"}
    assert names.beside(facts) == {
        "to_unit": UNIT.code,
        "to_unit_name": UNIT.name,
        "routing": {"unit": UNIT.code, "unit_name": UNIT.name, "rule": "r"},
        "holder": "x",
    }


@pytest.mark.parametrize(
    ("reason", "facts", "said", "unsaid"),
    [
        ("ALREADY_CLAIMED", {"holder": "key/王警官"}, "王警官", "key"),
        ("INVALID_TRANSITION", {"state": "OFFERED"}, "待认领", "OFFERED"),
        ("ROLE_MAY_NOT", {"role": "clerk"}, "单位经办", "clerk"),
        ("UNKNOWN_UNIT", {"unit": UNIT.code}, UNIT.name, UNIT.code),
    ],
)
def test_a_sentence_says_names(
    names: Names, reason: str, facts: dict[str, Any], said: str, unsaid: str
) -> None:
    sentence = Reasons(names).say("detail", reason, 409, "zh", facts)
    assert said in sentence
    assert unsaid not in sentence


def test_every_role_has_its_term() -> None:
    assert set(TERMS["role"]) >= EVERYONE


@pytest.mark.parametrize(
    ("reason", "facts", "said"),
    [
        ("ALREADY_ENDED", {"outcome": "OPENED"}, "处置方式：立为事件"),
        ("PROGRAMME_HAS_NO_CLASS", {"programme": "MIGRANT_SERVICE"}, "项目：流动人口服务"),
        ("ONLY_CLAIMS_HAVE_CHANNELS", {"kind": "ADVICE"}, "种类：建议意见"),
        ("REWORK_DUE", {"solved": "NO"}, "结论是“未解决”"),
        ("INCIDENT_OVER", {"incident": "x", "state": "MERGED"}, "状态：已并案"),
        ("NEWER_SHAPE", {"table": "receipts", "shape": 7}, "记录类型：接警单"),
        ("OBJECTION_WINDOW_OVER", {"due": "2026-11-29T00:00:00+00:00"}, "2026-11-29 08:00:00"),
        ("LADDER_STOPPED", {"by": "x", "reason": "TEST"}, "理由：TEST"),
        (
            "UNKNOWN_VALUE",
            {"field": "report.invalid_reason", "expected": "HOAX, TEST"},
            "谎报（HOAX）、测试（TEST）",
        ),
        (
            "UNKNOWN_VALUE",
            {"field": "state[0]", "expected": "OFFERED, CLOSED"},
            "待认领（OFFERED）、已归档（CLOSED）",
        ),
        ("UNKNOWN_VALUE", {"field": "id", "expected": "UUID"}, "只能取：UUID。"),
        ("WRONG_TYPE", {"field": "caller", "expected": "object"}, "应为对象"),
        (
            "UNKNOWN_VOID_REASON",
            {"field": "reason", "given": "BORED", "expected": ", ".join(VoidReason)},
            "谎报（HOAX）、测试（TEST）、误拨（WRONG_NUMBER）、重复（DUPLICATE）（现填：BORED）。",
        ),
    ],
)
def test_a_sentence_says_terms(names: Names, reason: str, facts: dict[str, Any], said: str) -> None:
    sentence = Reasons(names).say("detail", reason, 422, "zh", facts)
    assert said in sentence


def test_an_english_sentence_says_codes(names: Names) -> None:
    facts = {"field": "reason", "expected": "HOAX, TEST"}
    sentence = Reasons(names).say("detail", "UNKNOWN_VALUE", 422, "en", facts)
    assert sentence.endswith("one of: HOAX, TEST.")


def test_no_sentence_calls_a_name_a_code() -> None:
    """Facts that are shown by name or term are not announced as codes."""
    assert not re.findall(r"(?:单位|状态|角色|种类|项目|接警台|步骤)代码", FILE.read_text("utf-8"))


@pytest.mark.parametrize(
    ("path", "state", "term"),
    [
        ("/v1/supervisions/x:answer", "ACCEPTED", "已认可"),
        ("/v1/disputes/x:accept", "ACCEPTED", "已受理"),
        ("/v1/disputes/x:accept", "REFUSED", "不予受理"),
        ("/v1/petitions/x:close", "CLOSED", "已办结"),
        ("/v1/incidents/x:close", "CLOSED", "已归档"),
        ("/v1/supervisions", "ENDED", "已终止"),
        ("/v1/inbox/supervisions", "ENDED", "已终止"),
        ("/v1/inbox/supervisions", "ACCEPTED", "已认可"),
        ("/v1/receipts/x", "ENDED", "已了结"),
    ],
)
def test_a_state_has_the_term_of_its_record(names: Names, path: str, state: str, term: str) -> None:
    facts = {"command": "x", "state": state}
    of = collection_of(path)
    assert term in Reasons(names).say("detail", "INVALID_TRANSITION", 409, "zh", facts, of)


@pytest.mark.parametrize(
    ("body", "line", "column", "flaw", "member"),
    [
        (b'{"text": ', "1", "9", "内容提前结束", "text"),
        (b'{"a": 1,\n "b": [1 2]}', "2", "10", "列表中缺少逗号或右方括号", "b"),
        (b'{"a": 1, }', "1", "10", "多了一个逗号", "a"),
        (b'{"a": 1} x', "1", "10", "内容之后还有多余的字符", "a"),
        (b"{a: 1}", "1", "2", "成员名须用双引号括起", "—"),
        (b'{"a" 1}', "1", "6", "缺少冒号", "—"),
        (b'{"a": tru}', "1", "10", "缺少值", "a"),
        (b"", "1", "0", "内容提前结束", "—"),
    ],
)
def test_broken_json_is_told_with_its_place(
    names: Names, body: bytes, line: str, column: str, flaw: str, member: str
) -> None:
    reader = SchemaValidator(core_schema.dict_schema())
    with pytest.raises(Problem) as caught:
        parse_body(reader, body)
    said = Reasons(names).say("detail", "MALFORMED_JSON", 400, "zh", caught.value.facts)
    place = f"第 {line} 行第 {column} 列{flaw}（附近的字段：{member}）"
    assert place in said, said


def test_a_citizen_reads_no_codes() -> None:
    page = {"state": "CLOSED", "kind": "CLAIM", "lawful_channel": None}
    said = {**page}
    say_terms(said, "zh")
    assert [said[f"{name}_name"] for name in page] == ["已办结", "申诉求决", ""]
    say_terms(said, "en")
    assert [said[f"{name}_name"] for name in page] == ["Closed", "Claim", ""]


def test_names_stand_beside_codes_in_lists_of_facts_too(names: Names) -> None:
    facts = names.beside({"addressed": [{"incident": "7", "unit": STATION}], "incidents": ["7"]})
    assert facts["addressed"] == [{"incident": "7", "unit": STATION, "unit_name": UNIT.name}]
    assert facts["incidents"] == ["7"]


def test_the_person_of_a_system_is_named_whole(names: Names) -> None:
    assert names.of("person", "station/李某/夜班") == "李某/夜班"
