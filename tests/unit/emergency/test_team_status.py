"""What a team says of itself, and who else may say it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backbone.words.actor import Actor
from backbone.words.errors import NotFound, Refusal
from services.emergency.mission.record import Team
from services.emergency.team import STATUSES
from services.emergency.team.status import Duty, SetTeamStatus, TeamStatus
from tests.life_cycles import ALONE

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEADER = Actor("lee", role="team_leader")
DISPATCHER = Actor("zhao", "990100-command", "dispatcher", "990100")
FIRE = Team("990101-fire", "990101")


def decide(status: TeamStatus | None, command: SetTeamStatus, now: datetime) -> list[Any]:
    return STATUSES.decide(status, command, now, ALONE)


evolve = STATUSES.evolve


def a_command(
    by: Actor = LEADER,
    own_team: str = "fire-1",
    of: Team | None = FIRE,
    duty: Duty | None = Duty.RESTING,
    note: str = "",
) -> SetTeamStatus:
    return SetTeamStatus(by, own_team, "fire-1", of, duty, note)


def a_status(command: SetTeamStatus) -> TeamStatus:
    [event] = decide(None, command, NOW)
    return evolve(None, event)


@pytest.mark.parametrize("duty", Duty)
def test_a_team_and_a_dispatcher_may_say(duty: Duty) -> None:
    assert a_status(a_command(duty=duty)).duty is duty
    by_desk = a_status(a_command(by=DISPATCHER, own_team="", duty=duty))
    assert (by_desk.duty, by_desk.set_by, by_desk.version) == (duty, "zhao", 1)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (a_command(of=None), "UNKNOWN_TEAM"),
        (a_command(own_team="fire-2"), "NOT_YOUR_TEAM"),
        (a_command(duty=None), "UNKNOWN_DUTY"),
    ],
)
def test_guards(command: SetTeamStatus, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        decide(None, command, NOW)


@pytest.mark.parametrize("role", ["dispatcher", "duty_officer"])
def test_nobody_speaks_for_a_team_outside_the_own_area_and_unit(role: str) -> None:
    for area, unit, may in [
        ("990101", "990101-command", True),
        ("990102", "990101-fire", True),
        ("990102", "990102-command", False),
        ("", "", False),
    ]:
        command = a_command(by=Actor("zhao", unit, role, area), own_team="")
        if may:
            assert a_status(command).set_by == "zhao"
        else:
            with pytest.raises(Refusal, match="NO_SUCH_TEAM"):
                decide(None, command, NOW)


def test_the_same_again_changes_nothing() -> None:
    status = a_status(a_command())
    assert decide(status, a_command(), NOW) == []
    [event] = decide(status, a_command(note="refuelling"), NOW + timedelta(hours=1))
    assert (evolve(status, event).version, evolve(status, event).note) == (2, "refuelling")


def test_a_repeat_is_for_those_who_may_still_set_it() -> None:
    status = a_status(a_command(by=DISPATCHER, own_team=""))
    STATUSES.check_repeat(status, a_command(by=DISPATCHER, own_team=""), NOW, ALONE)
    STATUSES.check_repeat(status, a_command(of=None), NOW, ALONE)
    moved = a_command(by=Actor("zhao", "990102-command", "dispatcher", "990102"), own_team="")
    with pytest.raises(NotFound, match="NO_SUCH_TEAM"):
        STATUSES.check_repeat(status, moved, NOW, ALONE)
