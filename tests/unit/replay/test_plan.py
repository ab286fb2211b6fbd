"""What the call-taker will do is decided by the rows alone."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from operate.replay import made_day
from operate.replay.pace import due_times
from operate.replay.plan import End, Planned, nearest_team, plan
from operate.replay.rows import Call
from tests.replayed import demo_city


def planned(size: int = 400) -> list[Planned]:
    return plan([row for row in made_day.make(demo_city(), size).rows if isinstance(row, Call)])


def test_all_five_ends_are_used_and_opening_most() -> None:
    ends = Counter(each.end for each in planned())
    assert set(ends) == set(End)
    assert ends.most_common(1)[0][0] is End.OPENED


def test_a_call_about_danger_is_opened_or_linked() -> None:
    ends = {each.end for each in planned() if each.call.priority == "P1"}
    assert ends == {End.OPENED, End.LINKED}


def test_a_repeat_is_about_a_call_that_was_opened_before() -> None:
    opened: set[str] = set()
    for each in planned():
        assert (each.end is End.LINKED) == bool(each.about)
        assert not each.about or each.about in opened
        if each.end is End.OPENED:
            opened.add(each.call.key)


def test_the_first_call_cannot_be_a_repeat() -> None:
    for start in range(60):
        rest = [each.call for each in planned()[start:]]
        assert plan(rest[:1])[0].end is not End.LINKED


def test_what_happens_to_a_row_does_not_depend_on_its_neighbours() -> None:
    calls = [each.call for each in planned()]
    ends = {each.call.key: each.end for each in plan(calls)}
    assert all(
        ends[each.call.key] is each.end for each in plan(calls[5:]) if each.end is not End.OPENED
    )


def test_a_team_goes_out_where_danger_is_opened_and_nowhere_else() -> None:
    for each in planned():
        assert each.sends_team == (each.call.priority == "P1" and each.end is End.OPENED)


def test_the_nearest_team_is_the_smallest_of_its_kind_around_the_grid() -> None:
    teams = demo_city().teams
    flood = nearest_team("hazard.flood", "990102003001002", teams)
    illness = nearest_team("medical.illness", "990102003001002", teams)
    assert flood is not None and flood.code == "990102003-emergency-team"
    assert illness is not None and illness.code == "990102-medical-team"


def test_without_a_grid_somebody_is_sent_all_the_same() -> None:
    assert nearest_team("fire", "", demo_city().teams) is not None
    assert nearest_team("fire", "", ()) is None


def test_rows_keep_their_rhythm_at_any_speed() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    times = [start + timedelta(minutes=minute) for minute in (0, 10, 40)]
    assert due_times(times, 1) == [0, 0.75, 3]
    assert due_times(times, 3) == [0, 0.25, 1]
    assert due_times([start] * 3, 2) == [0, 0.5, 1]
