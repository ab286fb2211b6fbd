"""A record survives its way over the wire, of whatever kind it is."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from backbone.directory.entries import key_of, to_city, to_entry, to_record
from backbone.words.areas import Level
from backbone.words.calendar import UNANNOUNCED
from backbone.words.city import Area, Category, Competence, Grid, Head, Person, Record, Team, Unit
from backbone.words.policy import Policy, Route
from liandong.directory.v1.directory_pb2 import Calendar, DirectoryEntry
from tests.calendars import CALENDAR

RING = ((108.9, 34.2), (108.91, 34.2), (108.91, 34.21))
POLICY = Policy(
    sign_in_minutes={"P1": 5},
    hand_off_answer_minutes=1,
    return_answer_minutes=2,
    claim_lapse_minutes=3,
    return_window_minutes=4,
    bounce_cap=5,
    claim_cap=6,
    repush_seconds=(10, 20),
    acknowledge_seconds=7,
    repeat_minutes=8,
    repeat_metres=9,
    suggestions=10,
    routes=(Route("r", "理由", "UNIT_KIND", ("a",), ("P1",), ("ALARM",), "police", Level.COUNTY),),
)
HEAD = Head(
    "990100",
    "云川市",
    (108.0, 34.0),
    (109.0, 35.0),
    7,
    datetime(2026, 1, 2, tzinfo=UTC),
    "c",
    3,
    "0571",
)
RECORDS: list[Record] = [
    HEAD,
    POLICY,
    CALENDAR,
    Area("990101", "青岚区", Level.COUNTY),
    Grid("990101001001001", "第1网格", (RING, RING)),
    Unit("990101-fire", "消防", "fire", "990101", "990100-fire", Level.COUNTY),
    Category("traffic.accident", "事故", ("交通", "事故"), ("撞",), "P2"),
    Competence("c", "traffic", "police", "", Level.UNSPECIFIED, "990101", "依据"),
    Person("clerk.990101-fire", "王某", "990101-fire", ("clerk", "head"), "", True),
    Team("990101-fire-team", "队", "990101-fire", "990101", ("fire",), "leader", ("a", "leader")),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_comes_back_equal(record: Record) -> None:
    sent = to_entry(record, 7).SerializeToString()
    entry = DirectoryEntry.FromString(sent)
    assert entry.version == 7
    assert entry.key == key_of(record)
    assert to_record(entry) == record


def test_a_kind_from_a_newer_service_is_passed_over() -> None:
    assert to_record(DirectoryEntry(key="robot/7", version=1)) is None


def test_a_city_needs_its_head() -> None:
    records = {key_of(record): record for record in RECORDS}
    city = to_city(records)
    assert city is not None
    assert city.head == HEAD
    assert city.policy == POLICY
    assert city.calendar == CALENDAR
    assert set(city.people) == {"clerk.990101-fire"}
    del records["city"]
    assert to_city(records) is None


def test_a_city_from_before_there_were_calendars_has_one_of_which_nothing_is_known() -> None:
    city = to_city({"city": HEAD})
    assert city is not None
    assert city.calendar == UNANNOUNCED


def test_a_day_that_is_none_makes_the_entry_unreadable() -> None:
    entry = DirectoryEntry(key="calendar", calendar=Calendar(workdays=["2026-02-30"]))
    with pytest.raises(ValueError, match="day is out of range"):
        to_record(entry)


def test_a_policy_of_0_1_0_gets_the_default_of_each_later_figure() -> None:
    """It came without the figures: on the wire they are zero."""
    sent = to_entry(replace(POLICY, objection_window_minutes=0, objection_answer_minutes=0), 7)
    assert to_record(sent) == POLICY
    sent = to_entry(
        replace(POLICY, supervision_answer={}, urge_pause_minutes={}, supervision_most_days=0), 7
    )
    assert to_record(sent) == POLICY
