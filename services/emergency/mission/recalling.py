"""Recalls 召回: a team is called back, and has to confirm it."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import Also, change, verb
from backbone.words.actor import Actor
from backbone.words.errors import Denied, InvalidTransition, NotFound
from backbone.words.guards import require_text
from backbone.words.heard_report import HeardReport
from backbone.words.roles import DISPATCHERS, TEAM_SENDERS
from backbone.words.sight import ORDER, sees, watches_over
from services.emergency.mission.awaiting import has_left
from services.emergency.mission.record import (
    ANY,
    OVER,
    UNDER_WAY,
    Cause,
    Ending,
    Mission,
    Recall,
    State,
)
from services.emergency.mission.repeats import pause_after
from services.emergency.mission.steps import Crew, require_crew

# The causes of recalls that a second person may undo.
UNDONE = frozenset({Cause.INCIDENT_VOIDED, Cause.RECEIPT_INVALID})


class RecallMission(Struct, frozen=True):
    """A person of the desk calls the team back."""

    by: Actor
    reason: str


class WithdrawMission(Struct, frozen=True):
    """A recall that follows from another act; `recall` says from which, and when.

    `matter` is the one that has ended: a mission that has left it meanwhile goes on, as does one
    whose receipt has left it, by what it had heard of its receipts: `heard_reports`.
    """

    recall: Recall
    matter: UUID | None = None
    heard_reports: tuple[HeardReport, ...] = ()


class ConfirmRecall(Struct, frozen=True):
    by: Crew
    device_time: datetime | None = None


class MissionRecalled(Struct, frozen=True):
    """The recall is the last revision of the mission."""

    time: datetime
    recall: Recall
    revision: int
    due_time: datetime


class ReopenMatter(Struct, frozen=True):
    """The matter goes on after all: its void, or that of its receipt, was undone."""

    matter: UUID


class MatterReopened(Struct, frozen=True):
    """The matter of a recalled mission is open again, without this team; or it is over once more.

    The recall itself is not taken back: the team may have heard it already, and has perhaps turned
    round. The desk sees the matter and sends a team anew.
    """

    time: datetime
    is_open: bool


class RecallConfirmed(Struct, frozen=True):
    time: datetime
    confirmed_by: str
    device_time: datetime | None


def recall(
    mission: Mission, command: RecallMission, now: datetime, also: Also
) -> list[MissionRecalled]:
    by = command.by
    _require_may_recall(mission, by)
    reason = require_text(command.reason, "REASON_MISSING")
    return [called_back(mission, Recall(Cause.DESK, reason, now, by.user, by.unit), now)]


def require_may_see(mission: Mission, by: Actor) -> None:
    """Raises NotFound for people outside both units who do not watch over the area."""
    if not sees(by, mission.facts):
        raise NotFound("NO_SUCH_MISSION")


def _require_may_recall(mission: Mission, by: Actor) -> None:
    """Allow the desk that has ordered it, and the dispatchers over the team or the place."""
    ordered = by.unit == mission.order.ordered_unit and by.role in TEAM_SENDERS
    areas = (mission.release.area, mission.order.place.area)
    dispatches = by.role in DISPATCHERS and any(watches_over(by, ORDER, each) for each in areas)
    if not ordered and not dispatches:
        raise Denied("ROLE_MAY_NOT", role=by.role)


def _refuse_over(mission: Mission, command: RecallMission) -> None:
    """Tell how the mission has ended, and who has called it back."""
    _require_may_recall(mission, command.by)
    if mission.recall is not None:
        called = mission.recall
        raise InvalidTransition(
            "ALREADY_RECALLED",
            by=called.recalled_by,
            unit=called.recalled_unit,
            time=called.recall_time,
        )
    if mission.ending is not None:
        raise InvalidTransition("MISSION_OVER", state=mission.state, time=mission.ending.end_time)


def withdraw(
    mission: Mission, command: WithdrawMission, now: datetime, also: Also
) -> list[MissionRecalled | MatterReopened]:
    """A mission that is over needs no recall."""
    if not mission.is_of(command.matter):
        return []
    if mission.state in OVER:
        return [MatterReopened(now, is_open=False)] if lacks_team(mission) else []
    if has_left(mission, command.heard_reports):
        return []
    return [called_back(mission, command.recall, now)]


def reopen(
    mission: Mission, command: ReopenMatter, now: datetime, also: Also
) -> list[MatterReopened]:
    """A team that a person has called back is not missed."""
    recall = mission.recall
    if recall is None or recall.cause not in UNDONE or not mission.is_of(command.matter):
        return []
    return [] if lacks_team(mission) else [MatterReopened(now, is_open=True)]


def lacks_team(mission: Mission) -> bool:
    """Whether the matter goes on though this team was called back with its end."""
    return mission.recall is not None and mission.recall.reopen_time is not None


def called_back(mission: Mission, why: Recall, now: datetime) -> MissionRecalled:
    due = now + pause_after(mission.release.pauses, attempt=1)
    return MissionRecalled(now, replace(why, recall_time=now), mission.pushes.revision + 1, due)


def confirm(
    mission: Mission, command: ConfirmRecall, now: datetime, also: Also
) -> list[RecallConfirmed]:
    require_crew(mission, command)
    confirmed = mission.recall is not None and mission.recall.confirm_time
    return [] if confirmed else [RecallConfirmed(now, command.by.user, command.device_time)]


def _refuse_not_recalled(mission: Mission, command: ConfirmRecall) -> None:
    require_crew(mission, command)
    raise InvalidTransition("NOT_RECALLED", state=mission.state)


def recalled(mission: Mission, event: MissionRecalled) -> Mission:
    pushes = replace(mission.pushes, due_time=event.due_time, revision=event.revision, attempt=1)
    return replace(
        mission,
        state=State.RECALLED,
        recall=event.recall,
        pushes=pushes,
        ending=Ending(event.time),
    )


def reopened(mission: Mission, event: MatterReopened) -> Mission:
    """What a person has said of the recall before is no word on the matter."""
    assert mission.recall is not None, "only the matter of a recalled mission goes on without it"
    since = event.time if event.is_open else None
    return replace(
        mission, recall=replace(mission.recall, reopen_time=since, seen_by="", seen_reason="")
    )


def confirmed(mission: Mission, event: RecallConfirmed) -> Mission:
    assert mission.recall is not None, "only a recalled mission is confirmed"
    heard = replace(mission.recall, confirm_time=event.time, confirmed_by=event.confirmed_by)
    return replace(mission, recall=heard, pushes=replace(mission.pushes, due_time=None))


VERBS = (
    verb(
        UNDER_WAY,
        recall,
        "ROLE_MAY_NOT",
        "REASON_MISSING",
        "MISSION_OVER",
        "ALREADY_RECALLED",
        otherwise=_refuse_over,
    ),
    verb(ANY, withdraw),
    verb(ANY, reopen),
    verb(
        {State.RECALLED},
        confirm,
        "NOT_YOUR_TEAM",
        "NOT_RECALLED",
        otherwise=_refuse_not_recalled,
    ),
)
CHANGES = (change(recalled), change(confirmed), change(reopened))
