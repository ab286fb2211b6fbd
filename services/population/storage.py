"""The care_cases table: due clocks, and the few people who may see a case."""

from backbone.door.table import Table
from backbone.door.timers import due_in
from backbone.postgres.asking import Asked, States, equals_of, state_of
from backbone.postgres.conditions import Member, Sight, equal
from backbone.postgres.paths import Path
from backbone.postgres.sights import Seen, sights_by
from backbone.postgres.states import with_proof
from backbone.words.actor import Actor
from backbone.words.sight import CASE, OPERATOR
from liandong.population.v1 import population_service_pb2 as pb
from services.population.care_case import table
from services.population.care_case.record import OVER, CareCase, State

DUE = due_in("care_cases")
OURS = "SELECT unnest(service_ids) FROM care_cases WHERE service_ids && $1::uuid[]"
STATE = with_proof("c")
CASE_OF = f"SELECT {STATE} FROM care_cases AS c WHERE service_ids && ARRAY[$1::uuid]"  # noqa: S608

SHOWN = frozenset({"state", "programme", "overdue", "unit", "care_workers", "sender", "sent_by"})
PATHS = (
    Path(("unit",), SHOWN),
    Path(("sender", "sent_by"), SHOWN),
    Path(("area",), frozenset({"state", "programme", "overdue"})),
)
TABLE: Table[CareCase] = Table(
    name="care_cases",
    columns=table.COLUMNS,
    project=table.project,
    shape=table.SHAPE,
    upgrade=table.upgrade,
    derived={"area": lambda case: case.charge.area},
    paths=PATHS,
)
STATES = States(State, OVER)


def sights_of(actor: Actor) -> tuple[Sight, ...]:
    """The entrusted, the head of their unit, the sender and the auditor; the domain says the
    same."""
    audited = sights_by(Seen(frozenset({CASE}), area="area"), actor)
    if not actor.user or actor.role == OPERATOR:
        return audited
    unit, sent = equal("unit", actor.unit), equal("sender", actor.unit)
    entrusted: Sight = (unit, Member("care_workers", actor.user))
    cares: Sight = (unit,) if actor.role == "head" else entrusted
    return (cares, (sent, equal("sent_by", actor.user)), *audited)


def asked(request: pb.ListCareCasesRequest, actor: Actor) -> Asked:
    """The list that a request asks for."""
    states, span = STATES.asked(state_of(request), request.closed)
    filters = [*states, *equals_of(request, ("programme",))]
    if request.overdue:
        filters.append(equal("overdue", True, "boolean"))
    return Asked(sights_of(actor), tuple(filters), span)
