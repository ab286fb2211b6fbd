"""The receipt as a row: the columns that queries and CHECKs need, and documents of old releases."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from backbone.words.rank import by_time
from services.alarm.receipt.cells import cell_of
from services.alarm.receipt.passed import PassedKind, TicketState
from services.alarm.receipt.record import OVER, Outcome, Receipt
from services.alarm.receipt.tickets import next_due

SHAPE = 14
# In the place of a barred unit: the column says also that it was passed, so it is not empty. And of
# none: what comes back to the desk stands in its inbox like a ticket that was returned.
BARRED = "-"
COLUMNS = {
    "code": "text",
    "kind": "text",
    "unit": "text",
    "area": "text",
    "against": "text",
    "receiver": "text",
    "passed_to": "text",
    "passed_state": "text",
    "returned_to": "text",
    "handler": "text",
    "due_time": "timestamptz",
    "receive_time": "timestamptz",
    "rank": "bigint",
    "category": "text",
    "priority": "text",
    "state": "text",
    "outcome": "text",
    "incident_id": "uuid",
    "incident_version": "bigint",
    "number_index": "text",
    "line_index": "text",
    "further_indexes": "text[]",
    "left_incidents": "uuid[]",
    "cell": "bigint",
    "address": "text",
}

# The parts of shape 2 by the names that their fields had in the flat document of shape 1.
WHOLE = ("id", "version", "time", "code", "suggestions", "state", "dispatches", "call_backs")
ORIGIN = ("kind", "unit", "desk_area", "receiver", "receive_time")
REPORT = (
    "caller",
    "place",
    "narrative",
    "ring_time",
    "answer_time",
    "hang_up_time",
    "recording",
    "reference",
)
CLASSIFICATION = ("category", "priority", "confirmed_category")
ENDING = (
    "outcome",
    "end_time",
    "ended_by",
    "title",
    "to_unit",
    "reply",
    "photos",
    "passed_to",
    "invalid_reason",
)


def project(receipt: Receipt) -> Mapping[str, Any]:
    """The values of `COLUMNS`."""
    incident, point = receipt.incident, receipt.report.place.point
    return {
        "code": receipt.code,
        "kind": receipt.origin.kind,
        "unit": receipt.unit,
        "area": receipt.area,
        "against": receipt.against,
        "receiver": receipt.origin.receiver,
        "passed_to": passed_to(receipt),
        "passed_state": passed_state(receipt),
        "returned_to": gave_back(receipt),
        "handler": receipt.handler,
        "due_time": next_due(receipt),
        "receive_time": receipt.origin.receive_time,
        "rank": by_time(receipt.origin.receive_time, receipt.state in OVER),
        "category": receipt.classification.category,
        "priority": receipt.classification.priority,
        "state": receipt.state,
        "outcome": receipt.outcome,
        "incident_id": incident.id if incident else None,
        "incident_version": incident.known.version if incident else None,
        "number_index": receipt.report.caller.number_index,
        "line_index": receipt.report.caller.line_index,
        "further_indexes": [*receipt.report.caller.further, *receipt.report.caller.further_lines],
        "left_incidents": left_incidents(receipt),
        "cell": cell_of(point) if point else None,
        "address": receipt.report.address,
    }


def left_incidents(receipt: Receipt) -> list[UUID]:
    """The incidents whose other reports must not name its protected caller, though it has left."""
    return [each.id for each in receipt.left] if receipt.report.caller.protected else []


def passed_to(receipt: Receipt) -> str:
    """The unit that finds it by this column: none, if that unit may not read it any more. Its own
    field still tells the desk where it was passed to."""
    unit = receipt.passed_to
    if receipt.come_back_time and not unit:
        return BARRED
    return BARRED if unit and unit not in receipt.readers else unit


def passed_state(receipt: Receipt) -> str:
    """The state of what it became where it was passed to; an incident tells its own."""
    passed, incident = receipt.passed, receipt.incident
    if receipt.come_back_time:
        return TicketState.RETURNED
    if passed is None:
        return ""
    return incident.known.state if incident else passed.state


def gave_back(receipt: Receipt) -> str:
    """The unit that finds the ticket that it gave back, though the desk has gone on: none, once it
    may not know of it, and none that has the next ticket."""
    ticket, passed = receipt.returned, receipt.passed
    if ticket is None or receipt.against or ticket.unit in receipt.barred:
        return ""
    return "" if passed is not None and passed.unit == ticket.unit else ticket.unit


def upgrade(doc: dict[str, Any], shape: int) -> dict[str, Any]:
    """Make a document of shape 1, the flat row of 0.1.0, one of parts; later ones only grew.

    Before shape 4 nothing was passed but referrals to mediation, which have become disputes.
    """
    if shape > 3:
        return doc
    if shape > 1:
        return {**doc, "passed": _referred(doc["ending"] or {})}
    incident = {"id": doc["incident_id"], "code": doc["incident_code"], "known": doc["incident"]}
    return {
        **_picked(doc, WHOLE),
        "origin": _picked(doc, ORIGIN),
        "report": _picked(doc, REPORT),
        "classification": _picked(doc, CLASSIFICATION),
        "ending": _picked(doc, ENDING) if doc["outcome"] else None,
        "incident": incident if doc["incident"] else None,
        "passed": _referred(doc),
    }


def _referred(ending: dict[str, Any]) -> dict[str, Any] | None:
    """The dispute that a receipt was referred as, by its ending in shape 1 or 2."""
    unit = ending.get("to_unit") if ending.get("outcome") == Outcome.PASSED else ""
    return {"kind": PassedKind.DISPUTE, "unit": unit} if unit else None


def _picked(doc: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: doc[name] for name in names}
