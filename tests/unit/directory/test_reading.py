"""A broken pack is refused with file, line, column and reason, all flaws at once."""

import re
from pathlib import Path

import pytest

from backbone.words.policy import SUPERVISION_ANSWER, URGE_PAUSE_MINUTES
from services.directory.files import read_archive, read_folder, to_archive
from services.directory.flaws import PackUnreadable
from services.directory.pack import parse, read_pack

DEMO = Path("deploy/city/demo")


def flaws_of(**changes: str | bytes | None) -> dict[str, str]:
    """Change files of the demo city (dots as __) and return reason by place."""
    files = read_folder(DEMO)
    for name, content in changes.items():
        file = name.replace("__", ".")
        if content is None:
            del files[file]
        else:
            files[file] = content.encode() if isinstance(content, str) else content
    with pytest.raises(PackUnreadable) as unreadable:
        parse(files)
    return {str(flaw.spot): flaw.reason for flaw in unreadable.value.flaws}


def demo(file: str) -> str:
    return (DEMO / file).read_text("utf-8")


def test_the_demo_city_is_read_from_a_folder_and_from_an_archive() -> None:
    pack = read_pack(DEMO)
    assert pack.city.head.name == "云川市"
    assert len(pack.city.grids) == 1_200
    assert read_pack(to_archive(read_folder(DEMO))).city == pack.city
    assert str(pack.spot("unit/990100-command")) == "organisations.csv:3"


def test_missing_files_are_named() -> None:
    assert flaws_of(teams__csv=None, clocks__yaml=None) == {
        "teams.csv": "FILE_MISSING",
        "clocks.yaml": "FILE_MISSING",
    }


def test_broken_text_is_named_with_its_line() -> None:
    assert flaws_of(areas__csv=b"code,name\n990100,\xff\xfe\n") == {"areas.csv:2": "NOT_UTF8"}


def test_a_spreadsheets_mark_and_line_ends_are_no_flaw() -> None:
    files = read_folder(DEMO)
    files["areas.csv"] = b"\xef\xbb\xbf" + files["areas.csv"].replace(b"\n", b"\r\n")
    assert parse(files).city.areas["990100"].name == "云川市"


def test_files_may_be_saved_in_gb18030() -> None:
    files = read_folder(DEMO)
    for name in ("areas.csv", "city.yaml"):
        files[name] = files[name].decode().encode("gb18030")
    assert parse(files).city.areas["990101"].name == "青岚区"


def test_a_city_may_say_the_code_of_its_landlines() -> None:
    files = read_folder(DEMO)
    assert parse(files).city.head.dialling_code == "0571"
    code = 'dialling_code: "0571"\n'
    without = demo("city.yaml").replace(code, "")
    files["city.yaml"] = without.encode()
    assert parse(files).city.head.dialling_code == ""
    for wrong in ('"571"', '"00571"', "571", '""', "[]"):
        [reason] = flaws_of(city__yaml=f"dialling_code: {wrong}\n{without}").values()
        assert reason in ("NOT_A_DIALLING_CODE", "WRONG_TYPE", "VALUE_MISSING"), wrong


@pytest.mark.parametrize(
    ("line", "place", "reason"),
    [
        ("990101", "areas.csv:2", "ROW_UNEVEN"),
        ("990101,", "areas.csv:2:name", "VALUE_MISSING"),
        ("990101,甲\n990101,乙", "areas.csv:3:code", "DUPLICATE"),
        ('990101,"甲', "areas.csv:2", "CSV_BROKEN"),
        ('990101,甲\n990102,"乙\n990103,丙\n990104,丁', "areas.csv:3", "CSV_BROKEN"),
        ('990101,甲\n\n990102,"乙"丙\n990103,丁', "areas.csv:4", "CSV_BROKEN"),
        ('990101,"甲\n乙"\n990102', "areas.csv:4", "ROW_UNEVEN"),
        ('990101,甲\n"990102\n"', "areas.csv:3", "ROW_UNEVEN"),
    ],
)
def test_a_broken_row_is_named(line: str, place: str, reason: str) -> None:
    assert flaws_of(areas__csv=f"code,name\n{line}")[place] == reason


def test_a_wrong_column_is_named() -> None:
    assert flaws_of(areas__csv="code,title\n990100,云川市\n") == {"areas.csv:1": "COLUMNS_WRONG"}


def test_an_unknown_level_is_named_with_its_column() -> None:
    text = demo("competences.csv").replace("hotline,,CITY", "hotline,,TOWN", 1)
    [(place, reason)] = flaws_of(competences__csv=text).items()
    assert place.startswith("competences.csv:")
    assert place.endswith(":level")
    assert reason == "LEVEL_UNKNOWN"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("bounce_cap: 3", "bounce_cap: three", "WRONG_TYPE"),
        ("bounce_cap: 3", "bounce_cap: 3.5", "WRONG_TYPE"),
        ("bounce_cap: 3", "bounce_cap: true", "WRONG_TYPE"),
        ("bounce_cap: 3", "bounces: 3", "KEY_UNKNOWN"),
        ("bounce_cap: 3", "claim_cap: 3", "DUPLICATE"),
        ("[10, 20, 40]", "10", "WRONG_TYPE"),
        ("bounce_cap: 3", "bounce_cap: [", "YAML_BROKEN"),
    ],
)
def test_a_broken_clock_is_named_with_line_and_column(old: str, new: str, reason: str) -> None:
    flaws = flaws_of(clocks__yaml=demo("clocks.yaml").replace(old, new))
    assert reason in flaws.values()
    assert all(place.count(":") == 2 for place in flaws)


def test_a_pack_of_0_1_0_gets_the_default_of_each_later_figure() -> None:
    files = read_folder(DEMO)
    later = ("objection_", "escalation_", "arrival_", "feedback_", "supervision_", "urge_")
    later += ("partner_", "caller_in_order", "accused_team")
    blocks = re.split(r"^(?=\w)", demo("clocks.yaml"), flags=re.MULTILINE)
    files["clocks.yaml"] = "".join(each for each in blocks if not each.startswith(later)).encode()
    policy = parse(files).city.policy
    assert policy is not None
    assert (policy.objection_window_minutes, policy.objection_answer_minutes) == (7200, 120)
    assert (policy.escalation_answer_minutes, policy.partner_answer_minutes) == (120, 7200)
    assert (policy.caller_in_order, policy.accused_team) == ((), "RECALL")
    assert policy.arrival_minutes == {"ALARM.P1": 15, "ALARM.P2": 30}
    assert policy.feedback_minutes["PETITION"] == 60 * 24 * 60
    assert policy.supervision_answer == SUPERVISION_ANSWER
    assert (policy.supervision_least_hours, policy.supervision_most_days) == (1, 60)
    assert policy.urge_pause_minutes == URGE_PAUSE_MINUTES


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("KEY: 3 WORKING_DAYS", "KEY: 3", "TERM_WRONG"),
        ("KEY: 3 WORKING_DAYS", "KEY: 0 WORKING_DAYS", "TERM_WRONG"),
        ("KEY: 3 WORKING_DAYS", "KEY: 3 WEEKS", "TERM_WRONG"),
        ("KEY: 3 WORKING_DAYS", "URGENT: 3 WORKING_DAYS", "KEY_UNKNOWN"),
        ("CITIZEN: 1440", "STRANGER: 1440", "KEY_UNKNOWN"),
        ("CITIZEN: 1440", "CITIZEN: daily", "WRONG_TYPE"),
    ],
)
def test_a_wrong_rule_of_accountability_is_named(old: str, new: str, reason: str) -> None:
    flaws = flaws_of(clocks__yaml=demo("clocks.yaml").replace(old, new))
    assert set(flaws.values()) == {reason}


def test_a_row_that_a_pack_leaves_out_has_its_default() -> None:
    files = read_folder(DEMO)
    text = demo("clocks.yaml").replace("  KEY: 3 WORKING_DAYS\n", "").replace("  DESK: 30\n", "")
    files["clocks.yaml"] = text.replace("CITIZEN: 1440", "CITIZEN: 60").encode()
    policy = parse(files).city.policy
    assert policy is not None
    assert policy.supervision_answer == SUPERVISION_ANSWER
    assert policy.urge_pause_minutes == {**URGE_PAUSE_MINUTES, "CITIZEN": 60}


def test_a_broken_route_is_named() -> None:
    routes = demo("routes.yaml").replace("target: TRIAGE", "target: SOMEWHERE")
    assert set(flaws_of(routes__yaml=routes).values()) == {"NOT_ONE_OF"}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"Polygon"', '"Point"', "GRID_WRONG"),
        ('"990101001001001"', '"99010100100100"', "GRID_WRONG"),
        ("[[[108", "[[[208", "GRID_WRONG"),
        ('"990101001001002"', '"990101001001001"', "DUPLICATE"),
        ('"features"', '"things"', "NOT_GEOJSON"),
        ('{"type"', '{"type', "JSON_BROKEN"),
    ],
)
def test_a_broken_map_is_named(old: str, new: str, reason: str) -> None:
    assert reason in flaws_of(grids__geojson=demo("grids.geojson").replace(old, new, 1)).values()


def test_what_is_no_archive_is_refused() -> None:
    for archive in (b"", b"PK\x03\x04 nothing", b"a" * 1000):
        with pytest.raises(PackUnreadable, match="ARCHIVE_BROKEN"):
            read_archive(archive)


def test_equal_files_make_an_equal_archive() -> None:
    assert to_archive(read_folder(DEMO)) == to_archive(read_folder(DEMO))
