"""Following a supervision 督办: its steps stand on the incident and leave it where it is."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import CLOCK, Actor
from services.workflow.incident.record import Incident, State, Supervised
from services.workflow.incident.world import World


class FollowSupervision(Struct, frozen=True):
    """One event of a supervision; `step` is its kind, `step_time` when it was made, `unit` the unit
    whose answer it is about."""

    supervision_id: UUID
    supervision_version: int
    step: str
    level: str
    supervisor: str
    unit: str = ""
    text: str = ""
    due_time: datetime | None = None
    step_time: datetime | None = None
    by: Actor = CLOCK


class SupervisionFollowed(Struct, frozen=True):
    """Heard at `time`; made at `step_time`, None in an event of an older release."""

    time: datetime
    supervision_id: UUID
    supervision_version: int
    step: str
    level: str
    supervisor: str
    unit: str = ""
    text: str = ""
    due_time: datetime | None = None
    step_time: datetime | None = None


# The list that each step puts its unit into, out of all others; an accepted answer is in none.
LISTS = ("owed_by", "late_by", "answered_by")
ADDRESSED = "UnitAddressed"
ASKS = frozenset({"SupervisionOpened", ADDRESSED, "AnswerFollowedUp", "AnswerRejected"})
PLACES: Mapping[str, str] = {
    **dict.fromkeys(ASKS, "owed_by"),
    "AnswerGiven": "answered_by",
    "AnswerAccepted": "",
    "DemandEnded": "",
}
MARKED, LIFTED, ENDED = "UnitMarked", "SupervisionLifted", "DemandEnded"


def follow(
    incident: Incident, command: FollowSupervision, now: datetime, world: World
) -> list[SupervisionFollowed]:
    """The step as an event; no event if it, or a later one, is known already."""
    known = known_one(incident, command.supervision_id)
    if known and command.supervision_version <= known.version:
        return []
    return [
        SupervisionFollowed(
            now,
            command.supervision_id,
            command.supervision_version,
            command.step,
            command.level,
            command.supervisor,
            command.unit,
            command.text,
            command.due_time,
            command.step_time,
        )
    ]


def known_one(incident: Incident, supervision: UUID) -> Supervised | None:
    return next((each for each in incident.supervisions if each.id == supervision), None)


def followed(incident: Incident, event: SupervisionFollowed) -> Incident:
    """The incident with what it knows of the supervision; of a lifted one it keeps the timeline."""
    others = tuple(each for each in incident.supervisions if each.id != event.supervision_id)
    if event.step == LIFTED:
        return replace(incident, supervisions=others)
    known = known_one(incident, event.supervision_id) or Supervised(
        event.supervision_id, 0, event.level, event.supervisor
    )
    seen = _after(known, event)
    if event.step in ASKS:
        seen = replace(seen, after_end=_was_over(incident, event))
    return replace(incident, supervisions=(*others, seen))


def _was_over(incident: Incident, event: SupervisionFollowed) -> bool:
    """Whether the incident was over when it was asked for: it may hear of that only later."""
    since, asked = incident.ending.over_time, event.step_time
    return incident.over and (since is None or asked is None or asked > since)


def _after(known: Supervised, event: SupervisionFollowed) -> Supervised:
    """The supervision after a step; a step that only a newer process knows changes nothing."""
    unit = event.unit
    due = event.due_time or known.due_time
    seen = replace(known, version=event.supervision_version, due_time=due)
    if event.step == MARKED:
        marked, late = _with(known.marked, unit), _with(known.late_by, unit)
        return replace(seen, marked=marked, late_by=late)
    if event.step not in PLACES:
        return seen
    if event.step == ADDRESSED:
        # The demand goes over to this unit; if the incident comes back, the other is asked anew.
        others = tuple(each for each in known.addressed if each not in known.owed_by)
        known = replace(known, addressed=others, owed_by=(), late_by=())
    if event.step == ENDED:  # should the incident go on, its unit is asked anew
        known = replace(known, addressed=_without(known.addressed, unit))
        seen = replace(seen, addressed=known.addressed)
    lists = {name: _without(getattr(known, name), unit) for name in LISTS}
    if place := PLACES[event.step]:
        lists[place] = (*lists[place], unit)
    if event.step in ASKS:
        lists["addressed"] = _with(known.addressed, unit)
        seen = replace(seen, ask_time=event.step_time or event.time)
    return replace(seen, **lists)


def _with(units: tuple[str, ...], unit: str) -> tuple[str, ...]:
    return (*_without(units, unit), unit)


def _without(units: tuple[str, ...], unit: str) -> tuple[str, ...]:
    return tuple(each for each in units if each != unit)


def waits_for(incident: Incident) -> tuple[str, ...]:
    """The units that owe an answer, and the supervisors of those that have answered or are late."""
    found: list[str] = []
    for each in incident.supervisions:
        told = each.late_by or each.answered_by
        found += [*each.owed_by, *([each.unit] if told else ())]
    return tuple(found)


def to_address(incident: Incident) -> UUID | None:
    """A supervision that has to hear what became of the incident: it has not asked the unit that
    answers for it now, or waits for an answer that is owed no more.
    """
    outlived = (each.id for each in incident.supervisions if _is_outlived(incident, each))
    found = next(outlived, None)
    if found or incident.over or is_at_accused_desk(incident):
        return found
    unit = incident.answering_unit
    asking = (each for each in incident.supervisions if not incident.is_kept_from(each.unit))
    return next((each.id for each in asking if unit not in each.addressed), None)


def _is_outlived(incident: Incident, known: Supervised) -> bool:
    """A supervisor that may not know of an accusation hears no answer: no unit owes it one, and it
    judges none."""
    if incident.is_kept_from(known.unit):
        return bool(known.owed_by or known.answered_by)
    hidden = incident.hidden_from
    over = incident.over and not known.after_end
    return any(over or unit in hidden for unit in known.owed_by)


def is_at_accused_desk(incident: Incident) -> bool:
    """An accusation that is back in triage is at the desk that took it down, perhaps the accused:
    it is not asked."""
    return bool(incident.matter.against) and incident.answering_unit == incident.matter.desk


VERBS = (verb(State, follow),)
CHANGES = (change(followed),)
