"""What counts as text: every kind of nothing is empty, and no control character passes."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.words.errors import InvalidArgument
from backbone.words.guards import require_text
from backbone.words.texts import INVISIBLE, one_form, refused_character, shows_nothing

NOTHING = {
    "nothing": "",
    "a space": " ",
    "spaces of all kinds": "\u00a0\u1680\u2000\u2003\u2009\u202f\u205f\u3000",
    "lines": "\r\n\t\n",
    "zero width": "\u200b\u200c\u200d\u200e\u200f",
    "a word joiner": "\u2060",
    "a byte order mark": "\ufeff",
    "Hangul fillers": "\u3164\u115f\u1160\uffa0",
    "an empty braille cell": "\u2800",
    "a soft hyphen": "\u00ad",
    "variation selectors": "\ufe00\ufe0f\U000e0100",
    "a Mongolian separator": "\u180e",
    "all together": " \u200b\u3164\u2800 ",
}
REFUSED = {
    "NUL": "\0",
    "BEL": "\a",
    "backspace": "\b",
    "ESC": "\x1b",
    "DEL": "\x7f",
    "a C1 control": "\x9b",
    "the next line": "\x85",
    "an embedding": "\u202a",
    "an override": "\u202e",
    "the end of one": "\u202c",
    "isolates": "\u2066",
    "the end of an isolate": "\u2069",
    "the Arabic mark": "\u061c",
    "a lone surrogate": "\ud800",
}
plain = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp"]))


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING)
def test_what_shows_nothing_is_empty(text: str) -> None:
    assert shows_nothing(text)
    with pytest.raises(InvalidArgument, match="REASON_MISSING"):
        require_text(text, "REASON_MISSING")


@pytest.mark.parametrize(
    "text", ["a", "张", "。", "\u200b办\u200b", "👨\u200d👩\u200d👧", "葛\U000e0100", "-"]
)
def test_what_shows_something_is_not(text: str) -> None:
    assert not shows_nothing(text) and refused_character(text) == ""
    assert require_text(f" \u3000{text} \n", "REASON_MISSING") == text.strip("\u200b")


@pytest.mark.parametrize("character", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("multi_line", [False, True])
def test_a_control_character_is_found_wherever_it_stands(character: str, multi_line: bool) -> None:
    for text in (character, f"{character}张三", f"张三\u3000{character}", f"a\u00adb{character}c"):
        found = refused_character(text, multi_line=multi_line)
        assert found == f"U+{ord(character):04X}"


@pytest.mark.parametrize("lines", ["a\nb", "a\r\nb", "a\tb", "a\u2028b"])
def test_lines_are_for_texts_of_lines(lines: str) -> None:
    assert refused_character(lines) and not refused_character(lines, multi_line=True)


@given(plain)
def test_other_text_passes(text: str) -> None:
    assert refused_character(text) == ""


@given(st.text(st.sampled_from(INVISIBLE)), plain)
def test_nothing_around_a_text_changes_nothing(nothing: str, text: str) -> None:
    assert shows_nothing(nothing)
    assert shows_nothing(nothing + text + nothing) == shows_nothing(text)


@given(st.characters(categories=["Cc", "Zs", "Zl", "Zp", "Cf"]))
def test_no_control_or_space_is_forgotten(character: str) -> None:
    """Each is refused or invisible, but for the signs that Unicode says are to be seen."""
    seen = unicodedata.name(character, "").startswith(
        ("ARABIC", "SYRIAC", "KAITHI", "EGYPTIAN", "INTERLINEAR")
    )
    assert seen or shows_nothing(character) or refused_character(character, multi_line=True)


@pytest.mark.parametrize(
    "name", ["李 某", "李\u3000某", "李\u200b 某\u2060", " 李  某 ", "李\u00a0\u3164某"]
)
def test_names_that_look_alike_are_one(name: str) -> None:
    assert one_form(name) == "李 某"
    assert one_form("ｌｉ") == one_form("l\u00adi") == "li"
