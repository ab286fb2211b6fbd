"""Which missions move with a receipt when it is linked, leaves, or follows a merge. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from backbone.door.caused import caused_by
from backbone.door.request import Request
from backbone.words.heard_report import Awaits
from services.emergency.mission.joining import (
    JoinMatter,
    knows_later,
    precedence,
    same_matter,
)
from services.emergency.mission.recalling import WithdrawMission
from services.emergency.mission.record import Mission


class Move(Struct, frozen=True):
    """To which matter. `is_link` is False where the receipt only tells that it has no incident.
    `awaits` is what the incident must have heard of the receipt."""

    there: UUID
    code: str = ""
    is_incident: bool = True
    is_link: bool = True
    awaits: Awaits = Awaits()


def move_of(moved: Any) -> Move:
    """Of a receipt that was linked, or follows a merge or its undoing: of one that comes back its
    correction is awaited, and with one that goes along all others of the merged incident."""
    link, known = moved.caller_linked.version, moved.DESCRIPTOR.fields_by_name
    version = moved.correction.version if "correction" in known else 0
    merged = moved.from_incident if link and "from_incident" in known else ""
    awaits = Awaits(link, version, merged)
    return Move(UUID(moved.incident_id), moved.incident_code, awaits=awaits)


def home_of(event: Any, *, is_link: bool) -> Move:
    """Of a receipt without an incident: it is a matter of its own, with its own code."""
    body = getattr(event, event.WhichOneof("kind"))
    code = body.facts.code if "facts" in body.DESCRIPTOR.fields_by_name else ""
    return Move(UUID(event.meta.aggregate_id), code, is_incident=False, is_link=is_link)


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
        for of, command in _commands(move, mission, known, version)
    ]
    ids = {each.id for each in known}
    for fresh in ordered:
        order = fresh.command.order
        if fresh.aggregate_id not in ids and order.matter_id != move.there:
            rivals = [each for each in known if _is_open(each, move.there, order.team)]
            join = _join(move, order.team, rivals, receipt, version)
            found.append(request(event, fresh.aggregate_id, join))
    return found


def _goes(mission: Mission, receipt: UUID, version: int, move: Move) -> bool:
    """A mission that the receipt has ordered, for itself or for an incident that it belonged to
    then, goes with the receipt, or hears that it stays."""
    is_there = mission.order.matter_id == move.there
    hears = not is_there or (move.is_link and mission.ending is None)
    return hears and mission.receipt == receipt and not knows_later(mission, version)


def _commands(
    move: Move, mission: Mission, known: Sequence[Mission], version: int
) -> Iterator[tuple[UUID, JoinMatter | WithdrawMission]]:
    """Each with the mission that it is for; `version` is the receipt's."""
    rivals = []
    if mission.ending is None and mission.order.matter_id != move.there:
        rivals = [each for each in known if _is_open(each, move.there, mission.order.team)]
    for each in rivals:
        if precedence(each) > precedence(mission):
            yield each.id, WithdrawMission(same_matter(mission, mission.time), move.there)
    yield mission.id, _join(move, mission.order.team, rivals, mission.receipt, version)


def _join(
    move: Move, team: str, rivals: Sequence[Mission], receipt: UUID, version: int
) -> JoinMatter:
    return JoinMatter(
        matter_id=move.there,
        code=move.code,
        team=team,
        others=tuple(each.id for each in rivals),
        receipt_version=version,
        is_incident=move.is_incident,
        receipt=receipt,
        awaits=move.awaits,
    )


def _is_open(mission: Mission, matter: UUID, team: str) -> bool:
    """Whether it would be the second open mission of the team for this matter."""
    order = mission.order
    return mission.ending is None and (order.matter_id, order.team) == (matter, team)


def request(event: Any, mission: UUID, command: Any) -> Request[Any]:
    """The request of an event; its id derives from the event, so that a repeat is harmless."""
    return caused_by(event.meta, mission, command, f"{type(command).__name__} {mission}")
