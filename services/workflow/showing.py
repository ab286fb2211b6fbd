"""The timeline of an incident as its readers see it: without the words of reports that have left.

A report that was linked by mistake, or accuses a unit since, is of another matter: its words stay
with the desk that took the incident in, and with auditors. Its steps stay, so that no version is
missing.
"""

from typing import Any

from backbone.words.actor import Actor
from backbone.words.reported import those_of, without_parts
from backbone.words.roles import AUDITORS
from services.workflow.incident.record import Incident

# What an event of a report that has left tells of it.
OF_A_REPORT = ("report", "merged", "persons")


class Cut:
    """Takes the words of such reports out of the facts of an entry, for one reader."""

    def __init__(self, incident: Incident, reader: Actor) -> None:
        whole = reader.unit == incident.matter.desk or reader.role in AUDITORS
        left = () if whole else [each for each in incident.reports[1:] if not each.linked]
        self._danger = incident.matter.danger
        self._receipts = frozenset(each.receipt for each in left)
        self._codes = frozenset(each.code for each in left)

    def __call__(self, facts: dict[str, Any]) -> None:
        if not self._receipts:
            return
        if self._has_left(facts.get("report", {})):
            for name in OF_A_REPORT:
                facts.pop(name, None)
        if facts.get("receipt") in self._receipts:
            del facts["receipt"]
        if "reports" in facts:
            facts["reports"] = [each for each in facts["reports"] if not self._has_left(each)]
        matter = facts.get("matter", {})
        matter.pop("heard", None)
        if "narrative" in matter:
            matter["narrative"] = without_parts(matter["narrative"], self._codes)
        if "danger" in matter:
            matter["danger"] = those_of(matter["danger"], self._danger)

    def _has_left(self, report: dict[str, Any]) -> bool:
        return report.get("receipt") in self._receipts
