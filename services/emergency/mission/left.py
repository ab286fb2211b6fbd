"""A matter that no office has: the petition or dispute that a report became was not taken up there.

No incident goes on that would call the team back, and the report has ended at its desk. The desk
sees it in its inbox and decides: what the team is on its way to may still be there.
"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import Also, change, verb
from services.emergency.mission.record import ANY, Left, Mission


class LeaveToDesk(Struct, frozen=True):
    """`is_left` is False once the report is open at its desk again; `receipt_version` says since
    when."""

    matter: UUID
    receipt_version: int
    is_left: bool = True


class MissionLeftToDesk(Struct, frozen=True):
    time: datetime
    receipt_version: int
    is_left: bool = True


def leave(
    mission: Mission, command: LeaveToDesk, now: datetime, also: Also
) -> list[MissionLeftToDesk]:
    known, version = mission.left, command.receipt_version
    was_left = known is not None and known.since is not None
    if mission.ending is not None or not mission.is_of(command.matter):
        return []
    if version <= max(known.version if known else 0, mission.order.receipt_version):
        return []
    if not was_left and not command.is_left:
        return []
    return [MissionLeftToDesk(now, version, command.is_left)]


def left(mission: Mission, event: MissionLeftToDesk) -> Mission:
    known = mission.left.since if mission.left else None
    since = (known or event.time) if event.is_left else None
    return replace(mission, left=Left(event.receipt_version, since))


VERBS = (verb(ANY, leave),)
CHANGES = (change(left),)
