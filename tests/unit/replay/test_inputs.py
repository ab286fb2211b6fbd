"""Files of elsewhere and the day made here: the same rows in every run, all inside the city."""

from pathlib import Path

import pytest

from backbone.words.place import Point
from operate.home.trouble import Trouble
from operate.replay import made_day
from operate.replay.files import name_of, read_day
from operate.replay.mapping import Affine, Box, by_hash
from operate.replay.petition_file import key_in, marker
from operate.replay.report import Report
from operate.replay.rows import Call, Letter
from tests.replayed import BOX, demo_city

CALLS = """lat,lng,title,time,township,address
40.0,-75.4,EMS: CARDIAC EMERGENCY,2016-01-15 12:05,UPPER MERION,DEKALB PIKE & ALLENDALE RD
40.2,-75.0,Traffic: VEHICLE ACCIDENT -,2016-01-15 12:01,NORRISTOWN,POWELL ST
40.4,-75.2,Fire: FIRE ALARM,2016-01-15 12:09,NORRISTOWN,SANDY ST
40.1,-75.3,Traffic: DISABLED VEHICLE -,2016-01-15 12:09,NOWHERE,MAIN ST
"""
PETITIONS = """id,petitioner,subject,time,text,against,support
7,A1,路灯不亮,2019-02-28 11:25:05,村口路灯不亮半年了,,
8,A2,建议多种树,2018-01-02 08:00:00,"希望能,多种树",,
"""


def write(folder: Path, text: str, name: str = "a file.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def calls_of(folder: Path) -> dict[int, Call]:
    """By the number of the row, as the file shows it: the header is row 1."""
    day = read_day(write(folder, CALLS), demo_city())
    return {row.row: row for row in day.rows if isinstance(row, Call)}


def test_rows_stand_in_the_order_of_their_times(tmp_path: Path) -> None:
    assert list(calls_of(tmp_path)) == [3, 2, 4, 5]


def test_a_long_name_of_a_file_is_shortened_and_still_its_own() -> None:
    names = {name_of(Path(f"{'报警记录' * 30}{number}.csv")) for number in range(3)}
    assert len(names) == 3
    assert all(name.isascii() and len(name) <= 72 for name in names)


def test_ems_and_fire_are_in_danger_and_traffic_is_less_urgent(tmp_path: Path) -> None:
    calls = calls_of(tmp_path)
    priorities = [calls[number].priority for number in range(2, 6)]
    assert priorities == ["P1", "P2", "P1", "P2"]


def test_every_title_has_a_category_of_the_city(tmp_path: Path) -> None:
    calls = calls_of(tmp_path)
    assert calls[2].category == "medical.illness"
    assert calls[4].category == "fire.alarm"
    assert {call.category for call in calls.values()} <= set(demo_city().categories)


def test_the_original_time_and_the_address_are_kept(tmp_path: Path) -> None:
    call = calls_of(tmp_path)[2]
    assert "2016-01-15 12:05" in call.narrative
    assert call.place.endswith("DEKALB PIKE & ALLENDALE RD")


def test_the_bounding_box_is_mapped_into_the_city(tmp_path: Path) -> None:
    for call in calls_of(tmp_path).values():
        assert BOX.west < call.point.longitude < BOX.east
        assert BOX.south < call.point.latitude < BOX.north


def test_the_map_keeps_what_lies_north_and_east_of_what() -> None:
    place = Affine(Box(0, 0, 2, 4), Box(10, 20, 11, 22))
    assert place(Point(0, 0)) == Point(10, 20)
    assert place(Point(1, 1)) == Point(10.5, 20.5)
    assert place(Point(2, 4)) == Point(11, 22)


def test_places_in_one_line_are_mapped_into_the_middle() -> None:
    assert Affine(Box(5, 0, 5, 4), Box(0, 0, 2, 4))(Point(5, 1)) == Point(1, 1)


def test_a_name_is_matched_by_its_hash_and_always_alike() -> None:
    townships = sorted(demo_city().townships)
    assert by_hash("NORRISTOWN", townships) == by_hash("NORRISTOWN", list(townships))
    assert len({by_hash(f"name {number}", townships) for number in range(500)}) == len(townships)


def test_petitions_are_guessed_a_category_and_name_their_row(tmp_path: Path) -> None:
    day = read_day(write(tmp_path, PETITIONS, "p.csv"), demo_city())
    letters = {row.row: row for row in day.rows if isinstance(row, Letter)}
    assert list(letters) == [3, 2]
    assert letters[2].category == "urban.lamp"
    assert letters[2].area in demo_city().townships
    assert key_in(letters[2].text) == letters[2].stamp
    assert "2019-02-28 11:25:05，编号 7" in letters[2].text


def test_only_our_own_marker_names_a_row() -> None:
    assert key_in("正文\n" + marker("p.csv#9", "2019-01-01")) == "p.csv#9"
    assert key_in("正文,来源 p.csv#9") == ""


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("40.2", "north", "lat"),
        ("40.2", "nan", "lat"),
        ("-75.0", "", "lng"),
        ("-75.0", "-475", "lng"),
        ("2016-01-15 12:01", "yesterday", "time"),
        ("2016-01-15 12:01", "25/4/2019 21:32", "time"),
    ],
)
def test_one_bad_cell_is_told_with_its_row_and_column_and_the_others_are_taken(
    tmp_path: Path, old: str, new: str, column: str
) -> None:
    day = read_day(write(tmp_path, CALLS.replace(old, new)), demo_city())
    [unread] = day.unread
    assert unread.row == 3 and f"row 3, column {column}" in unread.why
    assert "read as" in day.notes["file"]
    assert [row.row for row in day.rows] == [2, 4, 5]


def test_a_row_that_is_too_short_is_told(tmp_path: Path) -> None:
    day = read_day(write(tmp_path, CALLS.replace(",POWELL ST", "")), demo_city())
    [unread] = day.unread
    assert (unread.row, "row 3" in unread.why, "address" in unread.why) == (3, True, True)
    assert {row.row for row in day.rows} == {2, 4, 5}, "it keeps no other back"


def test_a_file_of_rows_that_are_all_too_short_is_refused(tmp_path: Path) -> None:
    short = "\n".join(line.rpartition(",")[0] for line in CALLS.splitlines()[1:])
    with pytest.raises(Trouble, match=r"row 2\b") as told:
        read_day(write(tmp_path, f"{CALLS.splitlines()[0]}\n{short}\n"), demo_city())
    assert "address" in told.value.english
    assert "第 2 行" in told.value.chinese and "address" in told.value.chinese


def test_the_other_rows_of_a_file_keep_their_keys_without_the_bad_one(tmp_path: Path) -> None:
    whole = calls_of(tmp_path)
    day = read_day(write(tmp_path, CALLS.replace("40.2", "north")), demo_city())
    assert {row.row: row.key for row in day.rows} == {n: whole[n].key for n in (2, 4, 5)}


def test_coordinates_may_be_written_in_full_width(tmp_path: Path) -> None:
    wide = {at: at + 0xFEE0 for at in range(0x21, 0x7F)}
    written = CALLS.replace("40.2,-75.0", f"{'40.2'.translate(wide)},{'-75.0'.translate(wide)}")
    day = read_day(write(tmp_path, written), demo_city())
    assert not day.unread and [row.row for row in day.rows] == [3, 2, 4, 5]


def test_a_file_without_a_single_good_row_is_refused(tmp_path: Path) -> None:
    bad = "\n".join(CALLS.splitlines()[:2]).replace("40.0", "north")
    with pytest.raises(Trouble, match="row 2, column lat"):
        read_day(write(tmp_path, bad), demo_city())


def test_a_bad_time_of_a_petition_is_told_with_its_row(tmp_path: Path) -> None:
    day = read_day(write(tmp_path, PETITIONS.replace("2018-01-02 08", "8 Uhr")), demo_city())
    assert "row 3, column time" in day.unread[0].why and len(day.rows) == 1


@pytest.mark.parametrize("text", ["", " ", "\u200b\u3164"])
def test_a_petition_that_says_nothing_is_told_with_its_row(tmp_path: Path, text: str) -> None:
    day = read_day(write(tmp_path, PETITIONS.replace("希望能,多种树", text)), demo_city())
    assert "row 3, column text" in day.unread[0].why and len(day.rows) == 1


@pytest.mark.parametrize("text", ["", "a,b\n", "a,b\n1,2\n", "a,b\n1,2,3\n"])
def test_a_file_of_something_else_is_told_in_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(Trouble):
        read_day(write(tmp_path, text), demo_city())


def test_a_file_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="cannot be read"):
        read_day(tmp_path / "nothing.csv", demo_city())


def test_a_report_that_could_not_be_written_is_told_before_the_day(tmp_path: Path) -> None:
    Report.demand_room(tmp_path / "out.json")
    for path in (tmp_path, tmp_path / "nowhere" / "out.json"):
        with pytest.raises(Trouble, match="report cannot be written"):
            Report.demand_room(path)


def test_the_made_day_is_the_same_every_time_and_another_with_another_seed() -> None:
    city = demo_city()
    assert made_day.make(city, 80, 1) == made_day.make(city, 80, 1)
    assert made_day.make(city, 80, 1).rows != made_day.make(city, 80, 2).rows
    keys = {row.key for size in (20, 30) for row in made_day.make(city, size, 1).rows}
    assert len(keys) == 50


def test_the_made_day_has_a_storm_in_one_corner_and_a_busy_hour() -> None:
    rows = [row for row in made_day.make(demo_city()).rows if isinstance(row, Call)]
    flooded = [row for row in rows if row.category == "hazard.flood"]
    assert len(flooded) > 10
    assert {row.time.hour for row in flooded} <= {15, 16} | {row.time.hour for row in rows}
    assert len({row.priority for row in rows}) == 4
    assert {row.category for row in rows} <= set(demo_city().categories)
    assert not any("{" in row.narrative for row in rows)
