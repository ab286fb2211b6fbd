"""The columns of the table of care cases, and the reading of older documents."""

from typing import Any

from backbone.words.rank import by_time
from services.population.care_case.clocks import next_due
from services.population.care_case.record import OVER, CareCase, State, VisitState

SHAPE = 5
COLUMNS = {
    "code": "text",
    "state": "text",
    "sender": "text",
    "sent_by": "text",
    "unit": "text",
    "programme": "text",
    "legal_basis": "text",
    "register_time": "timestamptz",
    "rank": "bigint",
    "due_time": "timestamptz",
    "overdue": "boolean",
    "followed_up": "boolean",
    "care_workers": "text[]",
    "service_ids": "uuid[]",
}

WHOLE = (
    "id", "code", "version", "time", "state", "admission", "class_decision", "visits", "services",
)  # fmt: skip
HAND_OVER = ("sender", "sent_by", "register_time", "hand_over_overdue", "receive_time")
CHARGE = ("unit", "area", "care_workers")
ENDING = ("end_reason", "end_time")


def project(case: CareCase) -> dict[str, Any]:
    """The columns by which cases are found, fall due and are checked.

    `followed_up` says that there are visits or a class, which a programme may forbid.
    """
    admission, hand_over, charge = case.admission, case.hand_over, case.charge
    return {
        "code": case.code,
        "state": case.state,
        "sender": hand_over.sender,
        "sent_by": hand_over.sent_by,
        "unit": charge.unit,
        "programme": admission.programme,
        "legal_basis": admission.legal_basis,
        "register_time": hand_over.register_time,
        "rank": by_time(hand_over.register_time, case.state in OVER),
        "due_time": next_due(case),
        "overdue": is_overdue(case),
        "followed_up": bool(case.visits) or case.class_decision is not None,
        "care_workers": charge.care_workers,
        "service_ids": tuple(asked.id for asked in case.services),
    }


def is_overdue(case: CareCase) -> bool:
    """Whether the person was not met in time, or a visit was missed and is still to be made."""
    if case.state is State.SENT:
        return case.hand_over.hand_over_overdue
    missed = any(visit.state is VisitState.MISSED for visit in case.visits)
    return case.state is State.ACTIVE and missed


def upgrade(doc: dict[str, Any], shape: int) -> dict[str, Any]:
    """Shape 1 is the flat row of 0.1.0; later ones only grew."""
    if shape > 1:
        return doc
    return {
        **_part(doc, WHOLE),
        "hand_over": _part(doc, HAND_OVER),
        "charge": _part(doc, CHARGE),
        "ending": _part(doc, ENDING) if doc["end_time"] else None,
    }


def _part(doc: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: doc[name] for name in names}
