"""What became of an order, as the receipt shows it."""

from datetime import UTC, datetime, timedelta

import pytest

from liandong.alarm.v1.alarm_pb2 import Dispatch
from liandong.emergency.v1.emergency_pb2 import Mission
from services.alarm.codec import show_missions

REFUSED = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = REFUSED + timedelta(hours=1)


@pytest.mark.parametrize(("ended", "shown"), [(REFUSED, REFUSED), (None, LATER)])
def test_the_time_of_an_order_that_is_over_is_that_of_its_end(
    ended: datetime | None, shown: datetime
) -> None:
    """A later merge of its receipt, or a person to be named no more, changes the mission alone."""
    mission = Mission(id="m", team="red", state=Mission.STATE_REFUSED)
    mission.time.FromDatetime(LATER)
    if ended is not None:
        mission.end_time.FromDatetime(ended)
    order = Dispatch(team="red")
    show_missions([order], [mission])
    assert order.time.ToDatetime(UTC) == shown
