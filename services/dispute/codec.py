"""Pure mappings: call → command, alarm → command, dispute → resource; parties are sealed here."""

from collections.abc import Callable
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
from backbone.words.masks import masked
from backbone.words.matter import with_note
from backbone.words.place import Place
from backbone.words.spans import cut
from liandong.dispute.v1 import dispute_pb2 as resources
from liandong.dispute.v1 import dispute_service_pb2 as pb
from liandong.incident.v1 import incident_pb2 as incidents
from services.dispute.dispute import DISPUTES
from services.dispute.dispute.parties import NameParties, RevealParties
from services.dispute.dispute.record import (
    CATEGORIES,
    Dispute,
    Filing,
    Kind,
    Origin,
    Party,
    Source,
    facts_of,
)
from services.dispute.dispute.registration import RegisterDispute
from services.dispute.dispute.routing import matter_of

KINDS = {category: kind for kind, category in CATEGORIES.items()}


def dispute_id(text: str) -> UUID:
    """The id as a UUID. Raises NotFound for any other text."""
    return named_id(text, "NO_SUCH_DISPUTE")


def to_command(body: Any, caller: Call, sealer: Sealer, known: tuple[Party, ...] = ()) -> Any:
    """The command of a request, with its name (without `Request`) and its fields. `known` are the
    parties that the dispute has."""
    kind = DISPUTES.command(body.DESCRIPTOR.name.removesuffix("Request"))
    more = {"purpose": caller.purpose} if kind is RevealParties else {}
    command = to_record(body, kind, by=caller.actor, **more)
    if isinstance(command, NameParties):
        parties = _sealed_if_changed(command.parties, known, sealer)
        return replace(command, parties=parties, persons=_persons(command.parties, sealer))
    return command


def located(command: RegisterDispute, places: Places) -> RegisterDispute:
    """The registration with the area of its place, by point or by text."""
    place = command.filing.place
    if place is None:
        return command
    return replace(command, filing=replace(command.filing, place=places.locate(place)))


def to_registration(
    body: pb.RegisterDisputeRequest, caller: Call, new: tuple[UUID, str], sealer: Sealer
) -> RegisterDispute:
    """`new` is the id and the code of the new dispute."""
    filing = to_record(body, Filing)
    parties, persons = _mapped(filing.parties, sealer.seal), _persons(filing.parties, sealer)
    sealed = replace(filing, parties=parties, persons=persons)
    return RegisterDispute(caller.actor, *new, sealed)


def to_referral(matter: incidents.Matter) -> RegisterDispute:
    """The registration of a matter that the front desk referred, at the unit that it named.

    The dispute keeps the matter's id and code. The caller is sealed with the front desk's key, so
    the parties are named later.
    """
    place = to_record(matter.place, Place) if matter.HasField("place") else None
    top = matter.category.partition(".")[0]
    filing = Filing(
        kind=KINDS.get(matter.category, Kind.OTHER),
        source=Source.ALARM,
        level=0,
        violence=top == "violence",
        subject=cut(matter.title, 500),
        text=with_note(matter.narrative, matter.note),
        parties=(),
        place=place,
        category=matter.category if top == "dispute" and matter.category not in KINDS else "",
        priority=matter.priority,
        origin=Origin(matter.id, matter.code),
        persons=tuple(matter.persons),
    )
    return RegisterDispute(Actor("", matter.to_unit), UUID(matter.id), matter.code, filing)


def _persons(parties: tuple[Party, ...], sealer: Sealer) -> tuple[str, ...]:
    """The names of the parties, sealed so that every service finds them in free texts."""
    return tuple(filter(None, (sealer.called(each.name) for each in parties)))


def _mapped(parties: tuple[Party, ...], change: Callable[[str, str], str]) -> tuple[Party, ...]:
    """Apply `change` to every field of personal data; the seal is bound to the field's name."""
    return tuple(
        Party(each.side, change("party.name", each.name), change("party.contact", each.contact))
        for each in parties
    )


def _sealed_if_changed(
    parties: tuple[Party, ...], known: tuple[Party, ...], sealer: Sealer
) -> tuple[Party, ...]:
    """The parties sealed; what the one at the same place has already stays as it is."""
    before = (*known, *(Party(),) * len(parties))
    seal = sealer.seal_if_changed
    return tuple(
        Party(
            each.side,
            seal("party.name", each.name, was.name),
            seal("party.contact", each.contact, was.contact),
        )
        for each, was in zip(parties, before, strict=False)
    )


def to_resource(dispute: Dispute, sealer: Sealer) -> resources.Dispute:
    """The resource, of equally named fields of the record and its parts; parties are masked."""
    message = resources.Dispute()
    shown = _masked(dispute.filing.parties, sealer)
    filing = replace(dispute.filing, parties=shown)
    parts = (dispute.acceptance, dispute.routing, dispute.proceedings, dispute.ending)
    for part in (dispute, filing, *parts):
        if part is not None:
            fill(message, part)
    if dispute.routing.incident is not None:
        message.incident.id, message.incident.code = str(dispute.id), dispute.code
        message.incident.category = message.incident.category or dispute.filing.category
    return message


def _masked(parties: tuple[Party, ...], sealer: Sealer) -> tuple[Party, ...]:
    """The parties as all readers see them."""
    return _mapped(parties, lambda field, sealed: shown_by(sealer, field, sealed, masked))


def names_of(dispute: Dispute, sealer: Sealer) -> list[str]:
    """The names of the parties, and of a caller who was passed on, to look for them in texts."""
    names = [each.name for each in opened(dispute, sealer) if each.name]
    return [*names, *sealer.names(dispute.filing.persons)]


def opened(dispute: Dispute, sealer: Sealer) -> tuple[Party, ...]:
    """The unsealed parties: for a disclosure only, never to be stored."""
    return _mapped(dispute.filing.parties, sealer.open)


def to_revealed(dispute: Dispute, sealer: Sealer) -> pb.RevealPartiesResponse:
    parties = [to_message(each, resources.Party) for each in opened(dispute, sealer)]
    return pb.RevealPartiesResponse(parties=parties)


def to_matter(dispute: Dispute) -> incidents.Matter:
    return to_message(matter_of(dispute), incidents.Matter)


def scope(dispute: Dispute) -> EventScope:
    """The audience of its events: the units and areas that may see it."""
    facts = facts_of(dispute)
    return EventScope(dispute.units, facts.area, str(dispute.id), facts.source)
