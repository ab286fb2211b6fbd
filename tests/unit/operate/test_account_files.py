"""The files of accounts as people save them: each encoding is read or explained in words."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from operate.admin import register, units
from operate.admin.register import entry_of, read_file, text_of, with_passwords
from operate.home.trouble import Trouble

TEXT = "user,role,unit\n王芳,clerk,990100-police\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_what_spreadsheets_save_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "accounts.csv"
    path.write_bytes(TEXT.encode(encoding))
    assert text_of(path) == TEXT


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_utf_16_is_named(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "accounts.csv"
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    path.write_bytes(mark + TEXT.encode(encoding))
    with pytest.raises(Trouble) as caught:
        text_of(path)
    assert "UTF-16" in str(caught.value) and "codec" not in str(caught.value)


@pytest.mark.parametrize(
    ("more", "line"), [("", 3), ("\n\n", 5), ("李四,clerk,990100-police\n", 4)]
)
def test_a_wrong_line_has_the_number_that_a_person_sees(
    tmp_path: Path, more: str, line: int
) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text(f"{TEXT}{more}zhang,no_role,990100-police\n", encoding="utf-8")
    with pytest.raises(Trouble, match=f"line {line}: "):
        read_file(path)


def test_a_quotation_mark_that_is_never_closed_is_named_here_too(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text(f'{TEXT}"zhang,clerk,990100-police\nli,clerk,990100-police\n', encoding="utf-8")
    with pytest.raises(Trouble, match="line 3: a quotation mark"):
        read_file(path)


def test_a_line_with_more_values_than_the_header_is_named(tmp_path: Path) -> None:
    """A comma in a name would shift what follows."""
    path = tmp_path / "accounts.csv"
    path.write_text("user,role,unit,name\nli,clerk,990100-police,Li, Wei\n", encoding="utf-8")
    with pytest.raises(Trouble, match="line 2: it has 5 values, the header 4"):
        read_file(path)


@pytest.mark.parametrize("holds", ["x7SUN-k2q9_Lm4Pz", "孙某某abcdefgh12345", "aaaaaaaaaaaaaaab"])
def test_no_password_is_made_that_its_account_refuses(
    monkeypatch: pytest.MonkeyPatch, holds: str
) -> None:
    drawn = iter([holds, "b4Tq_8wLz-Kd03Vy"])
    monkeypatch.setattr(register, "token_urlsafe", lambda _: next(drawn))
    entry = entry_of("sun", "孙某某", "clerk", "990100-police")
    assert with_passwords([entry], frozenset())["sun"].password == "b4Tq_8wLz-Kd03Vy"


def test_an_account_that_is_known_or_names_a_password_gets_none() -> None:
    named = ("sun", "", "clerk", "990100-police", "", "b4Tq_8wLz-Kd03Vy")
    entries = [entry_of(*named), entry_of("ma", *named[1:4]), entry_of("qi", *named[1:4])]
    assert {*with_passwords(entries, {"ma"})} == {"qi"}


@pytest.mark.parametrize("header", ["user,role,unit,,", " user , role,unit ", "user,role,unit"])
def test_empty_columns_behind_the_named_ones_are_none(tmp_path: Path, header: str) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text(f"{header}\nli,clerk,990100-police,,\n", encoding="utf-8")
    [entry] = (read_file(path)).values()
    assert (entry.user, entry.role, entry.unit) == ("li", "clerk", "990100-police")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("user;role;unit\nli;clerk;990100-police\n", "the columns “user;role;unit”.*with commas"),
        (
            "user,role,unit,phone\nli,clerk,990100-police,1\n",
            "the columns “user, role, unit, phone”",
        ),
        ("user,role,unit,role\nli,clerk,990100-police,head\n", "each once"),
        ("user,role,unit\n", "has no rows"),
    ],
)
def test_a_file_with_other_columns_is_told_which_it_has(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Trouble, match=said):
        read_file(path)


async def test_the_directory_is_asked_once_for_each_post(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole city's import asked it anew for each of its thousands of people."""
    asked = []

    async def post_of(_: Any, entry: Any) -> Any:
        asked.append(entry.unit)
        if entry.unit == "nowhere":
            raise Trouble("nowhere is no unit", "没有单位 nowhere")
        return replace(entry, unit="990100-police")

    monkeypatch.setattr(units, "post_of", post_of)
    entries = {n: entry_of(f"u{n}", "", "clerk", "police") for n in range(2, 300)}
    found = await units.posts_of(cast(Any, None), tmp_path, entries)
    assert [(e.user, e.unit) for e in found] == [
        (f"u{n}", "990100-police") for n in range(2, 300)
    ] and asked == ["police"]
    wrong = {300: entry_of("x", "", "clerk", "nowhere"), 301: entry_of("y", "", "clerk", "nowhere")}
    with pytest.raises(Trouble, match=r"(?s)line 300: nowhere.*line 301"):
        await units.posts_of(cast(Any, None), tmp_path, entries | wrong)


def test_a_period_at_either_end_of_all_years_is_no_time() -> None:
    """The database has none of them in its zone."""
    for start, end in (
        ("9999-12-31T00:00", "9999-12-31T23:59-23:59"),
        ("0001-01-01T00:00+14:00", "2026-12-01T08:30"),
    ):
        with pytest.raises(Trouble, match="a time looks like") as refused:
            register.period_of(start, end)
        assert "时间格式不对" in refused.value.chinese
    assert f"{register.period_of('2026-12-01', '2026-12-02T08:00').start:%F %R %Z}" == (
        "2026-11-30 16:00 UTC"
    )


def test_a_line_whose_role_does_not_go_with_its_team_is_named_with_reason_and_field(
    tmp_path: Path,
) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text(
        "user,name,role,unit,team\nli,,clerk,990100-police,990100-police-team\n"
        "wang,,team_leader,990100-police,\nzhao,,partner,990100-police,\n",
        encoding="utf-8",
    )
    with pytest.raises(Trouble) as refused:
        read_file(path)
    lines = refused.value.english.splitlines()[1:]
    assert [line.partition(":")[0] for line in lines] == ["line 2", "line 3", "line 4"]
    ends = ["(ROLE_WITHOUT_TEAM, team)", "(ROLE_NEEDS_TEAM, team)", "(ROLE_OF_SYSTEMS, role)"]
    assert all(line.endswith(end) for line, end in zip(lines, ends, strict=True))
    assert "（ROLE_WITHOUT_TEAM, team）" in refused.value.chinese


@pytest.mark.parametrize(
    ("role", "team", "said"),
    [("clerk", "x-team", "ROLE_WITHOUT_TEAM"), ("team_leader", "", "ROLE_NEEDS_TEAM")],
)
async def test_a_post_that_cannot_be_is_refused_before_anything_is_asked(
    role: str, team: str, said: str
) -> None:
    with pytest.raises(Trouble, match=said):
        await units.post_of(cast(Any, None), entry_of("", "", role, "990100-police", team))
