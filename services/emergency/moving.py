"""Which missions move with a receipt when it is linked, leaves, or follows a merge. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.door.caused import caused_by
from backbone.door.request import Request
from services.emergency.mission.joining import (
    JoinMatter,
    knows_later,
    knows_merge,
    precedence,
    same_matter,
)
from services.emergency.mission.recalling import WithdrawMission
from services.emergency.mission.record import Mission


class Move(Struct, frozen=True):
    """To which matter, and from which incident.

    `merged` is the incident that was merged, or goes on by itself, if one was, and `version` its
    version then. `is_link` is False where the receipt only tells that it has no incident.
    """

    there: UUID
    code: str = ""
    left: UUID | None = None
    merged: UUID | None = None
    version: int = 0
    is_incident: bool = True
    is_link: bool = True


def home_of(event: Any, *, is_link: bool) -> Move:
    """Of a receipt without an incident: it is a matter of its own."""
    return Move(UUID(event.meta.aggregate_id), is_incident=False, is_link=is_link)


def requests(
    event: Any, move: Move, known: Sequence[Mission], ordered: Sequence[Request[Any]]
) -> list[Request[Any]]:
    """Of two missions of one team for the matter the further one stays, the other is called back:
    before the join, or with it. `ordered` are the orders that are written before."""
    receipt, version = UUID(event.meta.aggregate_id), event.meta.version
    moved = [each for each in known if _goes(each, receipt, version, move)]
    found = [
        request(event, of, command)
        for mission in moved
        for of, command in commands(move, mission, known, version)
    ]
    ids = {each.id for each in known}
    for fresh in ordered:
        order = fresh.command.order
        if fresh.aggregate_id not in ids and order.matter_id in (receipt, move.merged):
            rivals = [each for each in known if _is_open(each, move.there, order.team)]
            join = _join(move, order.team, rivals, version if order.matter_id == receipt else 0)
            found.append(request(event, fresh.aggregate_id, join))
    return found


def _goes(mission: Mission, receipt: UUID, version: int, move: Move) -> bool:
    """A mission that the receipt has ordered for itself goes with the receipt, or hears that it
    stays. One that was ordered for an incident goes with its merge, and back with the undoing."""
    is_there = mission.order.matter_id == move.there
    if mission.is_receipts_own:
        hears = not is_there or (move.is_link and mission.ending is None)
        return hears and mission.ordered_for == receipt and not knows_later(mission, version)
    hears = not is_there or mission.ending is None
    if move.merged != mission.ordered_for:
        return hears and move.merged == mission.order.matter_id
    return hears and not knows_merge(mission, move.version)


def commands(
    move: Move, mission: Mission, known: Sequence[Mission], version: int
) -> Iterator[tuple[UUID, JoinMatter | WithdrawMission]]:
    """Each with the mission that it is for; `version` is the receipt's, for what it has ordered for
    itself: it says nothing of what was ordered from another one."""
    rivals = []
    if mission.ending is None and mission.order.matter_id != move.there:
        rivals = [each for each in known if _is_open(each, move.there, mission.order.team)]
    for each in rivals:
        if precedence(each) > precedence(mission):
            yield each.id, WithdrawMission(same_matter(mission, mission.time), move.there)
    own = version if mission.is_receipts_own else 0
    merged = move if move.merged == mission.ordered_for else replace(move, version=0)
    yield mission.id, _join(merged, mission.order.team, rivals, own)


def _join(move: Move, team: str, rivals: Sequence[Mission], version: int) -> JoinMatter:
    return JoinMatter(
        matter_id=move.there,
        code=move.code,
        team=team,
        others=tuple(each.id for each in rivals),
        receipt_version=version,
        is_incident=move.is_incident,
        merged=0 if version else move.version,
    )


def _is_open(mission: Mission, matter: UUID, team: str) -> bool:
    """Whether it would be the second open mission of the team for this matter."""
    order = mission.order
    return mission.ending is None and (order.matter_id, order.team) == (matter, team)


def request(event: Any, mission: UUID, command: Any) -> Request[Any]:
    """The request of an event; its id derives from the event, so that a repeat is harmless."""
    return caused_by(event.meta, mission, command, f"{type(command).__name__} {mission}")
