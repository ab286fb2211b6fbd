"""Names stand beside codes, and sentences say names and terms instead of codes."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor

from backbone.words.city import Team
from backbone.words.roles import EVERYONE
from liandong.emergency.v1.emergency_pb2 import Told
from liandong.incident.v1.incident_pb2 import HandOff, Incident, Progress
from services.gateway.contract.fields import names_of
from services.gateway.contract.naming import TERMS, Names
from services.gateway.contract.plan import plan_of
from services.gateway.contract.writing import Parts, Writer
from services.gateway.http.problems import FILE, Reasons
from services.gateway.routes import AREAS
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
    answer = Writer(Incident.DESCRIPTOR, Parts(names))(incident)
    assert answer["unit_name"] == UNIT.name
    assert answer["holder_name"] == "王警官"
    assert answer["category_name"] == category.name
    assert answer["hand_off"]["from_unit_name"] == UNIT.name
    assert answer["hand_off"]["to_unit_name"] is None
    assert answer["desk_name"] is None


def test_a_list_of_codes_is_followed_by_as_many_names(names: Names) -> None:
    told = Told(who="DEPUTY", unit=UNIT.code, users=["key-of-a-system/王警官", "unknown"])
    answer = Writer(Told.DESCRIPTOR, Parts(names))(told)
    assert (answer["unit_name"], answer["user_names"]) == (UNIT.name, ["王警官", None])


def test_a_step_of_a_team_names_the_team_and_counts_in_whole_numbers(names: Names) -> None:
    step = Progress(kind="TeamOnScene", actor="fire-1")
    step.facts.update({"number": 2, "team": "fire-1", "share": 0.5, "each": [{"count": 3}]})
    answer = Writer(Progress.DESCRIPTOR, Parts(names))(step)
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


def test_every_state_duty_and_role_has_its_term() -> None:
    assert set(TERMS["role"]) >= EVERYONE
    missing = {
        f"{field.full_name} {name}"
        for message in _answers()
        for field in message.fields
        if field.enum_type is not None and field.name in ("state", "duty")
        for name in names_of(field.enum_type).values()
        if name not in TERMS[field.name]
    }
    assert not missing


def _answers() -> list[Any]:
    """Every message that an answer can hold."""
    found: dict[str, Any] = {}

    def add(message: Any) -> None:
        if message.full_name not in found:
            found[message.full_name] = message
            for field in message.fields:
                if field.type == FieldDescriptor.TYPE_MESSAGE:
                    add(field.message_type)

    for area in AREAS:
        for route in area.routes:
            add(plan_of(area, route).method.output_type)
    return list(found.values())


def test_no_sentence_calls_a_name_a_code() -> None:
    """Facts that are shown by name or term are not announced as codes."""
    assert not re.findall(r"(?:单位|状态|角色|种类)代码", FILE.read_text("utf-8"))
