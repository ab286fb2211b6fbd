"""Checks the ladder: for each of its words the city has a person who is there."""

from collections.abc import Iterator

from services.directory.flaws import Finding, Severity, Spot
from services.directory.pack import Pack


def check_ladder(pack: Pack) -> Iterator[Finding]:
    """Warn of words that stand for no person: their rungs would go on to the next at once."""
    ladder, people = pack.city.ladder, pack.city.people.values()
    held = {role for person in people if not person.absence for role in person.roles}
    told = {who for rungs in ladder.rungs.values() for step in rungs for who in step.tell}
    for who in sorted(told & ladder.people.keys()):
        roles = ladder.people[who].roles
        if not held.intersection(roles):
            detail = f"no person who is there holds {' or '.join(roles)}: its rungs tell no person"
            yield Finding(Severity.WARNING, "LADDER_UNSTAFFED", Spot("ladder.yaml"), who, detail)
