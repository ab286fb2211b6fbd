"""Pure mappings: call → command, petition → resource; personal data is sealed and masked here."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from backbone.door.decider import Scope
from backbone.postgres.sealing import Sealer, masked
from backbone.rpc.caller import Caller
from backbone.wire import fill, to_message, to_record
from backbone.words.errors import NotFound
from liandong.incident.v1 import incident_pb2 as incidents
from liandong.petition.v1 import petition_pb2 as resources
from liandong.petition.v1 import petition_service_pb2 as pb
from services.petition import petition as domain
from services.petition.petition.disclosure import RevealPetitioner
from services.petition.petition.handling import matter_of
from services.petition.petition.record import (
    Filing,
    Petition,
    Petitioner,
    RegisterPetition,
    accused,
)
from services.petition.petition.repeats import Repeat

# The message of a call, less its ending, is named like the domain's command.
COMMANDS: dict[str, type[Any]] = {move.__name__: move for move in domain.ALLOWED_FROM}
PERSONAL = ("name", "contact", "id_number")


def petition_id(text: str) -> UUID:
    """Raises NotFound for what cannot be the id of any petition."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("NO_SUCH_PETITION") from error


def to_command(body: Any, caller: Caller) -> domain.Move:
    kind = COMMANDS[body.DESCRIPTOR.name.removesuffix("Request")]
    more = {"purpose": caller.purpose} if kind is RevealPetitioner else {}
    command: domain.Move = to_record(body, kind, by=caller.actor, **more)
    return command


def to_registration(
    body: pb.RegisterPetitionRequest, caller: Caller, new: tuple[UUID, str], sealer: Sealer
) -> RegisterPetition:
    """`new` is the id and the code of the petition to be."""
    plain = to_record(body, Filing)
    filing = _mapped(plain, sealer.seal)
    indexes = tuple(dict.fromkeys(_indexes(plain, sealer)))
    return RegisterPetition(caller.actor, *new, replace(filing, petitioner_indexes=indexes))


def _indexes(filing: Filing, sealer: Sealer) -> list[str]:
    known = [
        sealer.index(f"petitioner.{part}", getattr(each, part).strip())
        for each in filing.petitioners
        for part in ("id_number", "contact")
    ]
    return [index for index in known if index]


def _mapped(filing: Filing, change: Callable[[str, str], str]) -> Filing:
    """The filing with every part of personal data changed; the field's name binds the seal."""
    people = tuple(
        Petitioner(*(change(f"petitioner.{part}", getattr(each, part)) for part in PERSONAL))
        for each in filing.petitioners
    )
    return replace(filing, petitioners=people, against=change("against", filing.against))


def opened(found: Petition, sealer: Sealer) -> Filing:
    """The filing in plain words: only ever to be shown, never to be stored."""
    return _mapped(found.filing, sealer.open)


def to_resource(found: Petition, sealer: Sealer) -> resources.Petition:
    message = to_message(found, resources.Petition)
    fill(message, _mapped(opened(found, sealer), masked))
    if found.incident is not None:
        message.incident.id, message.incident.code = str(found.id), found.code
    return message


def to_revealed(found: Petition, sealer: Sealer) -> pb.RevealPetitionerResponse:
    plain = opened(found, sealer)
    people = [to_message(each, resources.Petitioner) for each in plain.petitioners]
    return pb.RevealPetitionerResponse(petitioners=people, against=plain.against)


def to_repeat(repeat: Repeat) -> resources.Repeat:
    return to_message(repeat, resources.Repeat)


def to_tracked(found: Petition, handling_unit: str) -> resources.Tracked:
    """What the petitioner may know: no internal step, nobody's name."""
    public = tuple(step for step in found.progress if step.public)
    return to_message(
        replace(found, progress=public), resources.Tracked, handling_unit=handling_unit
    )


def to_matter(found: Petition) -> incidents.Matter:
    return to_message(matter_of(found), incidents.Matter)


def scope(found: Petition) -> Scope:
    """Who hears of its events; of what may be an accusation only the units involved."""
    whom = accused(found)
    audience = tuple(unit for unit in found.units if unit == found.desk or unit != whom)
    return Scope(audience, area="" if whom else found.area, correlation=str(found.id))
