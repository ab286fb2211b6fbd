"""The times of a call 来电时间: ring before answer before hang-up, and none in the future. Pure."""

from datetime import datetime, timedelta

from backbone.words.errors import InvalidArgument
from services.alarm.receipt.record import Report

TIMES = ("ring_time", "answer_time", "hang_up_time")
# The clocks of a telephone system and of this machine may differ by so much.
SKEW = timedelta(minutes=2)


def require_times(said: dict[str, datetime | None], before: Report | None, now: datetime) -> None:
    """Check the times that were said, together with those that the report has already. Raises
    InvalidArgument with the field of the first that is wrong."""
    earlier: tuple[str, datetime] | None = None
    for name in TIMES:
        time = said[name] or (getattr(before, name) if before else None)
        if time is None:
            continue
        if time > now + SKEW:
            raise InvalidArgument("TIME_IN_FUTURE", field=name, time=time)
        if earlier is not None and time < earlier[1]:
            raise InvalidArgument("TIMES_OUT_OF_ORDER", field=name, earlier=earlier[0])
        earlier = (name, time)


def times_of(said: object) -> dict[str, datetime | None]:
    """The times of a command, by the names of their fields."""
    return {name: getattr(said, name) for name in TIMES}
