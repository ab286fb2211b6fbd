"""Opening 登记: an intake service opens the one incident of its matter."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import begins, creates
from backbone.words.actor import Actor
from backbone.words.errors import InvalidArgument, InvalidTransition
from backbone.words.matter import Matter
from services.workflow.incident import routing
from services.workflow.incident.record import Charge, Incident, State
from services.workflow.incident.world import World


class OpenIncident(Struct, frozen=True):
    by: Actor
    matter: Matter


class IncidentOpened(Struct, frozen=True):
    time: datetime
    matter: Matter


def open_incident(
    incident: Incident | None, command: OpenIncident, now: datetime, world: World
) -> list[IncidentOpened | routing.Event]:
    if incident is not None:
        code = incident.matter.code
        raise InvalidTransition("ALREADY_OPEN", state=incident.state, code=code)
    matter = command.matter
    missing = [name for name in ("code", "title", "desk", "source") if not getattr(matter, name)]
    if missing:
        raise InvalidArgument("MATTER_INCOMPLETE", field=", ".join(missing))
    event = IncidentOpened(now, matter)
    first, city = opened(event), world.city
    if matter.to_unit:
        chosen = routing.named_by_desk(first, matter.to_unit, city)
    else:
        chosen = routing.explain(first, city).routing
    return [event, *routing.place(first, chosen, now, world)]


def opened(event: IncidentOpened) -> Incident:
    """The new incident; it keeps `routing`, the result, and not `to_unit`, the wish."""
    matter = replace(event.matter, to_unit="")
    return Incident(
        id=matter.id,
        version=0,
        time=event.time,
        state=State.REPORTED,
        matter=matter,
        open_time=event.time,
        charge=Charge(accountable_unit=matter.desk, sender=matter.desk),
    )


VERBS = (creates(open_incident, "ALREADY_OPEN", "MATTER_INCOMPLETE", "UNKNOWN_UNIT"),)
CHANGES = (begins(opened),)
