"""When the evidence is checked: at night, and by day only when a night was missed."""

from datetime import UTC, datetime, timedelta

import pytest

from backbone.postgres.numbers import CHINA
from backbone.shell.nightly import HOUR, is_due

# Independent of the time zone of the machine: containers run in UTC.
NIGHT = datetime(2026, 3, 2, HOUR, 20, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("now", "age", "due"),
    [
        (NIGHT, timedelta(hours=24), True),
        (NIGHT, timedelta(minutes=20), False),
        (NIGHT + timedelta(hours=6), timedelta(hours=30), False),
        (NIGHT + timedelta(hours=6), timedelta(hours=49), True),
    ],
)
def test_when(now: datetime, age: timedelta, due: bool) -> None:
    assert is_due(now.astimezone(UTC), now - age) is due
