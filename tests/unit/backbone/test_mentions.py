"""A known person is found in a text, however the name and the numbers are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.words.contacts import line_of, number_of
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


LINE = (
    "029-87654321", "02987654321", "+86 29 87654321", "+86-29-87654321", "+862987654321",
    "008602987654321", "0086 029 8765 4321", "00862987654321", "8629-8765-4321", "29-87654321",
    "(029)87654321", "（０２９）8765—4321", "(+86)29-87654321", "(0086)29-87654321", "87654321",
    "8765 4321", "〇二九八七六五四三二一",
)  # fmt: skip
EXTENSIONS = (
    "029-87654321转801", "029-87654321-801", "+86 29 87654321 ext. 801", "029 8765-4321转６",
    "87654321-801", "029-87654321转分机八零一",
)  # fmt: skip
HERS = (
    "13812349876", "+86 138 1234 9876", "0086-13812349876", "(+86)138-1234-9876", "013812349876",
    "138/1234/9876", "138*1234*9876", "①③⑧①②③④⑨⑧⑦⑥", "一三八一二三四九八七六",
)  # fmt: skip
FOREIGN = ("+852 9123 4567", "00852-9123-4567", "85291234567", "9123 4567")


def forms() -> list[tuple[str, str]]:
    """Each number as it is known, and as a text has it."""
    known = [form for form in (*LINE, *EXTENSIONS) if number_of(form, "029")]
    pairs = [(one, other) for one in known for other in (*LINE, *EXTENSIONS)]
    # Whether 29 is the code of an area shows where the number is known with it.
    pairs = [each for each in pairs if "29" in each[0] or each[1] != "29-87654321"]
    pairs += [(one, other) for one in HERS for other in HERS]
    return pairs + [(one, other) for one in FOREIGN[:2] for other in FOREIGN]


@pytest.mark.parametrize(("known", "typed"), forms())
def test_what_is_one_number_to_repeats_is_taken_out_whole(known: str, typed: str) -> None:
    assert without(f"请回拨{typed}。", [], [known]) == f"请回拨{NUMBER}。"


def test_every_form_of_a_landline_here_is_one_number_to_repeats() -> None:
    numbers = {number_of(form, "029") for form in (*LINE, *EXTENSIONS)} - {""}
    assert {line_of(number) or number for number in numbers} == {"02987654321"}


@pytest.mark.parametrize("said", ["尾号{}", "尾号是{}", "后四位{}", "最后4个数字：{}"])
def test_the_last_digits_of_a_number_are_found_where_they_are_called_so(said: str) -> None:
    for tail in ("9876", "九八七六", "349876"):
        assert without(said.format(tail), [], [HERS[0]]) == said.format(NUMBER)
    for other in ("9875", "98761"):
        assert without(said.format(other), [], [HERS[0]]) == said.format(other)
    assert without("第9876号", [], [HERS[0]]) == "第9876号"


@pytest.mark.parametrize("said", ["号码{}结尾", "{}的结尾", "138开头{}结尾", "138开头、{}收尾"])
def test_the_first_and_last_digits_are_found_where_they_are_called_so(said: str) -> None:
    told = without(f"是{said.format('9876')}的", [], [HERS[0]])
    assert NUMBER in told and "9876" not in told and "138" not in told
    assert without(said.format("9875"), [], [HERS[0]]) == said.format("9875")


def test_what_is_no_extension_stays() -> None:
    for behind in ("转一下", "转123456789", "-2026-11-30", "转接"):
        assert without(f"{LINE[0]}{behind}", [], [LINE[0]]) == f"{NUMBER}{behind}"


def test_several_numbers_of_one_field_are_found() -> None:
    told = without("打13812349876或87654321", [], ["138-1234-9876 / 029-87654321"])
    assert told == f"打{NUMBER}或{NUMBER}"


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


TYPED = st.text("0123456789+＋()（）-－ 转#x/*八〇\u200b，是", max_size=30)
PARTS = st.sampled_from(["13812349876", "+86", "0086", "029", "87654321", "转801", "-801", "）"])
AROUND = st.lists(TYPED | PARTS, max_size=6).map("".join)


@given(AROUND, AROUND)
def test_any_field_is_looked_for_in_any_text(text: str, known: str) -> None:
    told = without(text, [], [known])
    assert not mentions(told, [], [known])
    assert mentions(text, [], [known]) == (told != text)


def test_no_person_leaves_the_text_alone() -> None:
    assert without("我是王小明", [], []) == "我是王小明"
