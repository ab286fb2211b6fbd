"""The columns of the table of missions, and the reading of older documents."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backbone.words.rank import by_time
from services.emergency.mission.record import OVER, Cause, Mission, Recall, State, pair_of
from services.emergency.mission.rungs import Ladder, is_outside

SHAPE = 13
# An unconfirmed recall is told to people after this time where no ladder names one.
UNHEARD_SECONDS = 60
# In the place of a unit that may not know of the mission: the column is never empty.
BARRED = "-"
COLUMNS = {
    "state": "text",
    "matter_id": "uuid",
    "code": "text",
    "team": "text",
    "unit": "text",
    "ordered_unit": "text",
    "area": "text",
    "priority": "text",
    "dispatch_time": "timestamptz",
    "rank": "bigint",
    "acknowledge_by": "timestamptz",
    "due_time": "timestamptz",
    "rung_due": "timestamptz",
    "alert_time": "timestamptz",
    "behind_since": "timestamptz",
    "end_time": "timestamptz",
    "pair": "uuid",
    "receipt": "uuid",
}

ORDER = (
    "matter_id", "code", "team", "priority", "place", "narrative", "category", "exercise",
    "ordered_by", "ordered_unit",
)  # fmt: skip
RELEASE = ("unit", "area", "reachable", "pauses", "dispatch_time", "acknowledge_by")
PUSHES = ("due_time", "revision", "attempt")
PROGRESS = (
    "implied", "deliver_time", "acknowledge_time", "depart_time", "arrive_time", "acknowledged_by",
)  # fmt: skip
ENDING = ("end_time", "refuse_reason", "result")


def project(mission: Mission) -> dict[str, Any]:
    """The columns by which missions are found, pushed again and checked."""
    order, release, ending = mission.order, mission.release, mission.ending
    return {
        "state": mission.state,
        "matter_id": order.matter_id,
        "code": order.code,
        "team": order.team,
        "unit": mission.unit or BARRED,
        "ordered_unit": mission.desk,
        "area": release.area,
        "priority": order.priority,
        "dispatch_time": release.dispatch_time,
        "rank": by_time(release.dispatch_time, mission.state in OVER),
        "acknowledge_by": release.acknowledge_by,
        "due_time": mission.pushes.due_time,
        "rung_due": mission.ladder.due_time if mission.ladder else None,
        "alert_time": alert_time(mission),
        "behind_since": mission.time if mission.is_behind else None,
        "end_time": ending.end_time if ending else None,
        "pair": pair(mission),
        "receipt": mission.receipt,
    }


def alert_time(mission: Mission) -> datetime | None:
    """The time since when people have to see to it: it was refused, or is unanswered and they were
    told; else None.

    A team that has to sign again for a correction is unanswered too, and so is one that has not
    confirmed a recall: it may still be under way. A team of a unit that has become the accused one
    is told to its desk at once, and so is one whose matter no office has.
    """
    ladder, ending = mission.ladder, mission.ending
    if mission.accused_since is not None:
        return mission.accused_since
    if mission.recall is not None:
        return _unheard(mission.recall, ladder)
    if mission.ending is None and mission.left is not None and mission.left.since is not None:
        return mission.left.since
    if ladder is None or ladder.stopped_by:
        return None
    if mission.state is State.REFUSED and ending is not None:
        return ladder.alert_time or ending.end_time
    return ladder.alert_time if mission.state not in OVER and mission.asks else None


def _unheard(recall: Recall, ladder: Ladder | None) -> datetime | None:
    """When an unconfirmed recall is told to people outside the team: a time to come at first.

    They hear of it as fast as of a silent team. A recall for the same matter keeps its time: the
    matter has lost its team if the link is undone. One whose matter is open again is told at once.
    """
    if recall.reopen_time is not None:
        return None if recall.seen_by else recall.reopen_time
    if recall.seen_by or (recall.confirm_time and recall.cause is not Cause.SAME_MATTER):
        return None
    outside = (rung.seconds for rung in (ladder.rungs if ladder else ()) if is_outside(rung))
    return recall.recall_time + timedelta(seconds=next(outside, UNHEARD_SECONDS))


def _id(text: str) -> UUID | None:
    """The text as an id; None if it is none: a desk of 0.1.0 names no receipt, and orders for the
    matter that is the receipt itself."""
    try:
        return UUID(text)
    except ValueError:
        return None


def pair(mission: Mission) -> UUID | None:
    """The key of the open mission of a team for a matter; None once the mission is over."""
    order = mission.order
    return None if mission.ending else pair_of(order.matter_id, order.team)


def upgrade(doc: dict[str, Any], shape: int) -> dict[str, Any]:
    """Shape 1 is the flat row of 0.1.0; shape 2 knows no ladder, shape 3 no correction. Shape 5
    has another cause of a recall, shape 6 what a mission has heard, shape 8
    from whom it is hidden, shape 9 whether it owes a question for its facts, shape 10 whom its
    matter accuses, shape 11 what its incident must have heard."""
    if shape > 3:
        return doc
    if shape > 1:
        return {**doc, "progress": _signed(doc["progress"])}
    return {
        **_part(doc, ("id", "version", "time", "state")),
        "order": _part(doc, ORDER),
        "release": _part(doc, RELEASE),
        "pushes": _part(doc, PUSHES),
        "progress": _signed(_part(doc, PROGRESS)),
        "ending": _part(doc, ENDING) if doc["end_time"] else None,
    }


def _signed(progress: dict[str, Any]) -> dict[str, Any]:
    """Before there were corrections, a team that has signed has signed for the only revision."""
    return {**progress, "signed": [1] if progress["acknowledge_time"] else []}


def _part(doc: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: doc[name] for name in names}
