"""The disputes table: who may see what, and pages of it."""

from uuid import UUID

from backbone.door.rows import RowsOf
from backbone.door.table import Table
from backbone.postgres.asking import Asked, States, equals_of, state_of
from backbone.postgres.conditions import Sight
from backbone.postgres.paths import Path
from backbone.postgres.sights import Seen, sights_by
from backbone.postgres.states import Proven, with_proof
from backbone.words.actor import Actor
from backbone.words.sight import DISPUTE, PETITION, born
from liandong.dispute.v1 import dispute_service_pb2 as pb
from services.dispute.dispute.record import OVER, Dispute, Source, State
from services.dispute.dispute.table import COLUMNS, SHAPE, project, upgrade

OURS = "SELECT id FROM disputes WHERE id = ANY($1)"
ONE = f"SELECT {with_proof('d')} FROM disputes AS d WHERE id = $1"  # noqa: S608  # our names

SHOWN = frozenset({"state", "kind", "source", "level", "desk", "area"})
PATHS = (
    Path(("reader",), SHOWN, "dispute_readers", {"reader": "units"}),
    Path(("state",), SHOWN),
    Path(("desk",), SHOWN),
    Path(("kind",), SHOWN),
    Path(("area",), SHOWN),
    Path(("code",)),
)
TABLE: Table[Dispute] = Table("disputes", COLUMNS, project, SHAPE, upgrade, paths=PATHS)
STATES = States(State, OVER)


OF_PETITIONS = born(DISPUTE, PETITION)
SEEN = Seen(
    frozenset({DISPUTE, OF_PETITIONS}),
    area="area",
    readers="units",
    source="source",
    told={
        DISPUTE: tuple(each for each in Source if each is not Source.PETITION),
        OF_PETITIONS: (Source.PETITION,),
    },
)


async def one(rows: RowsOf, dispute_id: UUID) -> Proven | None:
    """The row of a dispute without the rule of sight: the service itself must know it."""
    return await rows.one(ONE, dispute_id)


def sights_of(actor: Actor) -> tuple[Sight, ...]:
    """Any of these shows a dispute."""
    return sights_by(SEEN, actor)


def asked(request: pb.ListDisputesRequest, actor: Actor) -> Asked:
    """The list that a request asks for."""
    states, span = STATES.asked(state_of(request), request.closed, bool(request.code))
    others = equals_of(request, ("kind", "source", "level", "desk", "code"))
    return Asked(sights_of(actor), (*states, *others), span)
