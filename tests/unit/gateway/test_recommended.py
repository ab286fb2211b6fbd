"""What speaks for and against a recommended team, in the language of the request."""

from typing import Any

import pytest

from liandong.alarm.v1.alarm_pb2 import RepeatSuggestion
from liandong.emergency.v1.emergency_pb2 import NextTeam, RecommendedTeam
from services.gateway.contract.naming import ASKED, Names
from services.gateway.contract.recommended import SENTENCES
from services.gateway.contract.writing import Writer

UNHEARD = ("手上没有任务", "终端不在线")
HERE = {"duty": "AVAILABLE", "connected": True, "metres": 1240}


def said(language: str, **parts: Any) -> list[str]:
    token = ASKED.set(language)
    try:
        answer = Writer(RecommendedTeam.DESCRIPTOR, Names())(RecommendedTeam(**parts))
    finally:
        ASKED.reset(token)
    reasons: list[str] = answer["reasons"]
    return reasons


def test_a_team_comes_with_its_reasons_in_both_languages() -> None:
    assert said("zh", **HERE, open_missions=2) == [
        "专长对口", "距驻区中心约 1.2 公里", "待命", "手上 2 起任务", "终端在线",
    ]  # fmt: skip
    english = said("en", **HERE, open_missions=1)
    assert english[1:4] == [
        "About 1.2 km from the middle of its area", "Available", "1 mission in hand",
    ]  # fmt: skip
    assert all(each.isascii() for each in english)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"duty": "AVAILABLE"}, ["待命", *UNHEARD]),
        (
            {"duty": "AVAILABLE", "unready": "NOT_STAFFED"},
            ["无人在岗", "手上没有任务", "终端不在线"],
        ),
        ({"duty": "RESTING", "unready": "RESTING"}, ["休整", *UNHEARD]),
        ({"duty": "OUT_OF_SERVICE"}, ["停勤", *UNHEARD]),
        ({}, ["状态未知"]),
        ({"duty": "OF_A_NEWER_RELEASE"}, ["状态未知", *UNHEARD]),
    ],
)
def test_what_speaks_against_it_is_said(parts: dict[str, Any], words: list[str]) -> None:
    assert said("zh", **parts) == ["专长对口", *words]


def named(language: str, message: Any) -> list[str | None]:
    token = ASKED.set(language)
    try:
        answer = Writer(message.DESCRIPTOR, Names())(message)
    finally:
        ASKED.reset(token)
    assert answer["reasons"] == list(message.reasons), "the codes stay"
    names: list[str | None] = answer["reason_names"]
    return names


def test_codes_of_reasons_have_their_words_beside_them() -> None:
    """Those of every reason that the services give."""
    codes = ("WANTED_SKILL", "SAME_SKILL", "SAME_AREA", "NEAR", "FREE", "CONNECTED", "NEWER")
    team = NextTeam(team="t", reasons=codes)
    assert named("zh", team) == [
        "专长对口", "与未应答队伍专长相同", "同一辖区", "辖区相邻", "手上没有任务", "终端在线",
        None,
    ]  # fmt: skip
    assert named("en", team)[:2] == [
        "It has the skill that is asked for", "It has a skill of the silent team",
    ]  # fmt: skip
    told = (
        *("SAME_NUMBER", "SAME_LINE", "SAME_PLACE 100%", "NEAR 120 m", "SAME_CLASS"),
        *("SIMILAR_WORDS 80%", "RECENT 3 min"),
    )
    repeat = RepeatSuggestion(receipt="r", reasons=told)
    assert named("zh", repeat) == [
        "号码相同", "同一线路", "地址相符 100%", "相距约 120 米", "类别相同", "内容相似 80%",
        "相隔 3 分钟",
    ]  # fmt: skip
    assert all(each and each.isascii() for each in named("en", repeat))


def test_every_sentence_stands_in_both_languages() -> None:
    assert {frozenset(each) for each in SENTENCES.values()} == {frozenset({"zh", "en"})}
