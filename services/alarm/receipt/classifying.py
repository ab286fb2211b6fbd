"""Classifying 定类: class and priority of a report; the incident gets them too."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import amends, change
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.correction import PRIORITY, Correction
from backbone.words.errors import InvalidArgument
from backbone.words.guards import require_category, require_priority
from backbone.words.heard import together
from backbone.words.matter import Matter
from services.alarm.receipt import correcting
from services.alarm.receipt.danger import PriorityConfirmed, confirmed_below, is_lowered
from services.alarm.receipt.record import Outcome, Receipt, State
from services.alarm.receipt.rights import require_desk
from services.alarm.receipt.suggested import DangerSuggestion


class ClassifyReceipt(Struct, frozen=True):
    """An empty field keeps its value. `heard` are the dangers of the incident's reports,
    `confirm_priority` the person's word that the class may lie below it; `standing` is the priority
    of its incident, empty if it is not known."""

    by: Actor
    category: str
    priority: str
    for_incident: bool = False
    confirm_priority: bool = False
    heard: DangerSuggestion | None = None
    standing: str = ""


class ReceiptClassified(Struct, frozen=True):
    """`anew`: the priority is told to the incident though the receipt had it: a new danger holds
    also where a person has lowered the incident since."""

    time: datetime
    category: str
    priority: str
    title: str = ""
    for_incident: bool = False
    correction: Correction | None = None
    facts: Matter | None = None
    anew: bool = False


def classify(
    receipt: Receipt, command: ClassifyReceipt, now: datetime, city: City
) -> list[PriorityConfirmed | ReceiptClassified]:
    """Class and priority; of an ended receipt the danger guards the class too, because the incident
    that it opened follows it."""
    require_desk(receipt, command)
    correcting.require_incident_open(receipt)
    if not command.category and not command.priority:
        raise InvalidArgument("NOTHING_TO_CHANGE", field="category")
    require_category(city, command.category)
    before = receipt.classification
    priority = require_priority(command.priority or before.priority)
    event = ReceiptClassified(
        now, command.category or before.category, priority, for_incident=command.for_incident
    )
    danger = receipt.suggestions.danger
    if command.heard is not None and (command.for_incident or receipt.outcome is Outcome.OPENED):
        danger = together((command.heard, danger))
    given = classified(receipt, event).classification
    lowered = is_lowered(receipt, given, danger, city, _standing(receipt, command))
    word = confirmed_below(danger, command, now, below=lowered)
    spoken = replace(receipt, version=receipt.version + len(word))
    return [*word, correcting.told(spoken, event, classified, command.by, city)]


def _standing(receipt: Receipt, command: ClassifyReceipt) -> str:
    """The priority of the incident, where a new one of this receipt replaces it."""
    replaces = command.for_incident or receipt.outcome is Outcome.OPENED
    return command.standing if replaces else ""


def classified(receipt: Receipt, event: ReceiptClassified) -> Receipt:
    classification = replace(
        receipt.classification, category=event.category, priority=event.priority
    )
    after = replace(receipt, classification=classification)
    anew = (PRIORITY,) if event.anew else ()
    return correcting.corrected(receipt, after, event.title, event.for_incident, anew)


VERBS = (
    amends(
        {State.RECEIVED, State.ENDED},
        classify,
        "NOT_YOUR_DESK",
        "INCIDENT_OVER",
        "UNKNOWN_CATEGORY",
        "UNKNOWN_PRIORITY",
        "DANGER_UNCONFIRMED",
        "NOTHING_TO_CHANGE",
        otherwise=correcting.require_may_correct,
    ),
)
CHANGES = (change(classified),)
