"""The plan of the simulated call-taker for each call, made before the replay and repeatable.

It does not depend on the city's answers, so a second replay sends exactly the same requests.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from backbone.words.place import Point, contains, significant
from operate.replay.city import Team
from operate.replay.rows import DANGER, Call


class End(StrEnum):
    """The five ways in which a receipt ends, as the API calls them."""

    OPENED = "OPENED"
    LINKED = "LINKED"
    ANSWERED = "ANSWERED"
    PASSED = "PASSED"
    INVALID = "INVALID"


# The weights of the ends, in the order of `End`: calls about danger are never turned away.
SHARES = {
    "P1": (92, 8, 0, 0, 0),
    "P2": (76, 8, 5, 6, 5),
    "P3": (68, 7, 9, 10, 6),
    "P4": (50, 5, 20, 18, 7),
}
RECENT = 40
# The kind of team that is sent, by top category; the police for all others.
SENT = {"fire": "fire", "rescue": "fire", "hazard": "emergency", "medical": "medical"}
POLICE = "police"


@dataclass(frozen=True, slots=True)
class Planned:
    """`about` is the key of the call that this one repeats."""

    call: Call
    end: End
    about: str = ""

    @property
    def sends_team(self) -> bool:
        """Whether a team is sent at once: if life is in danger and the call is no repeat."""
        return self.end is End.OPENED and self.call.priority == DANGER


def plan(calls: Sequence[Call]) -> list[Planned]:
    """Plan the calls in order; a call to be linked is opened if there is no earlier call."""
    opened: list[Call] = []
    planned = []
    for call in calls:
        about = nearest_call(call, opened[-RECENT:])
        end = chosen(call)
        if end is End.LINKED and about is None:
            end = End.OPENED
        if end is End.OPENED:
            opened.append(call)
        linked = about.key if about and end is End.LINKED else ""
        planned.append(Planned(call, end, linked))
    return planned


def chosen(call: Call) -> End:
    """Choose by the row's key, so that the end does not depend on other rows."""
    chance = random.Random(call.key)  # noqa: S311 - a choice, not a secret
    return chance.choices(list(End), SHARES[call.priority])[0]


def nearest_call(call: Call, among: Sequence[Call]) -> Call | None:
    """The nearest call, preferably of the same category; None if there is none."""
    return min(
        among,
        key=lambda each: (each.category != call.category, distance(each.point, call.point)),
        default=None,
    )


def nearest_team(category: str, grid: str, teams: Sequence[Team]) -> Team | None:
    """The team of the right kind with the smallest area that contains the grid, if any."""
    kind = SENT.get(category.partition(".")[0], POLICE)
    return max(
        teams,
        key=lambda team: (
            team.kind == kind and contains(team.area, grid),
            contains(team.area, grid),
            len(significant(team.area)),
            team.code,
        ),
        default=None,
    )


def distance(one: Point, other: Point) -> float:
    return (one.longitude - other.longitude) ** 2 + (one.latitude - other.latitude) ** 2
