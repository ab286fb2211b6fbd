"""The clock of a host is corrected by the database's, and a flaw if it is off."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.process.clock import HostClock, flaw_of

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
# An answer that took 2 ms is exact to 1 ms.
ROUNDED = timedelta(seconds=0.01)


def learnt(ahead: float, took: float = 0.002) -> tuple[HostClock, timedelta | None]:
    """A host that is so many seconds ahead, after one answer of the database."""
    host = HostClock()
    asked = NOON + timedelta(seconds=ahead)
    told = NOON + timedelta(seconds=took) / 2
    return host, host.learn(asked, told, asked + timedelta(seconds=took))


def require_behind(host: HostClock, seconds: float) -> None:
    """What it tells lies between two looks at the clock of the machine, less these seconds."""
    earliest = datetime.now(UTC)
    told = host.now() + timedelta(seconds=seconds)
    assert earliest - ROUNDED <= told <= datetime.now(UTC) + ROUNDED


@given(st.floats(-86_400, 86_400).filter(lambda ahead: abs(ahead) > 1.1))
def test_a_clock_that_is_off_tells_the_time_of_the_database(ahead: float) -> None:
    host, seen = learnt(ahead)
    assert seen is not None and abs(seen.total_seconds() - ahead) < 0.001
    require_behind(host, ahead)


@pytest.mark.parametrize(("ahead", "took"), [(0.5, 0.002), (-0.9, 0.002), (30.0, 5.0)])
def test_noise_and_slow_answers_correct_nothing(ahead: float, took: float) -> None:
    host, _ = learnt(ahead, took)
    require_behind(host, 0)


def test_a_clock_that_was_set_is_not_corrected_any_more() -> None:
    host, _ = learnt(-30)
    host.learn(NOON, NOON, NOON)
    require_behind(host, 0)


def test_the_flaw_says_which_way() -> None:
    assert "30.0 s behind" in flaw_of(timedelta(seconds=-30))
    assert "30.0 s ahead" in flaw_of(timedelta(seconds=30))
    assert flaw_of(timedelta(seconds=1.9)) == ""
