"""Finds the people for whom the words of a ladder stand at this time, in the city's staff. Pure.

People who are away are passed over. A city whose staff is not known yet has no people.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from backbone.words.city import City, Person
from backbone.words.ladder import People
from services.emergency.mission.rungs import Ladder, Rung, Told
from services.emergency.mission.working import kept

Group = tuple[str, tuple[str, ...]]


def people_of(city: City, team: str, unit: str, desk: str) -> tuple[Told, ...]:
    """The people of each word; words without any person are left out."""
    found = (
        (who, _group(city, each, team, unit, desk)) for who, each in city.ladder.people.items()
    )
    return tuple(Told(who, of, users) for who, (of, users) in found if users)


def on_duty(city: City, team: str) -> int | None:
    """How many people of the team are there; None while the staff is not known."""
    if not city.people or team not in city.teams:
        return None
    return sum(1 for _ in _members(city, team))


def frozen(city: City, priority: str, now: datetime) -> Ladder | None:
    """The ladder of a priority as a mission keeps it from now on."""
    rungs = tuple(
        Rung(step.seconds, step.when, step.tell, step.channels, step.working)
        for step in city.ladder.rungs.get(priority, ())
    )
    if not rungs:
        return None
    every_working = priority in city.ladder.working
    works = every_working or any(rung.working for rung in rungs)
    return Ladder(
        rungs,
        city.ladder.every_seconds.get(priority, 60),
        every_working=every_working,
        working_time=kept(city.calendar, now) if works else None,
    )


def _group(city: City, people: People, team: str, unit: str, desk: str) -> Group:
    roles = set(people.roles)
    if people.of == "TEAM":
        return unit, _leader_first(city, team, roles)
    start = desk if people.of == "DESK" else unit
    above = () if people.of == "UNIT" else city.superiors(start)
    for code in (start, *above):
        if users := _users(city.staff_of(code), roles):
            return code, users
    return start, ()


def _leader_first(city: City, team: str, roles: set[str]) -> tuple[str, ...]:
    users = _users(_members(city, team), roles)
    leader = city.teams[team].leader if team in city.teams else ""
    return (leader,) if leader in users else users


def _members(city: City, team: str) -> Iterator[Person]:
    known = city.teams.get(team)
    for user in known.members if known else ():
        person = city.people.get(user)
        if person is not None and not person.absence:
            yield person


def _users(people: Iterable[Person], roles: set[str]) -> tuple[str, ...]:
    there = (person for person in people if roles.intersection(person.roles))
    return tuple(sorted(person.user for person in there if not person.absence))
