"""Danger in traditional characters is heard like that in simplified ones, and what is none too."""

import random

import pytest

from backbone.words.danger import Listener
from backbone.words.phrases import plain
from backbone.words.traditional import SIMPLIFIED
from services.alarm.receipt.suggestions import Keywords, categories
from tests.narratives import demo_dangers, narratives

LISTENER = Listener(demo_dangers())
TRADITIONAL = {ord(simple): chr(code) for code, simple in reversed(SIMPLIFIED.items())}


@pytest.mark.parametrize(
    ("narrative", "category"),
    [
        ("有人跳樓", "rescue.suicide"),
        ("廚房煤氣洩漏", "hazard.gas"),
        ("有人攔路搶劫", "robbery"),
        ("地鐵著火了", "fire"),
        ("她喝了農藥", ""),
        ("我被人綁架了", ""),
        ("小孩掉進河裏", ""),
        ("有人跳娄", "rescue.suicide"),
        ("佢飲咗農藥", ""),
        ("有人喺海度遇溺", "rescue.water"),
        ("阿婆暈低咗", ""),
        ("老汉儿把妈捅了", "violence.weapon"),
    ],
)
def test_a_danger_in_traditional_characters(narrative: str, category: str) -> None:
    signs = LISTENER.signs(narrative)
    assert signs and signs[0].priority == "P1"
    assert signs[0].category.startswith(category)


@pytest.mark.parametrize(
    "narrative",
    [
        "新聞裏說地鐵著火",
        "沒有人受傷,也沒著火",
        "昨晚夢見有人砍人",
        "跳樓價大甩賣",
        "歌里唱自杀",
        "他说笑的，没人要跳楼",
        "撬门的师傅收费太贵",
        "门锁坏了请开锁的撬门",
        "钥匙丢了，叫人撬门收我三百",
        "学校发了防溺水通知",
        "举报有人卖刀具",
    ],
)
def test_what_is_none(narrative: str) -> None:
    assert LISTENER.signs(narrative) == ()


@pytest.mark.parametrize(
    "narrative",
    [
        "有人撬门，我在家里",
        "两个男的在撬隔壁的门",
        "我一个人在家，外面有人撬锁",
        "他唱着歌就跳楼了",
        "他说要跳楼，不是开玩笑",
        "我举报邻居拿刀砍人",
        "举报卖菜的拿刀砍人",
        "防溺水宣传牌边上有人落水了",
    ],
)
def test_and_what_stays_one(narrative: str) -> None:
    assert LISTENER.signs(narrative)


def test_both_scripts_say_the_same() -> None:
    every = [*narratives("kinds"), *narratives("open")]
    for each in random.Random(1).sample(every, 150):
        other = each.text.translate(TRADITIONAL)
        assert plain(other) == plain(each.text)
        heard, same = LISTENER.signs(each.text), LISTENER.signs(other)
        assert [one.category for one in heard] == [one.category for one in same]


def test_ordinary_classes_are_suggested_from_both() -> None:
    theft = Keywords("theft", "盗窃", ("电动车被偷", "ATM"), ())
    for narrative in ("電動車被偷", "电 动 车 被 偷", "在ＡＴＭ上"):
        assert [one.category for one in categories(narrative, [theft])] == ["theft"]
