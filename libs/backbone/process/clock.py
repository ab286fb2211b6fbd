"""The time, by the clock of the database: the clock of this host is corrected by it.

The database judges deadlines and clocks, so a host whose clock is off would have every command
refused as late, or would date what it writes wrongly.
"""

from datetime import UTC, datetime, timedelta

# Less is left alone: measuring is no more exact while the machine is busy.
MEANT = timedelta(seconds=1)
# A clock that is off by more than this is a flaw, although it is corrected.
TOLERATED = timedelta(seconds=2)
# An answer that took longer says too little about the time.
LONGEST = timedelta(seconds=1)


class HostClock:
    """The clock of this host, and by how much it is ahead of the database's."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def learn(self, asked: datetime, told: datetime, answered: datetime) -> timedelta | None:
        """Learn from one answer of the database; return how far the host is ahead, if it says."""
        if not timedelta(0) <= answered - asked <= LONGEST:
            return None
        ahead = asked + (answered - asked) / 2 - told
        self._ahead = ahead if abs(ahead) > MEANT else timedelta(0)
        return ahead

    def now(self) -> datetime:
        return datetime.now(UTC) - self._ahead


# One process has one host.
HOST = HostClock()
now = HOST.now


def flaw_of(ahead: timedelta) -> str:
    """The flaw of a clock that is so far ahead, for readiness; empty if it is well."""
    if abs(ahead) <= TOLERATED:
        return ""
    way = "ahead of" if ahead > timedelta(0) else "behind"
    return (
        f"the clock of this host is {abs(ahead).total_seconds():.1f} s {way} the database's, by "
        "which it is corrected: set it"
    )
