"""Pure mappings: request → command, receipt → resource, caller ↔ sealed caller."""

from typing import Any, TypeVar
from uuid import UUID

import msgspec

from backbone.door.decider import Scope
from backbone.postgres.sealing import Sealer, masked
from backbone.wire import to_message, to_record
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import NotFound
from backbone.words.followed import Followed
from backbone.words.place import Place
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.alarm.v1 import alarm_service_pb2 as pb
from liandong.emergency.v1 import emergency_pb2 as emergency
from liandong.incident.v1 import incident_pb2 as incidents
from services.alarm import receipt as domain
from services.alarm.receipt.ending import matter_of
from services.alarm.receipt.linkage import DispatchNow, order_of
from services.alarm.receipt.record import Caller, Receipt
from services.alarm.receipt.suggestions import Earlier, Sighting
from services.alarm.receipt.texts import require_short

C = TypeVar("C")

SEALED = ("number", "name", "subscriber", "installed_address")
# The message of a call, less its ending, is named like the domain's command.
COMMANDS: dict[str, type[Any]] = {move.__name__: move for move in domain.ALLOWED_FROM}


def to_command(request: Any, by: Actor) -> Any:
    """The command of a request whose fields are the command's own."""
    return to_record(request, COMMANDS[request.DESCRIPTOR.name.removesuffix("Request")], by=by)


def receipt_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("NO_SUCH_RECEIPT") from error


def seal(facts: pb.CallerFacts, sealer: Sealer) -> Caller:
    """What a desk heard of a caller, sealed before any command, journal or topic sees it."""
    plain = {name: getattr(facts, name).strip() for name in SEALED}
    require_short(**plain)
    number = "".join(sign for sign in plain["number"] if sign.isalnum() or sign == "+")
    return Caller(
        protected=facts.protected,
        number_index=sealer.index("number", number),
        **{name: sealer.seal(name, text) for name, text in plain.items()},
    )


def unseal(caller: Caller, sealer: Sealer) -> pb.CallerFacts:
    plain = {name: sealer.open(name, getattr(caller, name)) for name in SEALED}
    return pb.CallerFacts(protected=caller.protected, **plain)


def shown(caller: Caller, sealer: Sealer) -> resources.Caller:
    """The caller as every answer shows it: masked, and a protected one not at all."""
    if caller.protected:
        return resources.Caller(protected=True)
    hidden: dict[str, Any] = {
        name: masked(name, sealer.open(name, getattr(caller, name))) for name in SEALED
    }
    return resources.Caller(**hidden)


def to_resource(receipt: Receipt, city: City | None, sealer: Sealer) -> resources.Receipt:
    message = to_message(receipt, resources.Receipt)
    message.caller.CopyFrom(shown(receipt.caller, sealer))
    grid = city.grids.get(receipt.place.area) if city else None
    if grid is not None:
        message.grid.code, message.grid.name = grid.code, grid.name
    if receipt.incident is not None:
        message.incident.id = str(receipt.incident_id)
        message.incident.code = receipt.incident_code
    return message


def scope(receipt: Receipt) -> Scope:
    units = (receipt.unit, receipt.passed_to)
    return Scope(
        audience=tuple(filter(None, units)), area=receipt.area, correlation=str(receipt.matter_id)
    )


def to_matter(receipt: Receipt) -> incidents.Matter:
    return to_message(matter_of(receipt), incidents.Matter)


def to_order(receipt: Receipt, command: DispatchNow) -> emergency.Order:
    return to_message(order_of(receipt, command), emergency.Order)


def to_followed(incident: incidents.Incident) -> Followed:
    """What the receipt would have heard of an incident, had it listened."""
    state = incidents.Incident.State.Name(incident.state).removeprefix("STATE_")
    said = {name: getattr(incident, name) for name in ("unit", "holder", "outcome", "reply")}
    return Followed(version=incident.version, state=state, **said)


def to_earlier(row: Any) -> Earlier:
    seen = Sighting(
        time=row["receive_time"],
        place=msgspec.convert(row["place"], Place),
        category=row["category"],
        narrative=row["narrative"],
        number_index=row["number_index"],
    )
    return Earlier(str(row["id"]), row["code"], str(row["incident_id"] or ""), seen)


def to_mission(mission: emergency.Mission) -> pb.MissionRef:
    state = emergency.Mission.State.Name(mission.state).removeprefix("STATE_")
    return pb.MissionRef(id=mission.id, team=mission.team, state=state, seq=mission.seq)
