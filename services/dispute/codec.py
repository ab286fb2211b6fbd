"""Pure mappings: call → command, alarm → command, dispute → resource; parties are sealed here."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from backbone.door.decider import Scope
from backbone.postgres.sealing import Sealer, masked
from backbone.rpc.caller import Caller
from backbone.wire import fill, to_message, to_record
from backbone.words.actor import Actor
from backbone.words.errors import NotFound
from backbone.words.place import Place
from liandong.dispute.v1 import dispute_pb2 as resources
from liandong.dispute.v1 import dispute_service_pb2 as pb
from liandong.incident.v1 import incident_pb2 as incidents
from services.dispute import dispute as domain
from services.dispute.dispute.handling import NameParties, RevealParties, matter_of
from services.dispute.dispute.record import (
    CATEGORIES,
    Dispute,
    Filing,
    Kind,
    Origin,
    Party,
    RegisterDispute,
    Source,
)

# The message of a call, less its ending, is named like the domain's command.
COMMANDS: dict[str, type[Any]] = {move.__name__: move for move in domain.ALLOWED_FROM}
KINDS = {category: kind for kind, category in CATEGORIES.items()}


def dispute_id(text: str) -> UUID:
    """Raises NotFound for what cannot be the id of any dispute."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("NO_SUCH_DISPUTE") from error


def to_command(body: Any, caller: Caller, sealer: Sealer) -> domain.Move:
    kind = COMMANDS[body.DESCRIPTOR.name.removesuffix("Request")]
    more = {"purpose": caller.purpose} if kind is RevealParties else {}
    command: domain.Move = to_record(body, kind, by=caller.actor, **more)
    if isinstance(command, NameParties):
        return replace(command, parties=_mapped(command.parties, sealer.seal))
    return command


def to_registration(
    body: pb.RegisterDisputeRequest, caller: Caller, new: tuple[UUID, str], sealer: Sealer
) -> RegisterDispute:
    """`new` is the id and the code of the dispute to be."""
    filing = to_record(body, Filing)
    sealed = replace(filing, parties=_mapped(filing.parties, sealer.seal))
    return RegisterDispute(caller.actor, *new, sealed)


def to_referral(matter: incidents.Matter) -> RegisterDispute:
    """What the front desk referred, for the desk of the unit that it referred it to.

    It stays the same matter, with its id and code. Who called is sealed with another key, so the
    parties are named later.
    """
    place = to_record(matter.place, Place) if matter.HasField("place") else None
    top = matter.category.partition(".")[0]
    filing = Filing(
        kind=KINDS.get(matter.category, Kind.OTHER),
        source=Source.ALARM,
        level=0,
        violence=top == "violence",
        subject=matter.title[:500],
        text=matter.narrative,
        parties=(),
        place=place,
        category=matter.category if top == "dispute" and matter.category not in KINDS else "",
        priority=matter.priority,
        origin=Origin(matter.id, matter.code),
    )
    return RegisterDispute(Actor("", matter.to_unit), UUID(matter.id), matter.code, filing)


def _mapped(parties: tuple[Party, ...], change: Callable[[str, str], str]) -> tuple[Party, ...]:
    """The parties with every part of personal data changed; the field's name binds the seal."""
    return tuple(
        Party(each.side, change("party.name", each.name), change("party.contact", each.contact))
        for each in parties
    )


def to_resource(found: Dispute, sealer: Sealer) -> resources.Dispute:
    message = to_message(found, resources.Dispute)
    shown = _mapped(opened(found, sealer), masked)
    fill(message, replace(found.filing, parties=shown))
    if found.incident is not None:
        message.incident.id, message.incident.code = str(found.id), found.code
    return message


def opened(found: Dispute, sealer: Sealer) -> tuple[Party, ...]:
    """The parties in plain words: only ever to be shown, never to be stored."""
    return _mapped(found.filing.parties, sealer.open)


def to_revealed(found: Dispute, sealer: Sealer) -> pb.RevealPartiesResponse:
    parties = [to_message(each, resources.Party) for each in opened(found, sealer)]
    return pb.RevealPartiesResponse(parties=parties)


def to_matter(found: Dispute) -> incidents.Matter:
    return to_message(matter_of(found), incidents.Matter)


def scope(found: Dispute) -> Scope:
    return Scope(audience=found.units, area=found.area, correlation=str(found.id))
