"""The rungs of a mission's ladder: frozen at the order, and which of them comes next. Pure."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.ladder import INSIDE, NOT_DELIVERED
from services.emergency.mission.working import WorkingTime, after


class Rung(Struct, frozen=True):
    """A rung is due `seconds` after the ladder's start, of working time if `working`; it is passed
    over if `when` no longer holds."""

    seconds: int
    when: str
    tell: tuple[str, ...]
    channels: tuple[str, ...] = ()
    working: bool = False


class Told(Struct, frozen=True):
    """The receivers of a rung: a board of the unit, or people, some of them by telephone too."""

    who: str
    unit: str
    users: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


class NextTeam(Struct, frozen=True):
    """A team that could go instead, and why."""

    team: str
    unit: str
    reasons: tuple[str, ...] = ()
    open_missions: int = 0


class Ladder(Struct, frozen=True):
    """`rungs` and `every_seconds` are the city's at the time of the order, or of the revision that
    has begun the ladder anew: `start` is then the time of that revision, and `base` the number of
    the last rung before it, as each number is used once.

    `rung` is the number of the last one that was fired or passed over, `due_time` the time of the
    next, None once the ladder has ended. `at_once` says that it was pulled forward. `alert_time` is
    when people outside the team were told first. `refused` says that the refusal was noticed: it is
    told once. `next_teams_time` is when the next teams were found. `hastened` says that the team
    went out of service meanwhile. `working_time` is the city's at the start, if a rung or the
    repeats (`every_working`) count in it.
    """

    rungs: tuple[Rung, ...]
    every_seconds: int
    rung: int = 0
    due_time: datetime | None = None
    at_once: bool = False
    alert_time: datetime | None = None
    told: tuple[Told, ...] = ()
    missing: tuple[str, ...] = ()
    next_teams: tuple[NextTeam, ...] = ()
    stopped_by: str = ""
    stop_reason: str = ""
    refused: bool = False
    base: int = 0
    start: datetime | None = None
    next_teams_time: datetime | None = None
    hastened: bool = False
    every_working: bool = False
    working_time: WorkingTime | None = None

    @property
    def last(self) -> int:
        """The number of the last rung that is no repeat."""
        return self.base + len(self.rungs)


def rung_of(ladder: Ladder, number: int) -> Rung:
    """The rung of this number; above their number the last one is repeated."""
    return ladder.rungs[min(number - ladder.base, len(ladder.rungs)) - 1]


def is_outside(rung: Rung) -> bool:
    """Whether it tells people outside the team."""
    return bool(set(rung.tell) - INSIDE)


def next_number(ladder: Ladder, delivered: bool) -> int:
    """The number of the next rung whose condition holds."""
    number = ladder.rung + 1
    while number <= ladder.last and delivered and rung_of(ladder, number).when == NOT_DELIVERED:
        number += 1
    return number


def next_for_people(ladder: Ladder) -> int:
    """The number of the next rung that tells people outside the team."""
    numbers = range(ladder.rung + 1, ladder.last + 1)
    outside = (n for n in numbers if is_outside(rung_of(ladder, n)))
    return next(outside, max(ladder.rung, ladder.last) + 1)


def scheduled(ladder: Ladder, ordered: datetime, delivered: bool) -> datetime:
    """When the next rung falls due, counted from the order or from the ladder's own start."""
    number = next_number(ladder, delivered)
    over = max(0, number - ladder.last)
    rung = rung_of(ladder, number)
    due = _after(ladder, ladder.start or ordered, rung.seconds, rung.working)
    return _after(ladder, due, over * ladder.every_seconds, ladder.every_working)


def _after(ladder: Ladder, start: datetime, seconds: int, working: bool) -> datetime:
    return after(start, seconds, ladder.working_time if working else None)


def after_rung(
    ladder: Ladder, ordered: datetime, delivered: bool, now: datetime
) -> tuple[datetime, bool]:
    """When the rung after the one that is fired now falls due, and whether it is a repeat.

    Rungs that were missed are made up for, missed repeats are not.
    """
    if next_number(ladder, delivered) <= ladder.last:
        return scheduled(ladder, ordered, delivered), False
    every, working = ladder.every_seconds, ladder.every_working
    due = _after(ladder, ladder.due_time or now, every, working)
    return (due if due > now else _after(ladder, now, every, working)), True


def begun(ladder: Ladder, start: datetime) -> Ladder:
    """The ladder of a new mission; `at_once` pulls its next rung forward to the start."""
    due = start if ladder.at_once else scheduled(ladder, start, delivered=False)
    return replace(ladder, due_time=due)


def the_same(ladder: Ladder, working_time: WorkingTime | None = None) -> Ladder:
    """The ladder before its first rung, with this working time if that is known better."""
    return Ladder(
        ladder.rungs,
        ladder.every_seconds,
        every_working=ladder.every_working,
        working_time=working_time or ladder.working_time,
    )


def begun_anew(ladder: Ladder, before: Ladder | None, start: datetime, delivered: bool) -> Ladder:
    """The ladder from this time on, with numbers above those used before.

    People who were told, and still wait for the answer, keep their alert.
    """
    used = before.rung if before else 0
    fresh = replace(the_same(ladder), rung=used, base=used, start=start)
    if before is not None and before.due_time is not None:
        fresh = replace(
            fresh,
            alert_time=before.alert_time,
            told=before.told,
            missing=before.missing,
            next_teams=before.next_teams,
            next_teams_time=before.next_teams_time,
        )
    return replace(fresh, due_time=scheduled(fresh, start, delivered))
