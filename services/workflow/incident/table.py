"""The columns of the table of incidents, and the reading of older documents."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from backbone.words.rank import by_urgency
from services.workflow.incident import clocks, supervised, waiting
from services.workflow.incident.kinds import (
    HAND_OFF,
    RETURN,
)
from services.workflow.incident.record import (
    HELD,
    OVER,
    Incident,
    State,
    holder_key,
    last_holder_key,
)

SHAPE = 15
COLUMNS = {
    "state": "text",
    "code": "text",
    "source": "text",
    "category": "text",
    "priority": "text",
    "area": "text",
    "against": "text",
    "open_time": "timestamptz",
    "rank": "bigint",
    "accountable_unit": "text",
    "unit": "text",
    "holder": "text",
    "held_by": "uuid",
    "waiting": "text",
    "waiting_too": "text[]",
    "readers": "text[]",
    "desk": "text",
    "reasons": "text[]",
    "alerted": "boolean",
    "due_time": "timestamptz",
    "due_clock": "text",
    "to_address": "uuid",
}


def project(incident: Incident) -> dict[str, Any]:
    """The columns that queries, timers and CHECKs need.

    `waiting` is the unit in whose inbox it stands, `waiting_too` are the few others; `reasons` says
    why, and `alerted` that dispatchers and leaders of the area see it too. `to_address` is the
    supervision that must ask the accountable unit.
    """
    matter, charge, readers = incident.matter, incident.charge, incident.readers
    waits = waiting.waits_of(incident)
    units = tuple(unit for unit in waiting.units_of(waits) if unit in readers)
    reasons = waiting.keys_of(waits)
    due = clocks.next_due(incident)
    return {
        "state": incident.state,
        "code": matter.code,
        "source": incident.facts.source,
        "category": matter.category,
        "priority": matter.priority,
        "area": incident.area,
        "against": matter.against,
        "open_time": incident.open_time,
        "rank": by_urgency(matter.priority, incident.open_time, incident.over),
        "accountable_unit": charge.accountable_unit,
        "unit": charge.unit,
        "holder": charge.holder,
        "held_by": held_by(incident),
        "waiting": units[0] if units else "",
        "waiting_too": units[1:],
        "readers": readers,
        "desk": matter.desk,
        "reasons": reasons,
        "alerted": any(waiting.is_alert(each) for each in reasons),
        "due_time": due[1].time if due else None,
        "due_clock": due[0].id if due else "",
        "to_address": supervised.to_address(incident),
    }


# The columns that lists of all sorts ask for; the others tell of clocks and inboxes, and cost more.
CHEAP: dict[str, Callable[[Incident], Any]] = {
    "state": lambda incident: incident.state,
    "source": lambda incident: incident.facts.source,
    "category": lambda incident: incident.matter.category,
    "priority": lambda incident: incident.matter.priority,
    "area": lambda incident: incident.area,
    "against": lambda incident: incident.matter.against,
    "readers": lambda incident: incident.readers,
    "unit": lambda incident: incident.charge.unit,
    "rank": lambda incident: by_urgency(
        incident.matter.priority, incident.open_time, incident.over
    ),
}


def held_by(incident: Incident) -> UUID | None:
    """The key of the person who holds it. After the work, a supervision may still ask that person;
    of one that was merged it is the id of the other one; else None.
    """
    charge = incident.charge
    if incident.state in HELD:
        return holder_key(charge.unit, charge.holder)
    if incident.state is State.MERGED and incident.ending.merged_into:
        return UUID(incident.ending.merged_into)
    done = incident.state in (State.RESOLVED, State.CLOSED)
    if done and charge.holder and incident.supervisions:
        return last_holder_key(charge.unit, charge.holder)
    return None


def upgrade(doc: dict[str, Any], shape: int) -> dict[str, Any]:
    """Shape 2 had no `assignment`, shape 3 no supervisions and urges, shape 4 no corrections, shape
    5 no `raise_time`; the defaults serve. Before shape 8 the state alone told of a report, and
    before shape 14 nothing of the end but the last event, which it nearly always is. Shape 14 did
    not tell those that only judge an answer.
    """
    if shape < 8:
        doc = {**doc, "reported": doc["state"] == State.HANDLING}
    if shape == 1:
        doc = _in_parts(doc)
    if shape < 14 and doc["state"] in OVER:
        doc = {**doc, "ending": {**doc.get("ending", {}), "over_time": doc["time"]}}
    return doc


def _in_parts(doc: dict[str, Any]) -> dict[str, Any]:
    """The flat row of 0.1.0 in the parts of the present record."""
    matter = ("id", "code", "source", "title", "narrative", "category", "priority", "place", "desk")
    charge = (
        "accountable_unit",
        "unit",
        "unit_time",
        "sender",
        "holder",
        "handlers",
        "assigned_by",
        "instruction",
        "raised_to",
    )
    questions = {HAND_OFF: doc["hand_off"], RETURN: doc["pending_return"]}
    return {
        **{name: doc[name] for name in ("id", "version", "time", "state", "open_time", "routing")},
        "matter": _some(doc, (*matter, "against")),
        "charge": _some(doc, charge),
        "clocks": [_clock(due) for due in doc["due"]],
        "questions": [_question(kind, each) for kind, each in questions.items() if each],
        "ending": _some(doc, ("outcome", "reply", "solved", "verifier", "void_reason")),
        "counts": _some(doc, ("bounces", "releases", "reworks")),
        "involved": doc["involved"],
        "reported": doc["reported"],
    }


def _some(doc: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: doc[name] for name in names}


def _question(kind: str, offer: dict[str, Any]) -> dict[str, Any]:
    parts = _some(offer, ("from_unit", "to_unit", "reason", "raised_to"))
    return {**parts, "kind": kind, "ask_time": offer["offer_time"], "due_time": offer["due"]}


def _clock(due: dict[str, Any]) -> dict[str, Any]:
    start = due["start_time"]
    return {
        "id": clocks.id_of(due["clock"], datetime.fromisoformat(start)),
        "kind": due["clock"],
        "rule": due["rule"],
        "about": "",
        "budget": {"amount": due["minutes"], "unit": "MINUTES"},
        "ledger": [{"start": start}],
        "due_time": due["due_time"],
        "lapse_time": due["lapse_time"],
    }
