"""Pure mappings: request → command, receipt → resource, caller ↔ sealed caller."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from msgspec import Struct

from backbone.door.decider import EventScope
from backbone.postgres.sealing import Sealer
from backbone.rpc.ids import named_id
from backbone.wire import fill, to_message, to_record
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument
from backbone.words.followed import Followed
from backbone.words.matter import Matter
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.alarm.v1 import alarm_service_pb2 as pb
from liandong.emergency.v1 import emergency_pb2 as emergency
from liandong.incident.v1 import incident_pb2 as incidents
from liandong.incident.v1 import incident_service_pb2 as calls
from services.alarm import callers
from services.alarm.receipt import RECEIPTS
from services.alarm.receipt.city import neighbour_of
from services.alarm.receipt.correcting import (
    correction_of,
    link_of,
    merged_left,
    protections_of,
)
from services.alarm.receipt.dispatch import DispatchNow, as_recorded, order_of
from services.alarm.receipt.ending import matter_of
from services.alarm.receipt.passed import Passed
from services.alarm.receipt.record import Receipt


def to_command(request: Any, by: Actor) -> Any:
    """The command with the name and the fields of the request."""
    command = RECEIPTS.command(request.DESCRIPTOR.name.removesuffix("Request"))
    return to_record(request, command, by=by)


def receipt_id(text: str) -> UUID:
    return named_id(text, "NO_SUCH_RECEIPT")


def to_resource(receipt: Receipt, city: City | None, sealer: Sealer) -> resources.Receipt:
    """The receipt for answers: one flat message of all its parts."""
    message = to_message(receipt, resources.Receipt)
    parts = (receipt.origin, receipt.report, receipt.classification, receipt.ending)
    for part in filter(None, parts):
        fill(message, part)
    message.caller.CopyFrom(callers.shown(receipt.report.caller, sealer))
    grid = city.grids.get(receipt.report.place.area) if city else None
    if grid is not None:
        message.grid.code, message.grid.name = grid.code, grid.name
    outside = neighbour_of(city, receipt.report.place) if city else None
    if outside is not None:
        message.neighbour.code, message.neighbour.name = outside.code, outside.name
        message.neighbour.telephone = outside.telephone
    if receipt.incident is not None:
        fill(message.incident, receipt.incident.known)
        if not receipt.incident.known.version and receipt.incident.id == receipt.id:
            message.incident.priority = receipt.classification.priority
        if not receipt.incident.known.category and receipt.incident.id == receipt.id:
            message.incident.category = receipt.classification.category
    if receipt.passed is not None:
        _show_passed(receipt, message.passed)
    return message


def shown_to(
    receipt: Receipt, city: City | None, sealer: Sealer, actor: Actor
) -> resources.Receipt:
    """The receipt for one reader: outside the desk a protected caller is not named either. What it
    may repeat is for the desk to decide: it tells of reports that the reader may not see, and by
    the same number of a caller who is protected in one of them."""
    message = to_resource(receipt, city, sealer)
    if actor.unit != receipt.unit:
        message.narrative = receipt.told
        message.persons.extend(receipt.named)
        del message.suggestions.repeats[:]
    return message


def _show_passed(receipt: Receipt, passed: resources.Passed) -> None:
    """Show the record that the receipt became: it has the receipt's id and code, and an incident
    tells its state and reply."""
    passed.id, passed.code = str(receipt.id), receipt.code
    if receipt.incident is not None:
        passed.state, passed.answer = receipt.incident.known.state, receipt.incident.known.reply


def to_ticket(receipt: Receipt) -> resources.Ticket:
    """The ticket that the receipt became, for the partner: without the caller."""
    message = resources.Ticket(id=str(receipt.id), code=receipt.code, desk=receipt.unit)
    for part in (receipt.classification, receipt.report, receipt.passed):
        fill(message, part)
    message.version, message.narrative = receipt.version, receipt.told
    message.persons.extend(receipt.named)
    return message


def to_returned(receipt: Receipt, ticket: Passed) -> resources.Ticket:
    """The ticket for the partner that gave it back, after the receipt went on without it.

    It holds the note of the desk and the reply of the partner, and nothing of the report, which the
    desk may have corrected since.
    """
    message = resources.Ticket(id=str(receipt.id), code=receipt.code, desk=receipt.unit)
    fill(message, ticket)
    message.persons.extend(receipt.named)
    return message


def scope(receipt: Receipt) -> EventScope:
    facts, matter = receipt.facts, str(receipt.matter_id)
    return EventScope(receipt.readers, facts.area, matter, facts.source, accused=facts.accused)


def to_matter(receipt: Receipt) -> incidents.Matter:
    return to_message(matter_of(receipt), incidents.Matter)


def to_amendment(receipt: Receipt, by: Actor) -> calls.AmendMatterRequest | None:
    """The request that tells the incident the correction of this version of the receipt."""
    made = correction_of(receipt, by)
    if made is None:
        return None
    said = to_message(made, incidents.Correction)
    return calls.AmendMatterRequest(incident_id=said.matter.id, correction=said)


def to_protections(receipt: Receipt, by: Actor) -> list[calls.AmendMatterRequest]:
    """The requests that tell the incidents it has left whom to name no more."""
    said = (to_message(each, incidents.Correction) for each in protections_of(receipt, by))
    return [calls.AmendMatterRequest(incident_id=each.matter.id, correction=each) for each in said]


def to_link(receipt: Receipt, by: Actor) -> calls.LinkCallerRequest:
    version = receipt.incident.link_version if receipt.incident else 0
    said = to_message(link_of(receipt, version, by), incidents.CallerLink)
    return calls.LinkCallerRequest(incident_id=said.incident_id, link=said)


def to_unlinks(linked: Receipt, version: int, by: Actor) -> list[calls.UnlinkCallerRequest]:
    """`linked` is the receipt before it left its incident, `version` the one after."""
    links = (link_of(linked, version, by), merged_left(linked, version, by))
    said = [to_message(each, incidents.CallerLink) for each in links if each is not None]
    return [calls.UnlinkCallerRequest(incident_id=each.incident_id, link=each) for each in said]


def to_order(receipt: Receipt, command: DispatchNow) -> emergency.Order:
    """The order of a command that is recorded; its event carries the same."""
    return to_message(order_of(receipt, as_recorded(receipt, command)), emergency.Order)


def facts_of(incident: incidents.Incident) -> Matter:
    """The facts of the incident, for an order."""
    return to_record(incident, Matter, to_unit="", against="")


def ordered_by(incident: incidents.Incident) -> dict[str, Any]:
    """The facts of the incident that the order of a team needs."""
    return {
        "facts": facts_of(incident),
        "facts_version": incident.version,
        "facts_state": to_followed(incident).state,
    }


def show_missions(
    orders: Iterable[resources.Dispatch], missions: Iterable[emergency.Mission]
) -> None:
    """Set what became of each order: its mission is the one with the same number of tries."""
    by_order = {(each.team, each.again): each for each in missions}
    for order in orders:
        mission = by_order.get((order.team, order.again))
        if mission is None or order.refused:
            continue
        order.mission, order.state = mission.id, mission.state
        order.refuse_reason, order.result = mission.refuse_reason, mission.result
        if mission.HasField("recall"):
            order.recall.CopyFrom(mission.recall)
        is_over = mission.HasField("end_time")  # it still moves with its receipt
        order.time.CopyFrom(mission.end_time if is_over else mission.time)


def state_of(mission: emergency.Mission) -> str:
    return emergency.Mission.State.Name(mission.state).removeprefix("STATE_")


def to_followed(incident: incidents.Incident) -> Followed:
    """The incident's present state in the form in which its events would have told it."""
    state = incidents.Incident.State.Name(incident.state).removeprefix("STATE_")
    said = {
        name: getattr(incident, name) for name in ("unit", "holder", "outcome", "reply", "priority")
    }
    return Followed(version=incident.version, state=state, **said)


class Seen(Struct, frozen=True):
    """An incident as a receipt that is to be linked to it finds it."""

    code: str = ""
    known: Followed | None = None
    priority: str = ""
    category: str = ""
    merged_code: str = ""


def to_seen(incident: incidents.Incident) -> Seen:
    given = (incident.priority, incident.category, incident.merged_code)
    return Seen(incident.code, to_followed(incident), *given)


def to_mission(mission: emergency.Mission) -> pb.MissionRef:
    return pb.MissionRef(id=mission.id, team=mission.team, state=state_of(mission), seq=mission.seq)


def incident_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidArgument("UNKNOWN_INCIDENT", incident=text[:100]) from error
