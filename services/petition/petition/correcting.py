"""Tells the incident of a petition what its desk has corrected, and who its caller is. Pure.

The incident gets it by a call and by the event, which carry the same message.
"""

from datetime import datetime

from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.correction import FACTS, PERSONS, TITLE, Corrected, Correction
from backbone.words.followed import OVER, CallerFollowed, FollowCaller
from services.petition.petition.record import ANY, Petition
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


def follow_caller(
    petition: Petition, command: FollowCaller, now: datetime, city: City
) -> list[CallerFollowed]:
    """Add the names of the caller that the desk has corrected to those that texts may hold. Names
    that the record has already cause no event."""
    known = petition.filing.persons
    persons = tuple(dict.fromkeys((*known, *command.persons)))
    if persons == known:
        return []
    event, by = CallerFollowed(now, persons), Actor(command.user, command.unit)
    after = replace(caller_followed(petition, event), version=petition.version + 1)
    return [replace(event, correction=correction_of(after, by))]


def caller_followed(petition: Petition, event: CallerFollowed) -> Petition:
    filing = replace(petition.filing, persons=event.persons)
    return corrected(petition, replace(petition, filing=filing))


VERBS = (verb(ANY, follow_caller),)
CHANGES = (change(caller_followed),)
