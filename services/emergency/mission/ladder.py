"""The ladder 签收阶梯: while a team does not answer, more and more people are told of it."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import Also, change, verb
from backbone.words.actor import Actor
from backbone.words.errors import Denied, InvalidTransition, NotFound
from backbone.words.guards import require_text
from backbone.words.ladder import DESK, INSIDE, NEXT_TEAM, PEOPLE, TEAM
from backbone.words.roles import COMMANDERS
from backbone.words.sight import sees
from services.emergency.mission.record import (
    OVER,
    UNANSWERED,
    UNDER_WAY,
    Cause,
    Mission,
    Recall,
    State,
)
from services.emergency.mission.repeats import MissionPushedAgain
from services.emergency.mission.rungs import (
    Ladder,
    NextTeam,
    Told,
    after_rung,
    next_for_people,
    next_number,
    rung_of,
    scheduled,
)

# A team that is under way climbs while it has a revision to sign for.
CLIMBED = UNDER_WAY | {State.REFUSED}


class ClimbLadder(Struct, frozen=True):
    """The next rung is due. `people` is whom the words of the ladder stand for at this time."""

    people: tuple[Told, ...] = ()
    next_teams: tuple[NextTeam, ...] = ()
    channels: tuple[str, ...] = ()


class HastenLadder(Struct, frozen=True):
    """The team went out of service before it has answered."""


class StopLadder(Struct, frozen=True):
    """`own_team` is the actor's team; empty for people who belong to none."""

    by: Actor
    own_team: str
    reason: str


class MissionUnanswered(Struct, frozen=True):
    time: datetime
    rung: int
    told: tuple[Told, ...]
    missing: tuple[str, ...]
    next_teams: tuple[NextTeam, ...]
    due_time: datetime
    next_due_time: datetime | None


class LadderHastened(Struct, frozen=True):
    """`rung` is the number before the rung that is due now."""

    time: datetime
    rung: int


class LadderStopped(Struct, frozen=True):
    time: datetime
    stopped_by: str
    reason: str


def climb(
    mission: Mission, command: ClimbLadder, now: datetime, also: Also
) -> list[MissionPushedAgain | MissionUnanswered]:
    """Fire the next rung; one that should reach people and finds none goes on to the next."""
    ladder = mission.ladder
    if ladder is None or ladder.due_time is None or now < ladder.due_time:
        raise InvalidTransition("NOT_DUE", state=mission.state)
    if mission.state is State.REFUSED:
        return [_last_call(mission, ladder, command, now)]
    delivered = mission.state is State.DELIVERED
    number = next_number(ladder, delivered)
    words = rung_of(ladder, number).tell
    told, missing = _resolved(mission, words, command, rung_of(ladder, number).channels)
    fired = replace(ladder, rung=number)
    due, is_repeat = after_rung(fired, mission.release.dispatch_time, delivered, now)
    reached = any(each.who in PEOPLE for each in told)
    if not is_repeat and not reached and set(missing) & set(PEOPLE):
        due = now
    teams = command.next_teams if NEXT_TEAM in words else ()
    unanswered = MissionUnanswered(now, number, told, missing, teams, ladder.due_time, due)
    if TEAM not in words:
        return [unanswered]
    return [MissionPushedAgain(now, mission.pushes.attempt + 1, None), unanswered]


def _last_call(
    mission: Mission, ladder: Ladder, command: ClimbLadder, now: datetime
) -> MissionUnanswered:
    """A refusal is told at once to those whom the next rung tells, and to the desk."""
    number = next_for_people(ladder)
    rung = rung_of(ladder, number)
    outside = tuple(who for who in rung.tell if who not in INSIDE)
    words = tuple(dict.fromkeys((DESK, *outside, NEXT_TEAM)))
    told, missing = _resolved(mission, words, command, rung.channels)
    due = ladder.due_time or now
    return MissionUnanswered(now, number, told, missing, command.next_teams, due, None)


def _resolved(
    mission: Mission, words: tuple[str, ...], command: ClimbLadder, channels: tuple[str, ...]
) -> tuple[tuple[Told, ...], tuple[str, ...]]:
    """The people and boards that a rung tells, and its words for which there is no person.

    A drill is told on no telephone.
    """
    order, release = mission.order, mission.release
    usable = () if order.exercise else tuple(c for c in channels if c in command.channels)
    known = {each.who: replace(each, channels=usable) for each in command.people if each.users}
    known[TEAM] = Told(TEAM, release.unit)
    if order.ordered_unit:
        known[DESK] = Told(DESK, order.ordered_unit)
    if command.next_teams:
        known[NEXT_TEAM] = Told(NEXT_TEAM, order.ordered_unit)
    told = tuple(known[who] for who in words if who in known)
    return told, tuple(who for who in words if who not in known)


def require_in_sight(mission: Mission, command: StopLadder) -> None:
    """Raises NotFound: a crew knows its own missions, others those of their unit and area."""
    own, team = command.own_team, mission.order.team
    if own != team if own else not sees(command.by, mission.facts):
        raise NotFound("NO_SUCH_MISSION")


def stop(mission: Mission, command: StopLadder, now: datetime, also: Also) -> list[LadderStopped]:
    if command.by.role not in COMMANDERS:
        raise Denied("ROLE_MAY_NOT", role=command.by.role)
    reason = require_text(command.reason, "REASON_MISSING")
    if _is_word_on_accused(mission, command):
        return [LadderStopped(now, command.by.user, reason)]
    if mission.recall is not None:
        _require_unseen(mission.recall)
        return [LadderStopped(now, command.by.user, reason)]
    if mission.ladder is None or (mission.state not in OVER and not mission.asks):
        raise InvalidTransition("NO_LADDER")
    if mission.ladder.stopped_by:
        by, said = mission.ladder.stopped_by, mission.ladder.stop_reason
        raise InvalidTransition("LADDER_STOPPED", by=by, reason=said)
    return [LadderStopped(now, command.by.user, reason)]


def _is_word_on_accused(mission: Mission, command: StopLadder) -> bool:
    """Whether a superior at the desk sees to a team of the accused unit; one of its own cannot."""
    outside = not command.own_team and command.by.unit != mission.release.unit
    return mission.accused_since is not None and outside


def _require_unseen(recall: Recall) -> None:
    """Raises InvalidTransition unless the matter may have lost its team by this recall."""
    may_lack = recall.cause is Cause.SAME_MATTER or recall.reopen_time is not None
    if not may_lack or recall.confirm_time is None:
        raise InvalidTransition("NO_LADDER")
    if recall.seen_by:
        raise InvalidTransition("LADDER_STOPPED", by=recall.seen_by, reason=recall.seen_reason)


def hasten(
    mission: Mission, command: HastenLadder, now: datetime, also: Also
) -> list[LadderHastened]:
    """The team is out of service: people hear of it now, not after the rungs for the team alone."""
    ladder = mission.ladder
    if ladder is None or ladder.due_time is None or ladder.hastened:
        raise InvalidTransition("NOT_DUE", state=mission.state)
    return [LadderHastened(now, max(ladder.rung, next_for_people(ladder) - 1))]


def hastened(mission: Mission, event: LadderHastened) -> Mission:
    if mission.ladder is None:
        return mission
    sooner = replace(
        mission.ladder, rung=event.rung, due_time=event.time, at_once=True, hastened=True
    )
    return replace(mission, ladder=sooner)


def unanswered(mission: Mission, event: MissionUnanswered) -> Mission:
    if mission.ladder is None:
        return mission
    outside = any(each.who not in INSIDE for each in event.told)
    alert_time = mission.ladder.alert_time or (event.time if outside else None)
    due = event.next_due_time
    asked = NEXT_TEAM in (*(each.who for each in event.told), *event.missing)
    climbed = replace(
        mission.ladder,
        rung=event.rung,
        due_time=due,
        at_once=due is not None and due <= event.time,
        alert_time=alert_time,
        told=event.told,
        missing=event.missing,
        next_teams=event.next_teams if asked else mission.ladder.next_teams,
        next_teams_time=event.time if asked else mission.ladder.next_teams_time,
    )
    return replace(mission, ladder=climbed)


def stopped(mission: Mission, event: LadderStopped) -> Mission:
    if mission.accused_since is not None and mission.hidden is not None:
        word = replace(mission.hidden, seen_by=event.stopped_by, seen_reason=event.reason)
        return replace(mission, hidden=word)
    if mission.recall is not None:
        seen = replace(mission.recall, seen_by=event.stopped_by, seen_reason=event.reason)
        return replace(mission, recall=seen)
    if mission.ladder is None:
        return mission
    ended = replace(
        mission.ladder, due_time=None, stopped_by=event.stopped_by, stop_reason=event.reason
    )
    return replace(mission, ladder=ended)


def keep_in_step(mission: Mission) -> Mission:
    """Follow a step of the team: an answer ends the ladder, a refusal is told at once.

    A team that has signed for an older revision than the one asked for has not answered yet.
    """
    ladder = mission.ladder
    if ladder is None:
        return mission
    if mission.state is State.REFUSED and not ladder.refused:
        told_once = replace(
            ladder, due_time=mission.time, refused=True, stopped_by="", stop_reason=""
        )
        return replace(mission, ladder=told_once)
    if ladder.due_time is None or mission.state is State.REFUSED:
        return mission
    if mission.state in OVER or not mission.asks:
        return replace(mission, ladder=replace(ladder, due_time=None))
    if mission.state is State.DELIVERED:
        return replace(mission, ladder=_passed_over(ladder, mission.release.dispatch_time))
    return mission


def _passed_over(ladder: Ladder, start: datetime) -> Ladder:
    """Rungs for a mission that was not delivered are passed over."""
    if next_number(ladder, delivered=True) == ladder.rung + 1 or ladder.due_time is None:
        return ladder
    due = scheduled(ladder, start, delivered=True)
    return replace(ladder, due_time=due, at_once=False)


VERBS = (
    verb(CLIMBED, climb, "NOT_DUE"),
    verb(UNANSWERED, hasten, "NOT_DUE"),
    verb(
        CLIMBED | {State.RECALLED},
        stop,
        "ROLE_MAY_NOT",
        "REASON_MISSING",
        "NO_LADDER",
        "LADDER_STOPPED",
    ),
)
CHANGES = (change(unanswered), change(stopped), change(hastened))
