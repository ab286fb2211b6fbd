"""Amending 更正: the desk corrects what it wrote down; the incident gets the facts too."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from backbone.life_cycle import amends, change
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.correction import Correction
from backbone.words.errors import InvalidArgument
from backbone.words.guards import (
    require_category,
    require_place,
    require_priority,
    require_text,
    require_unit_of,
)
from backbone.words.place import Place, place_with
from backbone.words.texts import trimmed
from services.petition.petition import accusing, correcting
from services.petition.petition.accusing import Named
from services.petition.petition.record import ANY, Filing, Petition, Petitioner
from services.petition.petition.registration import require_representatives

# The parts of a filing that an amendment gives as they are afterwards, or leaves.
WHOLE = (
    "subject",
    "text",
    "head_count",
    "place",
    "category",
    "priority",
    "against",
    "against_unit",
)
PERSONAL = ("name", "contact", "id_number")


class PetitionerChange(Struct, frozen=True):
    """Which petitioner, from 1 on; the number behind the last one adds one, and 0 is the only one.
    Parts are sealed, and None keeps a part."""

    number: int = 0
    name: str | None = None
    contact: str | None = None
    id_number: str | None = None


class AmendPetition(Struct, frozen=True, kw_only=True):
    """A field that is None keeps its value.

    `known` has the indexes of sealed parts, by the sealed text: of those that are given and of
    those that the petition had. `masked` has stored texts as they are once the new names are sealed
    in them. `persons` are the names that are new.
    """

    by: Actor
    subject: str | None = None
    text: str | None = None
    petitioners: tuple[PetitionerChange, ...] = ()
    head_count: int | None = None
    place: Place | None = None
    category: str | None = None
    priority: str | None = None
    against: str | None = None
    against_unit: str | None = None
    reason: str = ""
    persons: tuple[str, ...] = ()
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    masked: Mapping[str, str] = field(default_factory=dict)


class PetitionAmended(Struct, frozen=True, kw_only=True):
    """`petitioners` are all of them, or none where they stay; indexes, persons and barred units are
    those from now on. `accuses`: it is an accusation from now on."""

    time: datetime
    subject: str | None = None
    text: str | None = None
    petitioners: tuple[Petitioner, ...] = ()
    head_count: int | None = None
    place: Place | None = None
    category: str | None = None
    priority: str | None = None
    against: str | None = None
    against_unit: str | None = None
    reason: str = ""
    accuses: bool = False
    petitioner_indexes: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()
    correction: Correction | None = None


def amend(
    petition: Petition, command: AmendPetition, now: datetime, city: City
) -> list[PetitionAmended]:
    require_unit_of(command.by, {petition.desk})
    accusing.require_open(petition, command)
    require_something(command)
    unit, reason = command.against_unit, command.reason
    said = Named(unit, command.against, command.category, reason)
    accusing.require_may_accuse(petition, said, city)
    filing = petition.filing
    people = _people(filing, command)
    event = PetitionAmended(
        time=now,
        petitioners=people,
        reason=trimmed(reason),
        accuses=accusing.accuses_now(petition, unit),
        petitioner_indexes=_indexes(filing, people, command.known),
        persons=tuple(dict.fromkeys((*filing.persons, *command.persons))),
        barred=accusing.barred_with(petition, unit, city),
        **_checked(filing, command, people, city),
    )
    after = replace(amended(petition, event), version=petition.version + 1)
    return [replace(event, correction=correcting.correction_of(after, command.by))]


def require_something(command: AmendPetition) -> None:
    """An empty place says nothing either, and erases nothing."""
    said = [getattr(command, name) for name in WHOLE]
    if command.place == Place(""):
        raise InvalidArgument("NOTHING_TO_CHANGE", field="place")
    if not command.petitioners and all(each is None for each in said):
        raise InvalidArgument("NOTHING_TO_CHANGE")


def _checked(
    filing: Filing, command: AmendPetition, people: tuple[Petitioner, ...], city: City
) -> dict[str, Any]:
    """The parts that are given, and stored texts in which names are sealed only now."""
    said = {name: getattr(command, name) for name in WHOLE}
    subject, text = command.subject, command.text
    said["subject"] = command.masked.get(filing.subject)
    said["text"] = command.masked.get(filing.text)
    if subject is not None:
        said["subject"] = require_text(subject, "SUBJECT_MISSING")
    if text is not None:
        said["text"] = require_text(text, "TEXT_MISSING")
    if command.place is not None:
        said["place"] = place_with(filing.place or Place(), command.place)
        require_place(city, said["place"])
    require_category(city, command.category or "")
    if command.priority is not None:
        said["priority"] = require_priority(command.priority)
    if people or command.head_count is not None:
        named = len(people or filing.petitioners)
        said["head_count"] = max(command.head_count or filing.head_count, named, 1)
    return said


def _people(filing: Filing, command: AmendPetition) -> tuple[Petitioner, ...]:
    """All petitioners after the changes; none where the command changes none."""
    if not command.petitioners:
        return ()
    people, reason = list(filing.petitioners), command.reason
    if not people and not filing.passed_from:
        # Who wrote a letter that is not signed is named for a reason, never by the way.
        require_text(reason, "REASON_MISSING")
    numbers = _numbers(people, command.petitioners)
    for number, each in zip(numbers, command.petitioners, strict=True):
        if number > len(people) + 1:
            facts = {"named": len(people), "number": number, "next": len(people) + 1}
            raise InvalidArgument("UNKNOWN_PETITIONER", **facts)
        if number > len(people):
            people.append(Petitioner())
        parts = {name: getattr(each, name) for name in PERSONAL}
        given = {name: part for name, part in parts.items() if part is not None}
        if not given:
            raise InvalidArgument("NOTHING_TO_CHANGE", field="petitioners")
        people[number - 1] = replace(people[number - 1], **given)
        if not people[number - 1].name:
            raise InvalidArgument("PETITIONER_MISSING")
    require_representatives(filing.channel, len(people))
    return tuple(people)


def _numbers(people: Sequence[Petitioner], changes: Sequence[PetitionerChange]) -> Sequence[int]:
    """Which petitioner each change is about. Where it could be one of several, each change says it,
    and no two say the same: a person must not get the name or identity number of another one."""
    if len(changes) == 1 and len(people) <= 1:
        return [changes[0].number or 1]
    numbers = [each.number for each in changes]
    if not all(numbers) or len({*numbers}) < len(numbers):
        raise InvalidArgument("WHICH_PETITIONER", named=len(people))
    return numbers


def _indexes(
    filing: Filing, people: tuple[Petitioner, ...], known: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """The indexes without those of parts that were replaced, which may be another person's."""
    if not people:
        return filing.petitioner_indexes
    then, now = _sealed(filing.petitioners), _sealed(people)
    kept = {index for part in now for index in known.get(part, ())}
    lost = {index for part in then - now for index in known.get(part, ())} - kept
    indexes = (*filing.petitioner_indexes, *sorted(kept))
    return tuple(dict.fromkeys(each for each in indexes if each not in lost))


def _sealed(people: tuple[Petitioner, ...]) -> set[str]:
    return {part for each in people for part in (each.contact, each.id_number) if part}


def amended(petition: Petition, event: PetitionAmended) -> Petition:
    said = {name: getattr(event, name) for name in WHOLE}
    given = {name: part for name, part in said.items() if part is not None}
    filing = replace(
        petition.filing,
        petitioners=event.petitioners or petition.filing.petitioners,
        petitioner_indexes=event.petitioner_indexes,
        persons=event.persons,
        **given,
    )
    area = (event.place.area if event.place else "") or petition.area
    after = replace(petition, filing=filing, area=area, barred=event.barred)
    if event.accuses:
        after = accusing.accusing(after, filing)
    return correcting.corrected(petition, after)


VERBS = (
    amends(
        ANY,
        amend,
        "NOT_YOUR_UNIT",
        "NOTHING_TO_CHANGE",
        "PETITION_OVER",
        "INCIDENT_OVER",
        "UNKNOWN_PETITIONER",
        "WHICH_PETITIONER",
        "PETITIONER_MISSING",
        "TOO_MANY_REPRESENTATIVES",
        "SUBJECT_MISSING",
        "TEXT_MISSING",
        "REASON_MISSING",
        "UNKNOWN_PRIORITY",
        "UNKNOWN_CATEGORY",
        "UNKNOWN_UNIT",
        "OUTSIDE_CITY",
        "UNKNOWN_AREA",
        "ACCUSATION_STAYS",
        "OWN_UNIT_ACCUSED",
    ),
)
CHANGES = (change(amended),)
