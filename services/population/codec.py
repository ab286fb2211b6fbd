"""Pure mappings: call → command, case → resource; the person is sealed and masked here."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from backbone.door.decider import EventScope
from backbone.door.request import created_id
from backbone.postgres.sealing import Opens, shown_by
from backbone.rpc.caller import Call
from backbone.rpc.free_texts import change_texts
from backbone.rpc.ids import named_id
from backbone.wire import fill, to_message, to_record
from backbone.words.actor import Actor
from backbone.words.followed import FollowIncident
from backbone.words.masks import masked
from backbone.words.sight import CASE
from liandong.incident.v1 import incident_pb2 as incidents
from liandong.population.v1 import population_pb2 as resources
from liandong.population.v1 import population_service_pb2 as pb
from services.population.care_case import CARE_CASES
from services.population.care_case.ending import RevealPerson
from services.population.care_case.needs import RequestService, matter_of
from services.population.care_case.record import (
    Admission,
    CareCase,
    Person,
    State,
    Visit,
    is_audited,
    is_entrusted,
)
from services.population.care_case.registering import RegisterCareCase
from services.population.care_case.visits import PlanVisit, RecordVisit
from services.population.own_keys import FORGOTTEN, OwnKey

PERSONAL = ("name", "id_number", "contact")


def care_case_id(text: str) -> UUID:
    """The id as a UUID. Raises NotFound for any other text."""
    return named_id(text, "NO_SUCH_CARE_CASE")


def to_command(body: Any, caller: Call, own: OwnKey, **known: Any) -> Any:
    """The command with the request's name; `known` are the fields that the service adds."""
    kind = CARE_CASES.command(body.DESCRIPTOR.name.removesuffix("Request"))
    more: dict[str, Any] = {"by": caller.actor, **known}
    if kind is RevealPerson:
        more["purpose"] = caller.purpose
    elif kind is PlanVisit:
        more["visit_id"] = created_id(caller.request_id, "visit")
    elif kind is RequestService:
        more["service_id"] = created_id(caller.request_id, "service")
    elif kind is RecordVisit:
        more["finding"] = own.seal("visit.finding", body.finding.strip())
    return to_record(_kept(body, own), kind, **more)


def _kept(body: Any, own: OwnKey) -> Any:
    """The request with what its texts say of the person under the person's own key."""
    kept = type(body)()
    kept.CopyFrom(body)
    change_texts(kept, own.keep)
    return kept


def to_registration(
    body: pb.RegisterCareCaseRequest, caller: Call, new: tuple[UUID, str], own: OwnKey
) -> RegisterCareCase:
    """`new` is the id and the code of the new case."""
    admission = to_record(_kept(body, own), Admission)
    person = admission.person and _mapped(admission.person, own.seal)
    sealed = replace(admission, person=person)
    return RegisterCareCase(caller.actor, *new, body.to_unit, sealed)


def _mapped(person: Person, change: Callable[[str, str], str]) -> Person:
    """Apply `change` to every field of the person; the seal is bound to the field's name."""
    return Person(*(change(f"person.{part}", getattr(person, part)) for part in PERSONAL))


def heard(step: FollowIncident, case: CareCase, own: OwnKey) -> FollowIncident:
    """The step of an incident as the case keeps it. The incident does not know the person: what the
    unit has answered is searched here, and sealed with the key of the person."""
    if not step.reply:
        return step
    kept = "" if own.is_forgotten else own.keep_plain(step.reply, names_of(case, own))
    return replace(step, reply=kept)


def names_of(case: CareCase, own: OwnKey) -> list[str]:
    """The name of the person, unsealed to look for it in texts."""
    return [] if own.is_forgotten else list(filter(None, (opened(case, own).name,)))


def opened(case: CareCase, own: Opens) -> Person:
    """The unsealed person: for a disclosure only, never to be stored."""
    return _mapped(case.admission.person or Person(), own.open)


def _shown(case: CareCase, own: OwnKey) -> Person:
    """The person as all readers of the case see it."""
    if own.is_forgotten or case.state is State.FORGOTTEN:
        return Person(FORGOTTEN)
    return Person() if _is_sealed(case, own) else _masked(case, own)


def _masked(case: CareCase, own: Opens) -> Person:
    known = case.admission.person or Person()
    return _mapped(known, lambda part, sealed: shown_by(own, part, sealed, masked))


def _is_sealed(case: CareCase, own: OwnKey) -> bool:
    return case.state is State.SEALED or own.is_sealed


def to_resource(case: CareCase, own: OwnKey, actor: Actor) -> resources.CareCase:
    """The resource for the actor: no person once the case is sealed, no care for the sender."""
    reads = is_entrusted(case, actor) or is_audited(case, actor)
    known = case if reads else _handed_over(case)
    message = to_message(known, resources.CareCase)
    for part in (known.hand_over, known.charge, known.ending, known.forgetting):
        if part is not None:
            fill(message, part)
    fill(message, replace(case.admission, person=_shown(case, own)))
    for visit, each in zip(known.visits, message.visits, strict=True):
        each.finding = _finding(case, visit, own, actor)
    for asked in message.services:
        asked.incident.id, asked.incident.code = asked.id, asked.code
    change_texts(message, own.withhold if _is_sealed(case, own) else own.give)
    return message


def _finding(case: CareCase, visit: Visit, own: OwnKey, actor: Actor) -> str:
    """As it was written for those who care; who only watches over it reads masks in it."""
    if _is_sealed(case, own):
        return ""

    def told(_: str, finding: str) -> str:
        # Without the key of the name, what names the person could not be found.
        return finding if is_entrusted(case, actor) else own.search(finding, names_of(case, own))

    return shown_by(own, "visit.finding", visit.finding, told)


def _handed_over(case: CareCase) -> CareCase:
    charge = replace(case.charge, care_workers=())
    return replace(case, charge=charge, class_decision=None, visits=(), services=())


def to_revealed(case: CareCase, own: OwnKey) -> pb.RevealPersonResponse:
    return pb.RevealPersonResponse(person=to_message(opened(case, own), resources.Person))


def to_matter(case: CareCase, service_id: UUID) -> incidents.Matter:
    [asked] = [each for each in case.services if each.id == service_id]
    return to_message(matter_of(case, asked), incidents.Matter)


def scope(case: CareCase) -> EventScope:
    """An empty audience: the auditor alone sees the events of care."""
    return EventScope((), case.charge.area, str(case.id), CASE, is_watched=False)
