"""One number is one number, in whatever form it is written."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backbone.words.contacts import (
    contact_of,
    contacts_of,
    identity_of,
    line_of,
    number_of,
)

CITY = "0571"
FULL_WIDTH = {at: at + 0xFEE0 for at in range(0x21, 0x7F)}


def wide(text: str) -> str:
    return text.translate(FULL_WIDTH)


FORMS = {
    "13800138000": (
        "13800138000", " 13800138000 ", "138 0013 8000", "138-0013-8000", "138.0013.8000",
        "+86 138 0013 8000", "+8613800138000", "+86 13800138000", "0086-13800138000",
        "008613800138000", "86 13800138000", "(+86)138-0013-8000", "013800138000",
        "手机:13800138000", "tel. 13800138000", "138\u200b0013\u200b8000",
        wide("13800138000"), wide("+86-13800138000"),
        "138\u00a00013\u30008000", "138—0013—8000",
    ),
    "057188001234": (
        "0571-88001234", "057188001234", "(0571)88001234", "(0571)8800-1234", "+86-571-88001234",
        "+86(0)571 8800 1234", "86-0571-88001234", "571-88001234", "88001234", "8800-1234",
        "0571–88001234", "+86 88001234",
        wide("(0571)88001234"), wide("88001234"), "0571—88001234",
    ),
    "057188001234转8012": (
        "0571-88001234转8012", "88001234 转 8012", "0571-88001234转分机8012", "88001234-8012",
        "0571-88001234 ext. 8012", "0571-88001234-8012", "(0571)88001234x8012",
        "+86 571 88001234#8012", "电话 0571 88001234 转 8012 号", "057188001234分机:8012",
    ),
    "01088001234": ("010-88001234", "+86 10 88001234", "(010)8800 1234"),
    "110": ("110", wide("110"), "1 1 0"),
    "12345": ("12345", "1-2345"),
    "10086": ("10086",),
    "8012": ("8012",),
    "4008008820": ("400-800-8820", "+86 400 800 8820", "4008008820"),
    "+85223456789": ("+852 2345 6789", "00852 2345 6789", "+852-2345-6789"),
    "+16502530000": ("+1 (650) 253-0000", "001 650 253 0000"),
    "": ("", "   ", "未知", "wx_abc", "a@b.com", "+", "\u3164", "无"),
}  # fmt: skip


@pytest.mark.parametrize(("number", "form"), [(n, form) for n in FORMS for form in FORMS[n]])
def test_every_form_is_the_same_number(number: str, form: str) -> None:
    assert number_of(form, CITY) == number


def test_different_numbers_stay_apart() -> None:
    every = [*FORMS, "057188001234转8013", "057188001235", "13800138001", "88001234"]
    assert len({number_of(each) for each in every}) == len(every)


def test_without_a_dialling_code_a_landline_stays_as_it_is() -> None:
    assert number_of("8800-1234") == "88001234" and number_of("88001234", "010") == "01088001234"


ANY = st.text("aBc09Z转#- +@张é", max_size=40)
DIGITS = st.from_regex(r"[+0-9 ()#转-]{0,40}", fullmatch=True)


@given(ANY | DIGITS)
@example("00010000")
def test_any_text_has_one_form_and_the_form_has_itself(text: str) -> None:
    form = contact_of(text, CITY)
    assert contact_of(form, CITY) == form


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.data())
def test_a_mobile_number_is_found_through_what_people_put_around_it(
    number: str, data: st.DataObject
) -> None:
    between = st.sampled_from(["", " ", "-", " ", "—", "\u200b"])
    said = "".join(digit + data.draw(between) for digit in number)
    said = data.draw(st.sampled_from(["", "+86", "0086 ", "+86-", "86"])) + said
    assert number_of(said) == number_of(wide(said)) == number


def test_a_field_may_hold_several_contacts() -> None:
    assert contacts_of("138 0013 8000 / 88001234、微信 AbC", CITY) == (
        "13800138000", "057188001234", "微信abc",
    )  # fmt: skip
    assert contacts_of("13800138000；88001234｜13900139000／12345", CITY) == (
        "13800138000", "057188001234", "13900139000", "12345",
    )  # fmt: skip
    assert contacts_of("138,0013,8000", CITY) == ("13800138000",)
    assert contacts_of(" \u3000") == ()


@pytest.mark.parametrize(
    "form",
    ["11010519491231002X", "11010519491231002x", wide("11010519491231002X"), "110105 19491231 002X",
     "110105-19491231-002x", "110105491231002"],
)  # fmt: skip
def test_one_identity_card_in_every_form(form: str) -> None:
    assert identity_of(form) == "11010519491231002X"


@pytest.mark.parametrize(
    ("form", "number"),
    [("e 1234 5678", "E12345678"), ("110105491331002", "110105491331002"), ("\u200b", "")],
)
def test_another_document_is_no_identity_card(form: str, number: str) -> None:
    assert identity_of(form) == number


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("0571-88001234-8012", "057188001234"),
        ("057188001234转8013", "057188001234"),
        ("（0571）88001234 ext.9", "057188001234"),
        ("0571-88001234", ""),
        ("13800138000", ""),
        ("", ""),
    ],
)
def test_extensions_of_one_line_have_one_line(form: str, line: str) -> None:
    assert line_of(number_of(form, CITY)) == line
