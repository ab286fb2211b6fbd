"""Missions and team statuses: every verb, in every state, by every crew and every role."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from backbone.words.actor import Actor
from services.emergency.deciders import missions, statuses
from services.emergency.mission.correcting import ReviseMission
from services.emergency.mission.hiding import HideMission
from services.emergency.mission.joining import JoinMatter
from services.emergency.mission.ladder import CLIMBED, ClimbLadder, HastenLadder, StopLadder
from services.emergency.mission.left import LeaveToDesk
from services.emergency.mission.recalling import ConfirmRecall, RecallMission, ReopenMatter
from services.emergency.mission.record import (
    OVER,
    UNANSWERED,
    Cause,
    Mission,
    State,
    Team,
    mission_id,
)
from services.emergency.mission.repeats import Lapse
from services.emergency.mission.rising import RANK, STAMPS, rank_of
from services.emergency.mission.steps import (
    AcknowledgeMission,
    ClearMission,
    Crew,
    ReceiveMission,
    RefuseMission,
    ReportEnRoute,
    ReportOnScene,
)
from services.emergency.team.status import Duty, SetTeamStatus
from tests.life_cycles import ACCEPTED, Legal, LifeCycleChecks, Subject, require_reviewed
from tests.unit.emergency.missions import (
    DISPATCH,
    FACTS,
    LADDER_DISPATCH,
    LEE,
    MATTER,
    MOVED,
    NEXT,
    PEOPLE,
    STRANGER,
    WITHDRAW,
)

RECEIVE, ACKNOWLEDGE = ReceiveMission(LEE), AcknowledgeMission(LEE)
DEPART, ARRIVE, CLEAR = ReportEnRoute(LEE), ReportOnScene(LEE), ClearMission(LEE, "done")
REFUSE = RefuseMission(LEE, "vehicle broken")
SET = SetTeamStatus(
    Actor("lee", role="team_leader"),
    "fire-1",
    "fire-1",
    Team("990101-fire", "990101"),
    Duty.RESTING,
    "",
)


def by_crew(command: Any, crew: Crew, role: str) -> Any:
    """The steps ask for the team, not for a role; to recall it or to end its ladder takes one."""
    if isinstance(command, StopLadder):
        return replace(command, by=Actor(crew.user, crew.unit, role), own_team=crew.team)
    if isinstance(command, RecallMission):
        unit = "" if crew.team else crew.unit
        return replace(command, by=Actor(crew.user, unit, role))
    return replace(command, by=crew)


def for_team(command: SetTeamStatus, person: tuple[Actor, str], role: str) -> SetTeamStatus:
    """The command of a person in this role, who belongs to a team or to none."""
    actor, team = person
    return replace(command, by=replace(actor, role=role), own_team=team)


def it_is_pushed_until_it_is_answered(mission: Mission) -> None:
    """Every step up to the state has a time; it has an ending once it has ended."""
    assert mission.id == mission_id(MATTER, "fire-1")
    ladder = mission.ladder
    climbs = ladder is not None and ladder.due_time is not None and mission.state not in OVER
    pushed = mission.pushes.due_time is not None
    assert not (climbs and pushed), "one clock pushes it"
    if ladder is None or not ladder.stopped_by:
        assert (climbs or pushed) == mission.asks
    if ladder is not None and mission.state in UNANSWERED:
        assert climbs == (not ladder.stopped_by)
    assert ladder is None or ladder.due_time is None or mission.state in CLIMBED
    assert mission.asks or mission.state not in UNANSWERED
    assert (mission.ending is not None) == (mission.state in OVER)
    assert (mission.recall is not None) == (mission.state is State.RECALLED)
    assert mission.pushes.asked <= mission.pushes.revision
    assert max(mission.progress.signed, default=1) <= mission.pushes.revision
    reached = [state for state in STAMPS if RANK[state] <= rank_of(mission)]
    assert all(getattr(mission.progress, STAMPS[state]) for state in reached)
    assert set(mission.progress.implied) <= set(reached)


STOP = StopLadder(Actor("zhao", "desk", "dispatcher"), "", "phoned them")
WITHDRAW_SAME = replace(WITHDRAW, recall=replace(WITHDRAW.recall, cause=Cause.SAME_MATTER))
LADDERED = {
    State.PENDING: (LADDER_DISPATCH,),
    State.DELIVERED: (LADDER_DISPATCH, RECEIVE),
    State.ACKNOWLEDGED: (LADDER_DISPATCH, RECEIVE, ACKNOWLEDGE, MOVED),
    State.EN_ROUTE: (LADDER_DISPATCH, RECEIVE, ACKNOWLEDGE, DEPART, MOVED),
    State.ON_SCENE: (LADDER_DISPATCH, RECEIVE, ACKNOWLEDGE, DEPART, ARRIVE, MOVED),
    State.REFUSED: (LADDER_DISPATCH, REFUSE),
    State.RECALLED: (LADDER_DISPATCH, WITHDRAW_SAME, ConfirmRecall(LEE)),
}
MISSION = Subject(
    title="a mission",
    decider=missions,
    histories={
        State.PENDING: (DISPATCH,),
        State.DELIVERED: (DISPATCH, RECEIVE),
        State.ACKNOWLEDGED: (DISPATCH, RECEIVE, ACKNOWLEDGE),
        State.EN_ROUTE: (DISPATCH, RECEIVE, ACKNOWLEDGE, DEPART),
        State.ON_SCENE: (DISPATCH, RECEIVE, ACKNOWLEDGE, DEPART, ARRIVE),
        State.CLEARED: (DISPATCH, CLEAR),
        State.REFUSED: (DISPATCH, REFUSE),
        State.RECALLED: (DISPATCH, WITHDRAW),
    },
    legal=(
        Legal(DISPATCH),
        Legal(RECEIVE),
        Legal(ACKNOWLEDGE),
        Legal(replace(REFUSE, unable=True)),
        Legal(DEPART),
        Legal(ARRIVE),
        Legal(CLEAR),
        Legal(
            Lapse(),
            needs=(timedelta(seconds=10),),
            but=dict.fromkeys((State.ACKNOWLEDGED, State.EN_ROUTE, State.ON_SCENE), "NOT_DUE"),
        ),
        Legal(MOVED),
        Legal(RecallMission(Actor("zhao", "desk", "call_taker"), "已自行扑灭")),
        Legal(WITHDRAW),
        Legal(HideMission()),
        Legal(LeaveToDesk(DISPATCH.order.matter_id, 8)),
        Legal(ConfirmRecall(LEE)),
        Legal(ReopenMatter(DISPATCH.order.matter_id)),
        Legal(JoinMatter(UUID(int=8), "990101260101-000002-1", "fire-1")),
        Legal(
            ClimbLadder(PEOPLE, NEXT, ("SMS",)), needs=(timedelta(seconds=15),), instead=LADDERED
        ),
        Legal(STOP, instead=LADDERED),
        Legal(HastenLadder(), instead=LADDERED),
    ),
    people={
        "team": LEE,
        "unit of the team": Crew("sun", "", "990101-fire"),
        "unit that ordered it": Crew("zhao", "", "desk"),
        "another team": STRANGER,
        "another team of the unit": Crew("wang", "fire-2", "990101-fire"),
        "another unit": Crew("chen", "", "south"),
        "without team and unit": Crew("gao", "", ""),
    },
    strangers=(
        "another team",
        "another team of the unit",
        "another unit",
        "without team and unit",
    ),
    roles=("call_taker", "dispatcher", "duty_officer", "clerk"),
    given_by=by_crew,
    openings=((DISPATCH,), (LADDER_DISPATCH,)),
    more=(
        ClimbLadder(),
        ClearMission(LEE),
        ReceiveMission(LEE, seq=40, entry=41),
        ReviseMission(FACTS),
        ReviseMission(replace(FACTS, danger="有人持刀", priority="P2")),
        AcknowledgeMission(LEE, revision=1),
        AcknowledgeMission(LEE, revision=2),
        JoinMatter(MATTER, "", "fire-1"),
    ),
    pause=timedelta(seconds=60),
    invariant=it_is_pushed_until_it_is_answered,
)
STATUS = Subject(
    title="the status of a team",
    decider=statuses,
    histories={"ANY": (SET,)},
    legal=(Legal(SET, but={"ANY": ACCEPTED}),),
    people={
        "team": (Actor("lee"), "fire-1"),
        "another team of the unit": (Actor("wang", "990101-fire"), "fire-2"),
        "unit of the team": (Actor("sun", "990101-fire", "", "990102"), ""),
        "unit of its area": (Actor("zhao", "990101-command", "", "990101"), ""),
        "unit elsewhere": (Actor("chen", "990102-command", "", "990102"), ""),
    },
    given_by=for_team,
    openings=((SET,),),
    more=(replace(SET, note="refuelling"), replace(SET, duty=Duty.AVAILABLE)),
)


class TestMission(LifeCycleChecks):
    subject = MISSION


class TestStatus(LifeCycleChecks):
    subject = STATUS


def test_the_rights_are_those_that_were_reviewed() -> None:
    require_reviewed(Path(__file__).with_name("who_may.txt"), [MISSION, STATUS])
