"""Pure mappings: call → command, case → resource; whom it concerns is sealed and masked here."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from backbone.door.decider import Scope
from backbone.door.request import created_id
from backbone.postgres.sealing import Sealer, masked
from backbone.rpc.caller import Caller
from backbone.wire import fill, to_message, to_record
from backbone.words.actor import Actor
from backbone.words.errors import NotFound
from liandong.incident.v1 import incident_pb2 as incidents
from liandong.population.v1 import population_pb2 as resources
from liandong.population.v1 import population_service_pb2 as pb
from services.population import care_case as domain
from services.population.care_case.ending import RevealPerson
from services.population.care_case.needs import RequestService, matter_of
from services.population.care_case.record import (
    Admission,
    CareCase,
    Person,
    RegisterCareCase,
    State,
    Visit,
    is_entrusted,
)
from services.population.care_case.visits import PlanVisit, RecordVisit, require_finding

# The message of a call, less its ending, is named like the domain's command.
COMMANDS: dict[str, type[Any]] = {move.__name__: move for move in domain.ALLOWED_FROM}
PERSONAL = ("name", "id_number", "contact")


def care_case_id(text: str) -> UUID:
    """Raises NotFound for what cannot be the id of any case."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("NO_SUCH_CARE_CASE") from error


def to_command(body: Any, caller: Caller, sealer: Sealer, code: str = "") -> domain.Move:
    """`code` is that of the new matter, where the command makes one."""
    kind = COMMANDS[body.DESCRIPTOR.name.removesuffix("Request")]
    more: dict[str, Any] = {"by": caller.actor}
    if kind is RevealPerson:
        more["purpose"] = caller.purpose
    elif kind is PlanVisit:
        more["visit_id"] = created_id(caller.request_id, "visit")
    elif kind is RequestService:
        more |= {"service_id": created_id(caller.request_id, "service"), "code": code}
    elif kind is RecordVisit:
        more["finding"] = sealer.seal("visit.finding", require_finding(body.finding))
    command: domain.Move = to_record(body, kind, **more)
    return command


def to_registration(
    body: pb.RegisterCareCaseRequest, caller: Caller, new: tuple[UUID, str], sealer: Sealer
) -> RegisterCareCase:
    """`new` is the id and the code of the case to be."""
    admission = to_record(body, Admission)
    person = admission.person and _mapped(admission.person, sealer.seal)
    sealed = replace(admission, person=person)
    return RegisterCareCase(caller.actor, *new, body.to_unit, sealed)


def _mapped(person: Person, change: Callable[[str, str], str]) -> Person:
    """The person with every part changed; the field's name binds the seal."""
    return Person(*(change(f"person.{part}", getattr(person, part)) for part in PERSONAL))


def opened(found: CareCase, sealer: Sealer) -> Person:
    """The person in plain words: only ever to be shown, never to be stored."""
    return _mapped(found.admission.person or Person(), sealer.open)


def to_resource(found: CareCase, sealer: Sealer, actor: Actor) -> resources.CareCase:
    """What the actor may see: nobody sees a sealed person, a sender nothing of the care."""
    known = found if is_entrusted(found, actor) else _handed_over(found)
    message = to_message(known, resources.CareCase)
    person = Person() if found.state is State.SEALED else opened(found, sealer)
    shown = _mapped(person, masked)
    fill(message, replace(found.admission, person=shown))
    for visit, each in zip(known.visits, message.visits, strict=True):
        each.finding = _finding(found, visit, sealer)
    for asked in message.services:
        asked.incident.id, asked.incident.code = asked.id, asked.code
    return message


def _finding(found: CareCase, visit: Visit, sealer: Sealer) -> str:
    return "" if found.state is State.SEALED else sealer.open("visit.finding", visit.finding)


def _handed_over(found: CareCase) -> CareCase:
    return replace(found, care_workers=(), class_decision=None, visits=(), services=())


def to_revealed(found: CareCase, sealer: Sealer) -> pb.RevealPersonResponse:
    return pb.RevealPersonResponse(person=to_message(opened(found, sealer), resources.Person))


def to_matter(found: CareCase, service_id: UUID) -> incidents.Matter:
    [asked] = [each for each in found.services if each.id == service_id]
    return to_message(matter_of(found, asked), incidents.Matter)


def scope(found: CareCase) -> Scope:
    """Nobody hears of it by a unit or an area: there is no audience for care."""
    return Scope(audience=(), area="", correlation=str(found.id))
