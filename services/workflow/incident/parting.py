"""A merged incident and the accusation: it accuses what the one that it was merged into accuses.

If that one accuses a unit only now, this one does too, and is hidden from that unit with it. Where
the two accuse differently, or its own desk is accused, they are parted: neither tells of the other.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import verb
from backbone.words.actor import CLOCK, Actor
from backbone.words.correction import AGAINST
from services.workflow.incident import accusing, amending, reinstating
from services.workflow.incident.record import Incident, State
from services.workflow.incident.world import World

APART = "所并入的事件已另行办理，请对本事件单独处置。"


class FollowHost(Struct, frozen=True):
    """The incident that it was merged into accuses another unit than this one, or none."""

    host: UUID
    by: Actor = CLOCK


def follow_host(
    incident: Incident, command: FollowHost, now: datetime, world: World
) -> list[amending.IncidentAmended | reinstating.Event]:
    host = world.also.one(command.host)
    parted, own = incident.ending.merged_into, incident.matter.against
    if not isinstance(host, Incident) or parted != str(host.id):
        return []
    against = host.matter.against
    if own == against:
        return []
    if own or world.city.belongs_to(incident.matter.desk, against):
        return [*reinstating.reinstate(incident, APART, command.by.user, now, world, parted)]
    return [
        amending.IncidentAmended(
            time=now,
            matter=replace(incident.matter, against=against),
            changed=(AGAINST,),
            suggested=incident.suggested,
            barred=accusing.barred_by(incident, against, world),
        )
    ]


def host_of(command: FollowHost) -> Iterable[UUID]:
    return (command.host,)


VERBS = (verb({State.MERGED}, follow_host, also=host_of),)
CHANGES = ()
