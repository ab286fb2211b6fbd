"""Checks the staff: everyone has a unit, every role a holder, every team a leader."""

from collections.abc import Iterator

from backbone.words.city import Person, Team
from backbone.words.roles import PEOPLE, SUPERIORS
from services.directory.flaws import Finding, Severity, Spot
from services.directory.pack import Pack


def check_staff(pack: Pack) -> Iterator[Finding]:
    """Check people, accounts and teams."""
    for person in pack.city.people.values():
        yield from _person(pack, person)
    held = {role for person in pack.city.people.values() for role in person.roles}
    for role in sorted(PEOPLE - held):
        spot, detail = Spot("staff.csv"), "no person holds it"
        yield Finding(Severity.WARNING, "ROLE_WITHOUT_HOLDER", spot, role, detail)
    yield from _accounts(pack)
    yield from _deciders(pack)
    for team in pack.city.teams.values():
        yield from _team(pack, team)


def _person(pack: Pack, person: Person) -> Iterator[Finding]:
    key = f"person/{person.user}"
    if person.unit not in pack.city.units:
        yield pack.wrong(key, "PERSON_UNIT_UNKNOWN", f"there is no unit {person.unit}")
    if person.team and person.team not in pack.city.teams:
        yield pack.wrong(key, "PERSON_TEAM_UNKNOWN", f"there is no team {person.team}")
    if not person.roles:
        yield pack.wrong(key, "PERSON_WITHOUT_ROLE", "it must have one role or more")
    for role in person.roles:
        if role not in PEOPLE:
            yield pack.wrong(key, "ROLE_UNKNOWN", f"there is no role {role}")


def _accounts(pack: Pack) -> Iterator[Finding]:
    for account in pack.accounts.values():
        person = pack.city.people.get(account.user)
        key = f"account/{account.user}"
        if person is None:
            yield pack.wrong(key, "ACCOUNT_WITHOUT_PERSON", "staff.csv has no such user")
        elif account.role not in person.roles or account.unit != person.unit:
            detail = f"staff.csv says {person.unit} as {', '.join(person.roles)}"
            yield pack.wrong(key, "ACCOUNT_DIFFERS", detail)


def _deciders(pack: Pack) -> Iterator[Finding]:
    """Units above others decide what those disagree on; without staff the next one up does."""
    for code in sorted({unit.parent for unit in pack.city.units.values() if unit.parent}):
        if code in pack.city.units and not pack.city.has_role(code, SUPERIORS):
            spot, detail = pack.spot(f"unit/{code}"), "no person there may designate a unit"
            yield Finding(Severity.WARNING, "NO_DECIDER", spot, code, detail)


def _team(pack: Pack, team: Team) -> Iterator[Finding]:
    key = f"team/{team.code}"
    if team.unit not in pack.city.units:
        yield pack.wrong(key, "TEAM_UNIT_UNKNOWN", f"there is no unit {team.unit}")
    if team.area not in pack.city.areas:
        yield pack.wrong(key, "TEAM_AREA_UNKNOWN", f"there is no area {team.area}")
    leader = pack.city.people.get(team.leader)
    if leader is None:
        yield pack.wrong(key, "TEAM_WITHOUT_LEADER", f"there is no user {team.leader!r}")
    elif leader.team != team.code or "team_leader" not in leader.roles:
        detail = f"{team.leader} is not a team_leader of this team"
        yield pack.wrong(key, "TEAM_WITHOUT_LEADER", detail)
    if not team.skills:
        yield pack.wrong(key, "TEAM_WITHOUT_SKILL", "nothing says what it can do")
