"""Pure mappings: call → command, petition → resource; personal data is sealed and masked here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from backbone.directory.places import Places
from backbone.door.decider import EventScope
from backbone.postgres.sealing import Sealer, shown_by
from backbone.rpc.caller import Call
from backbone.rpc.ids import named_id
from backbone.wire import fill, to_message, to_record
from backbone.words.actor import Actor
from backbone.words.contacts import contacts_of, identity_of
from backbone.words.masks import masked
from backbone.words.matter import with_note
from backbone.words.numbers_said import numbers_of_field
from backbone.words.persons import split_names
from backbone.words.place import Place
from backbone.words.spans import cut
from liandong.incident.v1 import incident_pb2 as incidents
from liandong.incident.v1 import incident_service_pb2 as calls
from liandong.petition.v1 import petition_pb2 as resources
from liandong.petition.v1 import petition_service_pb2 as pb
from services.petition.petition import PETITIONS
from services.petition.petition.amending import PERSONAL, AmendPetition, PetitionerChange
from services.petition.petition.correcting import correction_of
from services.petition.petition.disclosure import RevealPetitioner
from services.petition.petition.record import (
    Channel,
    Filing,
    Petition,
    Petitioner,
    audience,
    facts_of,
)
from services.petition.petition.registration import RegisterPetition
from services.petition.petition.reissuing import ReissuePin
from services.petition.petition.repeats import Earlier, Repeat
from services.petition.petition.routing import matter_of


def petition_id(text: str) -> UUID:
    """The id as a UUID. Raises NotFound for any other text."""
    return named_id(text, "NO_SUCH_PETITION")


def to_command(body: Any, caller: Call) -> Any:
    """The command of a request, with its name (without `Request`) and its fields."""
    kind = PETITIONS.command(body.DESCRIPTOR.name.removesuffix("Request"))
    more = {"purpose": caller.purpose} if kind is RevealPetitioner else {}
    return to_record(body, kind, by=caller.actor, **more)


def located(command: RegisterPetition, places: Places) -> RegisterPetition:
    """The registration with the area of its place, by point or by text."""
    place = command.filing.place
    if place is None:
        return command
    return replace(command, filing=replace(command.filing, place=places.locate(place)))


def to_correction(
    request: pb.AmendPetitionRequest, caller: Call, petition: Petition | None, known: "Known"
) -> AmendPetition:
    """`petition` is the one as it stands, None if there is none."""
    plain = to_record(request, AmendPetition, by=caller.actor)
    said = [each.name or "" for each in plain.petitioners] + split_names([plain.against or ""])
    names = [name for name in said if name.strip()]
    filing = petition.filing if petition else None
    people = filing.petitioners if filing else ()
    seal = known.sealer.seal_if_changed
    changes = tuple(_sealed_change(each, people, seal) for each in plain.petitioners)
    indexes = dict(_indexes_of_changes(plain.petitioners, changes, known))
    if petition is not None:
        indexes |= _indexes_on_file(petition, known)
    return replace(
        plain,
        petitioners=changes,
        against=None
        if plain.against is None
        else seal("against", plain.against.strip(), filing.against if filing else ""),
        persons=tuple(filter(None, map(known.sealer.called, names))),
        known=indexes,
        masked=_masked_anew(petition, names, known.sealer) if petition and names else {},
    )


def _sealed_change(
    plain: PetitionerChange, people: tuple[Petitioner, ...], seal: Callable[[str, str, str], str]
) -> PetitionerChange:
    """The change with its parts sealed; one that the petitioner has already stays as it is."""
    place = (plain.number or 1) - 1
    before = people[place] if place < len(people) else Petitioner()
    given = {part: getattr(plain, part) for part in PERSONAL}
    sealed = {
        part: seal(f"petitioner.{part}", said.strip(), getattr(before, part))
        for part, said in given.items()
        if said
    }
    return replace(plain, **sealed)


def _indexes_of_changes(
    plain: tuple[PetitionerChange, ...], sealed: tuple[PetitionerChange, ...], known: "Known"
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for one, other in zip(plain, sealed, strict=True):
        for part in ("contact", "id_number"):
            if said := getattr(one, part):
                yield getattr(other, part), tuple(_indexes_of(part, said, known))


def _indexes_on_file(petition: Petition, known: "Known") -> dict[str, tuple[str, ...]]:
    """The indexes of each sealed part of the petitioners."""
    pairs = zip(
        petition.filing.petitioners, opened(petition, known.sealer).petitioners, strict=True
    )
    return {
        getattr(sealed, part): tuple(_indexes_of(part, getattr(plain, part), known))
        for sealed, plain in pairs
        for part in ("contact", "id_number")
        if getattr(sealed, part)
    }


def _masked_anew(petition: Petition, names: list[str], sealer: Sealer) -> dict[str, str]:
    """The texts of the petition in which these names stand, with the names sealed."""
    if sealer.spans is None:
        return {}
    texts = petition.filing.subject, petition.filing.text
    sealed = {text: sealer.spans.seal(text, names) for text in texts}
    return {text: anew for text, anew in sealed.items() if anew != text}


def to_amendment(petition: Petition, by: Actor) -> calls.AmendMatterRequest | None:
    """The request that tells the incident the correction of this version of the petition."""
    made = correction_of(petition, by)
    if made is None:
        return None
    said = to_message(made, incidents.Correction)
    return calls.AmendMatterRequest(incident_id=said.matter.id, correction=said)


@dataclass(frozen=True, slots=True)
class Known:
    """The service's own knowledge beside a request: its keys, and the dialling code of its city."""

    sealer: Sealer
    dialling_code: str


def to_registration(
    body: pb.RegisterPetitionRequest, caller: Call, new: tuple[UUID, str], known: Known
) -> RegisterPetition:
    """`new` is the id and the code of the new petition."""
    plain = to_record(body, Filing)
    filing = _mapped(plain, known.sealer.seal)
    names = [each.name for each in plain.petitioners] + split_names([plain.against])
    persons = tuple(filter(None, map(known.sealer.called, names)))
    indexes = tuple(dict.fromkeys(_indexes(plain, known)))
    return RegisterPetition(
        caller.actor, *new, replace(filing, petitioner_indexes=indexes, persons=persons)
    )


def to_reissue(body: pb.ReissuePinRequest, caller: Call, known: Known) -> ReissuePin:
    """The command with indexes of what was shown at the counter, never with the numbers."""
    *_, card = "", *_forms_of("id_number", body.id_number, known.dialling_code)  # one is shown
    identity = known.sealer.index("petitioner.id_number", card)
    return ReissuePin(caller.actor, identity, tuple(_indexes_of("contact", body.contact, known)))


def to_referral(matter: incidents.Matter) -> RegisterPetition:
    """The registration of a receipt that the front desk passed on, at the office that it named.

    The petition keeps its id and code. The caller is sealed with the front desk's key.
    """
    filing = Filing(
        channel=Channel.HOTLINE,
        subject=cut(matter.title, 500),
        text=with_note(matter.narrative or matter.title, matter.note),
        petitioners=(),
        head_count=1,
        place=to_record(matter.place, Place) if matter.HasField("place") else None,
        category=matter.category,
        priority=matter.priority,
        against="",
        against_unit=matter.against,
        passed_from=matter.code,
        persons=tuple(matter.persons),
    )
    return RegisterPetition(Actor("", matter.to_unit), UUID(matter.id), matter.code, filing)


def _indexes(filing: Filing, known: Known) -> Iterator[str]:
    """The indexes by which the same people are found again, in whatever form they are written."""
    for each in filing.petitioners:
        yield from _indexes_of("id_number", each.id_number, known)
        yield from _indexes_of("contact", each.contact, known)


def _indexes_of(part: str, said: str, known: Known) -> Iterator[str]:
    """The indexes of identity numbers or contacts, also where words stand beside them."""
    for each in _forms_of(part, said, known.dialling_code):
        yield known.sealer.index(f"petitioner.{part}", each)


def _forms_of(part: str, said: str, dialling_code: str) -> Iterator[str]:
    fields = (said, *numbers_of_field(said))
    if part == "contact":
        forms = [form for field in fields for form in contacts_of(field, dialling_code)]
    else:
        forms = [form for form in map(identity_of, fields) if form]
    yield from dict.fromkeys(forms)


def _mapped(filing: Filing, change: Callable[[str, str], str]) -> Filing:
    """Apply `change` to every field of personal data; the seal is bound to the field's name."""
    people = tuple(
        Petitioner(*(change(f"petitioner.{part}", getattr(each, part)) for part in PERSONAL))
        for each in filing.petitioners
    )
    return replace(filing, petitioners=people, against=change("against", filing.against))


def _masked(filing: Filing, sealer: Sealer) -> Filing:
    """The filing as all readers see it."""
    return _mapped(filing, lambda field, sealed: shown_by(sealer, field, sealed, masked))


def names_of(petition: Petition, sealer: Sealer) -> list[str]:
    """The names of the petitioners, of a caller who was passed on, and of whom they accuse, to look
    for them in texts."""
    filing = opened(petition, sealer)
    names = [each.name for each in filing.petitioners] + split_names([filing.against])
    return [*filter(None, names), *sealer.names(petition.filing.persons)]


def opened(petition: Petition, sealer: Sealer) -> Filing:
    """The unsealed filing: for a disclosure only, never to be stored."""
    return _mapped(petition.filing, sealer.open)


def _parts(petition: Petition) -> list[Any]:
    """The record and its parts, whose field names are those of the resource."""
    parts = (petition, petition.acceptance, petition.dismissal, petition.handling, petition.ending)
    return [part for part in parts if part is not None]


def to_resource(petition: Petition, sealer: Sealer) -> resources.Petition:
    message = resources.Petition()
    for part in (*_parts(petition), _masked(petition.filing, sealer)):
        fill(message, part)
    filing = petition.filing
    message.anonymous = not filing.petitioners and not filing.passed_from
    if petition.handling.incident is not None:
        message.incident.id, message.incident.code = str(petition.id), petition.code
        message.incident.category = message.incident.category or filing.category
    return message


def to_revealed(petition: Petition, sealer: Sealer) -> pb.RevealPetitionerResponse:
    plain = opened(petition, sealer)
    people = [to_message(each, resources.Petitioner) for each in plain.petitioners]
    return pb.RevealPetitionerResponse(petitioners=people, against=plain.against)


def to_earlier(petition: Petition) -> Earlier:
    filing = petition.filing
    said = filing.subject, filing.text
    return Earlier(petition.id, petition.code, *said, petition.state, filing.persons)


def to_repeat(repeat: Repeat) -> resources.Repeat:
    return to_message(repeat, resources.Repeat)


def to_tracked(petition: Petition, handling_unit: str) -> resources.Tracked:
    """The petition for its petitioner: without internal steps and persons' names."""
    public = tuple(step for step in petition.handling.progress if step.public)
    shown = replace(petition, handling=replace(petition.handling, progress=public))
    message = resources.Tracked(handling_unit=handling_unit, persons=petition.filing.persons)
    for part in _parts(shown):
        fill(message, part)
    return message


def to_matter(petition: Petition) -> incidents.Matter:
    return to_message(matter_of(petition), incidents.Matter)


def scope(petition: Petition) -> EventScope:
    """The audience of its events: the units and areas that may see it."""
    facts = facts_of(petition)
    units = audience(petition)
    return EventScope(units, facts.area, str(petition.id), facts.source, accused=facts.accused)
