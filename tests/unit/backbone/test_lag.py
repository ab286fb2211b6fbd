"""How far a group is behind, from the ends of its topics and what it has committed."""

from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from backbone.kafka.lag import KEPT, LATE, Behind, flaw_of

ONE, TWO = TopicPartition("events", 0), TopicPartition("events", 1)


def test_a_consumer_is_ill_only_beyond_its_time() -> None:
    assert flaw_of("alarm.incidents", 4, LATE) == ""
    told = flaw_of("alarm.incidents", 4, LATE + 1)
    assert told == "alarm.incidents lags behind by 61 s, 4 records: `liandong consumers list`"


def test_a_group_at_the_end_is_not_behind() -> None:
    assert Behind().at(0, {ONE: 5, TWO: 0}, {ONE: 5}) == (0, 0)


def test_the_age_is_that_of_the_first_end_that_is_not_reached() -> None:
    behind = Behind()
    assert behind.at(100, {ONE: 5}, {ONE: 5}) == (0, 0)
    assert behind.at(110, {ONE: 8}, {ONE: 5}) == (3, 0)
    assert behind.at(120, {ONE: 9}, {ONE: 5}) == (4, 10)
    assert behind.at(130, {ONE: 9}, {ONE: 8}) == (1, 10)
    assert behind.at(140, {ONE: 9}, {ONE: 9}) == (0, 0)


def test_a_group_that_stands_still_grows_older_all_the_while() -> None:
    behind = Behind()
    ages = [behind.at(now, {ONE: 1 + now}, {})[1] for now in range(4 * KEPT)]
    assert ages == [*range(4 * KEPT)]


def test_the_oldest_partition_counts() -> None:
    behind = Behind()
    behind.at(0, {ONE: 1, TWO: 0}, {})
    assert behind.at(9, {ONE: 1, TWO: 4}, {}) == (5, 9)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=60))
def test_what_is_read_is_not_behind(steps: list[tuple[int, int]]) -> None:
    behind, end, done = Behind(), 0, 0
    for now, (written, read) in enumerate(steps):
        end += written
        done = min(end, done + read)
        records, seconds = behind.at(now, {ONE: end}, {ONE: done})
        assert records == end - done
        assert 0 <= seconds <= now
        assert records or not seconds
