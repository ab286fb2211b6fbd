"""The ladder of a city 签收阶梯: whom a mission without an answer is told to, and when. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

NOT_DELIVERED, NOT_ACKNOWLEDGED = "NOT_DELIVERED", "NOT_ACKNOWLEDGED"
CONDITIONS = frozenset({NOT_DELIVERED, NOT_ACKNOWLEDGED})

TEAM, DESK, NEXT_TEAM = "TEAM", "DESK", "NEXT_TEAM"
# These words stand for people, whom the city's staff gives.
PEOPLE = ("TEAM_LEADER", "DEPUTY", "DUTY_OFFICER", "SHIFT_COMMANDER", "SUPERVISION")
WHO = frozenset({TEAM, DESK, NEXT_TEAM, *PEOPLE})
INSIDE = frozenset({TEAM, "TEAM_LEADER"})
"""Those who belong to the team itself."""
PLACES = frozenset({"TEAM", "UNIT", "ABOVE", "DESK"})
CHANNELS = frozenset({"SMS", "VOICE"})


@dataclass(frozen=True, slots=True)
class Step:
    """One rung, so many seconds after the order; passed over if `when` no longer holds.

    `working`: the seconds count in working hours alone.
    """

    seconds: int
    when: str
    tell: tuple[str, ...]
    channels: tuple[str, ...] = ()
    working: bool = False


@dataclass(frozen=True, slots=True)
class People:
    """Which people a word stands for: those with one of the roles, of a team or a unit.

    `of` is TEAM, UNIT (the team's), ABOVE (the nearest to it, upwards, that has such people) or
    DESK (the unit that ordered the mission).
    """

    of: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs of each priority; the last one is repeated every so many seconds, for ever.

    `working` are the priorities whose repeats count in working hours alone.
    """

    rungs: Mapping[str, tuple[Step, ...]]
    every_seconds: Mapping[str, int]
    people: Mapping[str, People]
    working: frozenset[str] = frozenset()


def _scaled(factor: int) -> tuple[Step, ...]:
    return tuple(Step(step.seconds * factor, step.when, step.tell, step.channels) for step in _P1)


_P1 = (
    Step(3, NOT_DELIVERED, ("TEAM",)),
    Step(8, NOT_DELIVERED, ("TEAM_LEADER",), ("SMS", "VOICE")),
    Step(15, NOT_ACKNOWLEDGED, ("TEAM", "DESK")),
    Step(30, NOT_ACKNOWLEDGED, ("TEAM", "DESK", "DEPUTY", "DUTY_OFFICER", "NEXT_TEAM"), ("VOICE",)),
    Step(60, NOT_ACKNOWLEDGED, ("TEAM", "DESK", "SUPERVISION")),
    Step(120, NOT_ACKNOWLEDGED, ("TEAM", "SHIFT_COMMANDER"), ("VOICE",)),
    Step(180, NOT_ACKNOWLEDGED, ("TEAM", "DESK", "SHIFT_COMMANDER", "SUPERVISION"), ("VOICE",)),
)
_P3 = (
    Step(60, NOT_DELIVERED, ("TEAM",)),
    Step(300, NOT_ACKNOWLEDGED, ("TEAM", "TEAM_LEADER")),
    Step(900, NOT_ACKNOWLEDGED, ("TEAM", "DESK")),
    Step(1800, NOT_ACKNOWLEDGED, ("TEAM", "DESK", "DUTY_OFFICER", "NEXT_TEAM"), working=True),
)
_P4 = (
    Step(300, NOT_DELIVERED, ("TEAM",)),
    Step(3600, NOT_ACKNOWLEDGED, ("TEAM", "TEAM_LEADER"), working=True),
    Step(14400, NOT_ACKNOWLEDGED, ("TEAM", "DESK", "DUTY_OFFICER"), working=True),
)
USUAL = Ladder(
    rungs={"P1": _P1, "P2": _scaled(2), "P3": _P3, "P4": _P4},
    every_seconds={"P1": 60, "P2": 120, "P3": 1800, "P4": 14400},
    people={
        "TEAM_LEADER": People("TEAM", ("team_leader",)),
        "DEPUTY": People("UNIT", ("leader", "head")),
        "DUTY_OFFICER": People("ABOVE", ("duty_officer",)),
        "SHIFT_COMMANDER": People("DESK", ("duty_officer",)),
        "SUPERVISION": People("ABOVE", ("supervisor",)),
    },
    working=frozenset({"P3", "P4"}),
)
"""In force where a pack has no ladder of its own. The desk, which is there day and night, hears of
a silent team at once; the people whom a later rung would fetch are told in working hours."""
