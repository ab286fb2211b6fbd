"""Following an accusation 检举控告: the incident of a linked receipt accuses a unit only now.

The receipt is protected like the incident from then on. One whose own desk is accused, or below, is
taken apart: what the incident became is not for that desk. If it opened an incident that was merged
there, workflow parts that one, and the receipt follows.
"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import CLOCK
from backbone.words.city import City
from services.alarm.receipt.accusing import barred_by
from services.alarm.receipt.linking import RepeatUnlinked, unlinked
from services.alarm.receipt.record import Outcome, Receipt, State

APART = "所关联的事件已另行办理，请对本次报警单独处置。"


class FollowAccusation(Struct, frozen=True):
    """The incident accuses this unit."""

    incident_id: UUID
    against: str


class AccusationFollowed(Struct, frozen=True):
    """`barred` are the units that may not read it any more."""

    time: datetime
    against: str
    barred: tuple[str, ...] = ()


def follow_accusation(
    receipt: Receipt, command: FollowAccusation, now: datetime, city: City
) -> list[AccusationFollowed | RepeatUnlinked]:
    incident, against = receipt.incident, command.against
    if incident is None or receipt.against:
        return []
    before = incident.before.id if incident.before else incident.id
    if command.incident_id not in (incident.id, before):
        return []
    if receipt.stands_inside and city.belongs_to(receipt.unit, against):
        if receipt.outcome is not Outcome.LINKED:
            return []
        return [unlinked(receipt, APART, CLOCK, now)]
    return [AccusationFollowed(now, against, barred_by(receipt, against, city))]


def _accusing(receipt: Receipt, event: AccusationFollowed) -> Receipt:
    report = replace(receipt.report, against=event.against)
    return replace(receipt, report=report, barred=(*receipt.barred, *event.barred))


VERBS = (verb(State, follow_accusation),)
CHANGES = (change(_accusing),)
