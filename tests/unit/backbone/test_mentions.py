"""A known person is found in a text, however the name and the numbers are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.words.mentions import NAME, NUMBER, mentions, without

WHO, MOBILE, LANDLINE = "王小明", "13800001234", "0911-2345678"


@pytest.mark.parametrize(
    "typed",
    [
        "我是王小明，请来人",
        "我是王 小 明",
        "我是王\u3000小\u200b明",
        "我是王·小·明",
        "电话13800001234",
        "电话138 0000 1234",
        "电话138-0000-1234",
        "电话１３８００００１２３４",
        "电话+86 138 0000 1234",
        "电话(138)00001234",
        "电话一三八零零零零一二三四",
        "电话幺三八〇〇〇〇一二三四",
        "座机0911-2345678",
        "座机（0911）2345678",
        "座机2345678",
        "座机 234 5678",
    ],
)
def test_it_is_found_and_masked(typed: str) -> None:
    assert mentions(typed, [WHO], [MOBILE, LANDLINE])
    told = without(typed, [WHO], [MOBILE, LANDLINE])
    assert NAME in told or NUMBER in told
    assert not mentions(told, [WHO], [MOBILE, LANDLINE])


@pytest.mark.parametrize("given", ["+86 13800001234", "008613800001234", "138-0000-1234", MOBILE])
def test_the_form_in_which_the_number_is_known_does_not_matter(given: str) -> None:
    assert without("回拨13800001234。", [], [given]) == f"回拨{NUMBER}。"


def test_latin_names_are_found_in_any_case_and_width() -> None:
    assert without("find ＪＯＨＮ smith now", ["John Smith"], []) == f"find {NAME} now"


@pytest.mark.parametrize(
    ("text", "known", "numbers"),
    [
        ("两车相撞，有人受伤", [WHO], [MOBILE]),
        ("王家村小明超市", [WHO], []),
        ("王某报警", ["王"], []),
        ("长风路12号", [], ["12"]),
        ("", [WHO], [MOBILE]),
        ("王小明", ["", " "], [""]),
    ],
)
def test_others_stay(text: str, known: list[str], numbers: list[str]) -> None:
    assert not mentions(text, known, numbers)
    assert without(text, known, numbers) == text


FILLERS = st.text(alphabet=" \u3000\u200b\u2060-·.()（）", max_size=3)


@given(st.text(max_size=20), st.text(max_size=20), st.lists(FILLERS, min_size=20, max_size=20))
def test_whatever_stands_around_and_between(before: str, after: str, between: list[str]) -> None:
    def typed(secret: str) -> str:
        return "".join(sign + gap for sign, gap in zip(secret, between, strict=False))

    text = f"{before}{typed(WHO)}，{after}|{typed(MOBILE)}"
    told = without(text, [WHO], [MOBILE])
    assert not mentions(told, [WHO], [MOBILE])


def test_no_person_leaves_the_text_alone() -> None:
    assert without("我是王小明", [], []) == "我是王小明"
