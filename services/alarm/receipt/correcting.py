"""Tells a correction of a receipt to others: its incident, and the missions it ordered. Pure.

The incident gets it by a call and by the event, which carry the same message.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.correction import (
    AGAINST,
    CATEGORY,
    DANGER,
    FACTS,
    NARRATIVE,
    PERSONS,
    PLACE,
    PRIORITY,
    CallerLink,
    Corrected,
    Correction,
)
from backbone.words.errors import InvalidTransition
from backbone.words.matter import Matter
from backbone.words.place import Place
from backbone.words.spans import cut
from services.alarm.receipt.city import title
from services.alarm.receipt.closing import is_over
from services.alarm.receipt.danger import told_of, unsettled
from services.alarm.receipt.ending import matter_called
from services.alarm.receipt.record import LeftIncident, Receipt
from services.alarm.receipt.rights import ByActor, require_desk

# An incident is told a linked report in short, as an order is read at once.
LINKED_NARRATIVE, LINKED_PLACE = 400, 400

E = TypeVar("E", bound=Struct)


def facts_of(receipt: Receipt) -> dict[str, Any]:
    report, classification = receipt.report, receipt.classification
    return {
        PLACE: report.place,
        NARRATIVE: receipt.told,
        CATEGORY: classification.category,
        PRIORITY: classification.priority,
        DANGER: report.danger,
        AGAINST: report.against,
    }


def differing(before: Receipt, after: Receipt) -> tuple[str, ...]:
    """The names of the facts that differ."""
    then, now = facts_of(before), facts_of(after)
    return tuple(name for name in FACTS if then[name] != now[name])


def corrected(
    before: Receipt, after: Receipt, title: str, for_incident: bool, anew: Iterable[str] = ()
) -> Receipt:
    """The receipt after a change, with what was corrected since it joined its incident, and facts
    that are said anew."""
    version = before.version + 1
    is_called = before.report.caller.called != after.report.caller.called
    if is_called:
        after = replace(after, left=tuple(replace(each, version=version) for each in after.left))
    if after.incident is None or after.ending is None:
        return after
    known = {each.fact: each for each in before.corrected}
    names = (*differing(before, after), *((PERSONS,) if is_called else ()), *anew)
    known |= {name: Corrected(name, version, for_incident) for name in names}
    ending = replace(after.ending, title=title or after.ending.title)
    return replace(after, ending=ending, corrected=tuple(known.values()))


def title_after(before: Receipt, after: Receipt, city: City) -> str:
    """The title since a correction of class or place, else empty."""
    if not {PLACE, CATEGORY} & set(differing(before, after)):
        return ""
    return title(city, after.classification.category, after.report.place)


def correction_of(receipt: Receipt, by: Actor) -> Correction | None:
    """The correction that this version of the receipt made, equal for the call and the event."""
    incident, ending = receipt.incident, receipt.ending
    made_now = any(each.version == receipt.version for each in receipt.corrected)
    if incident is None or ending is None or not made_now:
        return None
    # Only a correction of class or place is told with a title of its own.
    matter = matter_called(receipt, ending.title or incident.code, "")
    return Correction(
        matter=replace(matter, id=incident.id, code=incident.code),
        facts=receipt.corrected,
        receipt=str(receipt.id),
        code=receipt.code,
        version=receipt.version,
        linked=receipt.stands_inside,
        user=by.user,
        unit=by.unit,
    )


def protections_of(receipt: Receipt, by: Actor) -> tuple[Correction, ...]:
    """The corrections that tell incidents which the receipt has left whom their texts must not name
    any more, if this version of the receipt has changed that. They are told nothing else of it."""
    here = receipt.incident
    now = {here.id, here.before.id if here.before else here.id} if here else set()
    told = (each for each in receipt.left if each.version == receipt.version)
    return tuple(
        Correction(
            matter=_persons_alone(receipt, each),
            facts=(Corrected(PERSONS, receipt.version),),
            receipt=str(receipt.id),
            code=receipt.code,
            version=receipt.version,
            linked=True,
            user=by.user,
            unit=by.unit,
        )
        for each in told
        if each.id not in now
    )


def _persons_alone(receipt: Receipt, left: LeftIncident) -> Matter:
    return Matter(
        id=left.id,
        code=left.code,
        source="",
        title="",
        narrative="",
        category="",
        priority="",
        place=Place(""),
        desk="",
        persons=receipt.named,
    )


def leaving(receipt: Receipt) -> tuple[LeftIncident, ...]:
    """The incidents that it will have left, with the one that it leaves now."""
    here = receipt.incident
    known = {each.id: each for each in receipt.left}
    for each in (here, here.before) if here else ():
        if each is not None:
            known.setdefault(each.id, LeftIncident(each.id, each.code))
    return tuple(known.values())


def facts_to_send(receipt: Receipt) -> Matter:
    """The facts by which a receipt without an incident sends a team.

    The priority is that of a danger that no person has settled, where that one is more urgent: an
    order waits for no question.
    """
    facts, danger = matter_called(receipt, "", ""), receipt.suggestions.danger
    open_ = unsettled(receipt, danger) if danger and receipt.incident is None else ""
    return replace(facts, priority=min(filter(None, (facts.priority, open_)), default=""))


def facts_for_missions(before: Receipt, after: Receipt) -> Matter | None:
    """The facts of a receipt without an incident, if they differ and a team was sent by them."""
    if after.incident is not None or not after.dispatches:
        return None
    then, now = facts_to_send(before), facts_to_send(after)
    known = (then.priority, then.persons) == (now.priority, now.persons)
    return now if differing(before, after) or not known else None


def link_of(receipt: Receipt, version: int, by: Actor) -> CallerLink:
    """The message that tells an incident of a receipt that has joined it or leaves it."""
    assert receipt.incident is not None, "only a receipt with an incident joins or leaves one"
    return CallerLink(
        incident_id=str(receipt.incident.id),
        receipt=str(receipt.id),
        code=receipt.code,
        version=version,
        danger=receipt.report.danger,
        user=by.user,
        unit=by.unit,
        narrative=cut(receipt.told, LINKED_NARRATIVE),
        place=cut(_described(receipt.report.place), LINKED_PLACE),
        persons=receipt.named,
        heard=told_of(receipt),
    )


def merged_left(receipt: Receipt, version: int, by: Actor) -> CallerLink | None:
    """The message for the incident with which the receipt has come by a merge: should the merge be
    undone, the receipt does not go back. None for a receipt that has come otherwise."""
    before = receipt.incident.before if receipt.incident else None
    if before is None:
        return None
    link = link_of(receipt, version, by)
    return replace(link, incident_id=str(before.id), merged=before.code)


def _described(place: Place) -> str:
    """The place in words; a point stands in them."""
    point = place.point
    return f"{place.text} ({point.longitude}, {point.latitude})".strip() if point else place.text


def require_incident_open(receipt: Receipt) -> None:
    """Refuse a correction of facts once the incident is over."""
    incident = receipt.incident
    if incident is not None and is_over(incident.known):
        raise InvalidTransition("INCIDENT_OVER", incident=incident.code, state=incident.known.state)


def require_may_correct(receipt: Receipt, command: ByActor) -> None:
    """Refuse the correction of a receipt whose incident is over."""
    require_desk(receipt, command)
    require_incident_open(receipt)


def told(
    receipt: Receipt, event: E, changed: Callable[[Receipt, E], Receipt], by: Actor, city: City
) -> E:
    """The event with what others must hear of it."""
    title = title_after(receipt, changed(receipt, event), city)
    event = replace(event, title=title)
    after = replace(changed(receipt, event), version=receipt.version + 1)
    protects = protections_of(after, by)
    return replace(
        event,
        correction=correction_of(after, by),
        facts=facts_for_missions(receipt, after),
        **({"protects": protects} if protects else {}),
    )
