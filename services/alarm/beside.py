"""The protected callers of an incident, of whom another report of the same incident may tell.

A witness names the caller whom the desk protects, and the witness's own receipt does not know that
one. A reader outside its desk gets that report without the protected callers of all reports, and of
those that have left the incident. A report that leaves it itself keeps whom it may name (`beside`).
"""

from collections import defaultdict
from typing import Any
from uuid import UUID

from backbone.door.rows import RowsOf
from backbone.words.actor import Actor
from liandong.alarm.v1 import alarm_pb2 as resources
from services.alarm import storage
from services.alarm.receipt.record import Receipt


class Beside:
    """Reads the receipts that belong to the incidents of an answer."""

    def __init__(self, rows: RowsOf) -> None:
        self._rows = rows

    async def __call__(self, answer: Any, reader: Actor) -> None:
        """Add the protected callers of the other reports to each receipt that leaves its desk."""
        away = [each for each in _receipts(answer) if each.incident.id and each.unit != reader.unit]
        if not away:
            return
        found = await storage.protected_of(self._rows, {UUID(each.incident.id) for each in away})
        kept: dict[str, list[str]] = defaultdict(list)
        for receipt in found:
            caller = receipt.report.caller
            if caller.protected:
                for incident in incidents_of(receipt):
                    kept[str(incident)] += caller.called
        for each in away:
            each.persons.extend(kept[each.incident.id])


def incidents_of(receipt: Receipt) -> set[UUID]:
    """The incident of a receipt, and those that it has left."""
    left = {each.id for each in receipt.left}
    return left if receipt.incident is None else {*left, receipt.incident.id}


def _receipts(answer: Any) -> list[resources.Receipt]:
    """The receipts of an answer: one, or a page of them."""
    return [
        each
        for field, value in answer.ListFields()
        if field.message_type is resources.Receipt.DESCRIPTOR
        for each in (value if field.is_repeated else (value,))
    ]
