"""Missions of two receipts become those of one matter 并案: one team, one open mission."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import Also, change, verb
from backbone.words.errors import Unavailable
from backbone.words.heard_report import Awaits
from services.emergency.mission.correcting import MissionCaughtUp
from services.emergency.mission.recalling import MissionRecalled, called_back
from services.emergency.mission.record import ANY, Cause, Heard, Mission, Recall, pair_of
from services.emergency.mission.rising import rank_of


class JoinMatter(Struct, frozen=True):
    """`others` are the open missions that the team has for the matter; one of all these stays.

    `receipt` is the one that moves: a mission that another one has ordered stays where it is.

    Another one than this is recalled by a command of its own, before. `receipt_version` is that of
    the receipt with its link, or without it: a later link may be known by the faster road.
    `is_incident`: the matter is an incident, and no receipt alone; `awaits` is what it must have
    heard of the receipt before its facts are the mission's.
    """

    matter_id: UUID
    code: str
    team: str
    others: tuple[UUID, ...] = ()
    receipt_version: int = 0
    is_incident: bool = False
    receipt: UUID | None = None
    awaits: Awaits = Awaits()


class MissionJoined(Struct, frozen=True):
    """`behind`: to an incident, which is asked for its facts from now on, and must have heard what
    the mission `awaits`. `merged` was counted by earlier releases."""

    time: datetime
    matter_id: UUID
    code: str
    heard: Heard = Heard()
    behind: bool | None = None
    merged: int = 0
    awaits: Awaits = Awaits()


def join(
    mission: Mission, command: JoinMatter, now: datetime, also: Also
) -> list[MissionJoined | MissionRecalled | MissionCaughtUp]:
    order = mission.order
    if command.receipt not in (None, mission.receipt):
        return []
    if knows_later(mission, command.receipt_version):
        return []
    if order.matter_id == command.matter_id:
        return [*_as_before(mission, command, now)]
    joined = _joined(mission, command, now)
    pair = pair_of(command.matter_id, order.team)
    rivals = [also.one(each) for each in also.members(pair) - {mission.id}]
    if mission.ending is not None or not rivals:
        return [joined]
    first = min((each for each in rivals if each is not None), key=precedence, default=None)
    if first is None or precedence(first) > precedence(mission):
        raise Unavailable("MISSION_JUST_OPENED", team=order.team)
    return [joined, called_back(mission, same_matter(first, now), now)]


def _joined(mission: Mission, command: JoinMatter, now: datetime) -> MissionJoined:
    return MissionJoined(
        time=now,
        matter_id=command.matter_id,
        code=command.code or mission.order.code,
        heard=Heard(max(mission.heard.receipt, command.receipt_version)),
        behind=command.is_incident,
        merged=mission.merged,
        awaits=command.awaits,
    )


def _as_before(
    mission: Mission, command: JoinMatter, now: datetime
) -> Sequence[MissionJoined | MissionCaughtUp]:
    """It belongs to the matter already, by another link: an older one that arrives late is over.

    Between the two links the incident did not speak for it, and is asked again.
    """
    receipt = command.receipt_version
    if mission.ending is not None or receipt <= mission.heard.receipt:
        return []
    if command.is_incident:
        known = mission.heard.incident
        again = _joined(mission, command, now)
        return [replace(again, heard=Heard(receipt, known))]
    return [MissionCaughtUp(now, Heard(receipt))]


def knows_later(mission: Mission, receipt_version: int) -> bool:
    """Whether the mission was ordered, or has heard of a link, after this version of the receipt
    that has ordered it."""
    return 0 < receipt_version <= mission.heard.receipt


def precedence(mission: Mission) -> tuple[int, datetime, UUID]:
    """Which of two missions of a team stays: the one it is further with, then the one sent first.

    A team that is on the scene by one of them must not be called back from there.
    """
    return -rank_of(mission), mission.release.dispatch_time, mission.id


def same_matter(first: Mission, now: datetime) -> Recall:
    """The recall of the other mission; the desk that has sent it hears which one stays."""
    order = first.order
    return Recall(
        cause=Cause.SAME_MATTER,
        reason="",
        recall_time=now,
        recalled_by="",
        recalled_unit="",
        stays=str(first.id),
        sent_by=order.ordered_by,
        sent_unit=order.ordered_unit,
        sent_time=first.release.dispatch_time,
    )


def joined(mission: Mission, event: MissionJoined) -> Mission:
    order = replace(mission.order, matter_id=event.matter_id, code=event.code)
    home = mission.home or mission.order.matter_id
    return replace(
        mission,
        order=order,
        home=home,
        heard=event.heard,
        behind=event.behind,
        merged=event.merged,
        awaits=event.awaits,
        left=None,
        apart=mission.apart if order.matter_id == mission.order.matter_id else None,
    )


def _rivals(command: JoinMatter) -> Iterable[UUID]:
    return (pair_of(command.matter_id, command.team), *command.others)


VERBS = (verb(ANY, join, "MISSION_JUST_OPENED", also=_rivals),)
CHANGES = (change(joined),)
