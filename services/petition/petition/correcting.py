"""Tells the incident of a petition what its desk has corrected. Pure.

The incident gets it by a call and by the event, which carry the same message.
"""

from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.correction import FACTS, PERSONS, TITLE, Corrected, Correction
from backbone.words.followed import OVER
from services.petition.petition.record import Petition
from services.petition.petition.routing import matter_of

TOLD = (*FACTS, TITLE, PERSONS)


def corrected(before: Petition, after: Petition) -> Petition:
    """Return `after` with the names of all facts that changed since its incident was opened."""
    if before.handling.incident is None:
        return after
    then, now = matter_of(before), matter_of(after)
    known = {each.fact: each for each in before.corrected}
    names = (name for name in TOLD if getattr(then, name) != getattr(now, name))
    known |= {name: Corrected(name, before.version + 1) for name in names}
    return replace(after, corrected=tuple(known.values()))


def correction_of(petition: Petition, by: Actor) -> Correction | None:
    """The correction that this version of the petition made, equal for the call and the event."""
    made_now = any(each.version == petition.version for each in petition.corrected)
    incident = petition.handling.incident
    if incident is None or not made_now or only_persons_after_end(petition):
        return None
    return Correction(
        matter=matter_of(petition),
        facts=petition.corrected,
        receipt=str(petition.id),
        code=petition.code,
        version=petition.version,
        linked=False,
        user=by.user,
        unit=by.unit,
    )


def only_persons_after_end(petition: Petition) -> bool:
    """Whether this version told names alone, of which an incident that is over hears no more."""
    incident = petition.handling.incident
    new = {each.fact for each in petition.corrected if each.version == petition.version}
    return incident is not None and incident.state in OVER and new == {PERSONS}
