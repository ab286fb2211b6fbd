"""What a user name and a password may be, and which two names are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.words.roles import EVERYONE, PARTNERS, TEAMS
from services.gateway.accounts.register import Entry, require_entry, require_post
from services.gateway.accounts.rules import (
    common,
    folded,
    require_name,
    require_name_of_person,
    require_password,
)
from services.gateway.http.problems import Problem


@pytest.mark.parametrize("other", ["LI", "ＬＩ", "ｌi", "Li"])
def test_width_and_case_make_no_other_name(other: str) -> None:
    assert folded(other) == folded("li")
    assert folded(other + "2") != folded("li")


def test_the_kind_of_dot_makes_no_other_name() -> None:
    assert {folded(f"阿依{dot}古丽") for dot in "·•‧・･∙⋅"} == {"阿依·古丽"}


@given(st.text(alphabet=st.characters(max_codepoint=0x7E, min_codepoint=0x21), max_size=20))
def test_names_of_full_width_and_capitals_are_the_plain_ones(name: str) -> None:
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in name)
    assert folded(wide) == folded(name) == folded(name.upper()) == folded(folded(name))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a b",
        "key/li",
        "li\u200b",
        "li\u3164",
        "\n",
        "x" * 101,
        "李\t",
        "a>b",
        "a＞b",
        "李（代王）",
        "李【代王】",
        "李〉王",
    ],
)
def test_a_name_is_visible_and_one_word(name: str) -> None:
    with pytest.raises(Problem) as refused:
        require_name(name)
    assert refused.value.reason == "BAD_USER_NAME"


def test_usual_names_are_good() -> None:
    for name in (
        "li",
        "clerk.990101001-police",
        "李警官",
        "x" * 100,
        "李li-2",
        "José",
        "김철수",
        "阿依·古丽",
    ):
        require_name(name)


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("zhоu9", "о (U+043E)"),
        ("clerk.990101001-роliсе", "р (U+0440), о (U+043E), с (U+0441), е (U+0435)"),
        ("李zhοu", "ο (U+03BF)"),
        ("ZＨОU", "О (U+041E)"),
        ("ԛiаnli", "ԛ (U+051B), а (U+0430)"),
        ("сосо", "с (U+0441), о (U+043E)"),
        ("ΑΝΝΑ", "Α (U+0391), Ν (U+039D)"),
        ("ꓮꓠꓠꓮ", "ꓮ (U+A4EE), ꓠ (U+A4E0)"),
        ("ᎪᏞ", "Ꭺ (U+13AA), Ꮮ (U+13DE)"),
        ("zhɑnɡ", "ɑ (U+0251), ɡ (U+0261)"),
        ("lıu", "ı (U+0131)"),
        ("ロ力", "ロ (U+30ED)"),
        ("王ニ", "ニ (U+30CB)"),
        ("ㄚ二", "ㄚ (U+311A)"),
        ("⺠警", "⺠ (U+2EA0)"),
        ("〢", "〢 (U+3022)"),
        ("li١", "١ (U+0661)"),
        ("li○", "○ (U+25CB)"),
        ("li‐2", "‐ (U+2010)"),
        ("阿依•古丽", "• (U+2022)"),
    ],
)
def test_a_name_with_letters_that_look_like_others_is_refused(name: str, letters: str) -> None:
    with pytest.raises(Problem) as refused:
        require_name(name)
    assert (refused.value.reason, refused.value.facts["given"]) == ("FOREIGN_LETTERS", letters)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Иван x王", "FOREIGN_LETTERS"),
        ("Иван", "FOREIGN_LETTERS"),
        ("сосо", "FOREIGN_LETTERS"),
        ("エ力", "FOREIGN_LETTERS"),
        ("宋佳（代邓欣）", "NAME_IN_DISGUISE"),
        ("宋佳 代 邓欣", "NAME_IN_DISGUISE"),
        ("a/b", "NAME_IN_DISGUISE"),
        ("宋\n佳", "CONTROL_CHARACTER"),
        ("李四\u200b强", "FOREIGN_LETTERS"),
        ("李\u2060四", "FOREIGN_LETTERS"),
        ("青山镇派出所的接口", "NAME_IN_DISGUISE"),
        ("The Interface of 青山镇派出所", "NAME_IN_DISGUISE"),
        ("operator:root", "NAME_IN_DISGUISE"),
        ("Ｏperator：x", "NAME_IN_DISGUISE"),
        ("Liandong", "NAME_IN_DISGUISE"),
    ],
)
def test_a_display_name_reads_like_no_other_person(name: str, reason: str) -> None:
    with pytest.raises(Problem) as refused:
        require_name_of_person(name)
    assert refused.value.reason == reason


def test_usual_display_names_are_good() -> None:
    for name in (
        "",
        "宋佳",
        "代云",
        "李 Li",
        "བཀྲ་ཤིས",
        "ئەركىن",
        "阿卜杜拉·买买提",
        "阿依•古丽",
        "李明(二中队)",
    ):
        require_name_of_person(name)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "PASSWORD_LENGTH"),
        ("kurz-9x7f", "PASSWORD_LENGTH"),
        ("y7" * 101, "PASSWORD_LENGTH"),
        ("my-LIMING-secret", "PASSWORD_HOLDS_THE_NAME"),
        ("ｌｉｍｉｎｇ-9x7f2k", "PASSWORD_HOLDS_THE_NAME"),
        ("李小明是我的密码哦哦", "PASSWORD_HOLDS_THE_NAME"),
        ("demo-liandong", "PASSWORD_TOO_COMMON"),
        ("Demo-Liandong", "PASSWORD_TOO_COMMON"),
        ("qwertyuiop", "PASSWORD_TOO_COMMON"),
        ("aaaaaaaaaaaa", "PASSWORD_TOO_COMMON"),
        ("1212121212121", "PASSWORD_TOO_COMMON"),
    ],
)
def test_a_password_that_would_be_guessed_is_refused(password: str, reason: str) -> None:
    with pytest.raises(Problem) as refused:
        require_password(password, "liming", "李小明")
    assert refused.value.reason == reason


def test_a_good_password_is_taken() -> None:
    for password in ("grauer-Kiesel-17", "正确的马电池订书钉呀", "x9#Kp2!vLq"):
        require_password(password, "liming", "李小明")


def test_every_listed_password_is_long_enough_to_need_its_line() -> None:
    assert len(common()) >= 100 and all(len(line) >= 10 for line in common())


@pytest.mark.parametrize("sign", ["\t", "\n", "\x7f", "\x1b", "\u202e"])
def test_a_password_has_no_character_that_a_sign_in_refuses(sign: str) -> None:
    """Else the account could not be signed in to."""
    with pytest.raises(Problem) as refused:
        require_password(f"grauer{sign}Kiesel-17", "li")
    assert (refused.value.reason, refused.value.facts["field"]) == ("CONTROL_CHARACTER", "password")


def refusal_of_post(role: str, team: str) -> tuple[str, ...]:
    try:
        require_post(role, team)
    except Problem as problem:
        return (problem.reason, *(flaw.field for flaw in problem.errors))
    return ()


@pytest.mark.parametrize("role", [*sorted(EVERYONE), "citizen", "emperor", ""])
def test_a_role_has_a_team_or_none(role: str) -> None:
    """For accounts and keys alike."""
    alone, of_team = refusal_of_post(role, ""), refusal_of_post(role, "team-7")
    if role not in EVERYONE:
        assert alone == of_team == ("UNKNOWN_ROLE", "role")
    elif role in TEAMS:
        assert (alone, of_team) == (("ROLE_NEEDS_TEAM", "team"), ())
    else:
        assert (alone, of_team) == ((), ("ROLE_WITHOUT_TEAM", "team"))


@pytest.mark.parametrize("role", sorted(EVERYONE))
def test_no_person_has_the_role_of_a_system(role: str) -> None:
    entry = Entry("zhou", "", role, "990101001-police", "team-7" if role in TEAMS else "")
    if role not in PARTNERS:
        require_entry(entry)
        return
    with pytest.raises(Problem) as refused:
        require_entry(entry)
    assert refused.value.reason == "ROLE_OF_SYSTEMS"
    assert [flaw.field for flaw in refused.value.errors] == ["role"]
