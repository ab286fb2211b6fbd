"""Teams recommended to the desk that opens a matter, each with its reasons. Pure.

What a city asks for stands in its pack: routes with `linkage`, and the skills of a class. Distance
is measured to the middle of the team's area, as no team tells where it is.
"""

from collections.abc import Collection, Iterable, Mapping
from itertools import islice

from msgspec import Struct

from backbone.words.actor import Actor
from backbone.words.city import City, Team
from backbone.words.linkage import classes_of, needs_of, rows_of
from backbone.words.place import Point, contains
from backbone.words.policy import Route
from services.alarm.receipt.record import Receipt
from services.alarm.receipt.suggestions import distance

SOURCE = "ALARM"
# Only so many are asked about, for each class, and shown: at least one for each.
NEAREST, BEST = 12, 3
# The weight of an open mission, and of a terminal that is away, in metres of distance.
PER_MISSION, UNHEARD = 5_000.0, 10_000.0
READY, NOT_STAFFED = "AVAILABLE", "NOT_STAFFED"


class Standing(Struct, frozen=True):
    """The state of a team by the emergency service; an empty duty means that it did not answer.

    `on_duty` is None while the staff is not known.
    """

    duty: str = ""
    terminals: int = 0
    missions: int = 0
    on_duty: int | None = None

    @property
    def unready(self) -> str:
        """Why an order to it would be refused; empty if nothing is known against it."""
        if self.duty not in ("", READY):
            return self.duty
        return NOT_STAFFED if self.on_duty == 0 else ""


UNKNOWN = Standing()


class Recommended(Struct, frozen=True):
    """A team with what speaks for and against it; `metres` is None if a place is unknown."""

    team: str
    name: str
    unit: str
    skills: tuple[str, ...]
    metres: float | None
    standing: Standing


def linkage(city: City, receipt: Receipt) -> tuple[Route, ...]:
    """The rows of the routing table that ask for teams for the receipt."""
    return rows_of(city, _classes(receipt), receipt.classification.priority, SOURCE)


def _classes(receipt: Receipt) -> tuple[str, ...]:
    given = receipt.classification
    return classes_of(given.category, given.priority, receipt.suggestions.danger)


def candidates(
    city: City,
    receipt: Receipt,
    by: Actor,
    centres: Mapping[str, Point],
    sent: Collection[str] = (),
) -> tuple[Team, ...]:
    """The nearest teams with a wanted skill that the person may send, of each class and danger; not
    those that were sent, nor one of the unit that the report accuses: the order would be refused.
    """
    fit = [
        team
        for team in city.teams.values()
        if team.code not in sent
        and (by.unit == team.unit or contains(by.area, team.area))
        and not city.is_accused(team.unit, receipt.against)
    ]
    fit.sort(key=lambda team: (_far(metres_to(team, receipt, centres)), team.code))
    near = (
        team
        for wanted in needs_of(city, _classes(receipt))
        for team in islice((each for each in fit if set(wanted) & set(each.skills)), NEAREST)
    )
    return tuple(dict.fromkeys(near))


def recommend(
    city: City,
    receipt: Receipt,
    teams: Iterable[Team],
    standings: Mapping[str, Standing],
    centres: Mapping[str, Point],
) -> tuple[Recommended, ...]:
    """The best first: those that are ready, then the first skill, then near, free and connected.
    One for each class and danger is among them."""
    needs = needs_of(city, _classes(receipt))
    wanted = tuple(dict.fromkeys(skill for need in needs for skill in need))
    found = [
        _recommended(team, wanted, standings.get(team.code, UNKNOWN), receipt, centres)
        for team in teams
    ]
    found.sort(key=lambda each: _rank(each, wanted))
    firsts = (
        next((each for each in found if set(need) & set(each.skills)), None) for need in needs
    )
    chosen = {each.team for each in firsts if each is not None}
    rest = (each.team for each in found if each.team not in chosen)
    chosen |= {*islice(rest, max(0, BEST - len(chosen)))}
    return tuple(each for each in found if each.team in chosen)


def _recommended(
    team: Team,
    wanted: tuple[str, ...],
    standing: Standing,
    receipt: Receipt,
    centres: Mapping[str, Point],
) -> Recommended:
    skills = tuple(skill for skill in wanted if skill in team.skills)
    metres = metres_to(team, receipt, centres)
    return Recommended(team.code, team.name, team.unit, skills, metres, standing)


def _rank(each: Recommended, wanted: tuple[str, ...]) -> tuple[bool, int, float, str]:
    standing = each.standing
    unheard = 0.0 if standing.terminals or not standing.duty else UNHEARD
    cost = _far(each.metres) + PER_MISSION * standing.missions + unheard
    return bool(standing.unready), wanted.index(each.skills[0]), cost, each.team


def metres_to(team: Team, receipt: Receipt, centres: Mapping[str, Point]) -> float | None:
    """Metres from the middle of the team's area to the place, or to the middle of its area."""
    here = receipt.report.place.point or centres.get(receipt.area)
    there = centres.get(team.area)
    return distance(here, there) if here and there else None


def _far(metres: float | None) -> float:
    """A team whose distance is not known counts as far."""
    return 1e6 if metres is None else metres
