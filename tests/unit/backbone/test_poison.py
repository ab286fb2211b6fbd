"""When a consumer stops: many bad records in a row at once, never rare rubbish."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from backbone.kafka.poison import MOST_POISONS, WITHIN, Poisons, after_readable

FATES = st.sampled_from(["dead", "parked"])


class Watch:
    """A clock that a test sets."""

    time = 0.0

    def __call__(self) -> float:
        return self.time


def after(*fates: str, every: float = 1.0) -> Poisons:
    watch = Watch()
    poisons = Poisons(watch)
    for fate in fates:
        getattr(poisons, fate)() if fate in ("readable", "good") else poisons.bad(fate)
        watch.time += every
    return poisons


def test_many_in_a_row_stop_and_one_less_does_not() -> None:
    assert after(*["dead"] * MOST_POISONS).too_many
    assert after(*["parked"] * MOST_POISONS).too_many
    assert not after(*["dead"] * (MOST_POISONS - 1)).too_many


def test_a_readable_foreign_record_excuses_what_could_not_be_read_and_no_more() -> None:
    half = MOST_POISONS // 2
    assert not after(*["dead"] * half, "readable", *["dead"] * half).too_many
    assert after(*["parked"] * half, "readable", *["parked"] * half).too_many
    assert not after(*["parked"] * half, "good", *["parked"] * half).too_many


@given(st.lists(FATES, max_size=200))
def test_rare_rubbish_never_adds_up(fates: list[str]) -> None:
    assert not after(*fates, every=WITHIN / (MOST_POISONS - 1) + 1).too_many


@given(st.lists(st.lists(FATES, max_size=MOST_POISONS - 1), max_size=10))
def test_good_ones_between_forbid_a_stop(runs: list[list[str]]) -> None:
    assert not after(*[fate for run in runs for fate in (*run, "good")], every=0).too_many


def test_an_operator_lets_it_go_on() -> None:
    poisons = after(*["dead"] * MOST_POISONS)
    poisons.good()
    assert not poisons.too_many
    poisons.bad("dead")
    assert not poisons.too_many, "the count begins anew"


def test_what_lies_between_is_seen_in_the_order_of_arrival() -> None:
    ours, foreign = uuid4(), uuid4()

    def record(offset: int) -> Any:
        return SimpleNamespace(topic="t", partition=0, offset=offset)

    every = [(ours, record(0)), (foreign, record(1)), (ours, record(2)), (ours, record(3))]
    readable = after_readable(every, {ours}, lambda each: each.offset == 1)
    assert readable == {("t", 0, 2)}
    assert after_readable(every, {ours}, lambda each: False) == set()
    assert after_readable(every[:2], {ours}, lambda each: True) == {None}
