"""The petitions table: who may see what, pages, earlier petitions of the same people, tracking."""

from uuid import UUID

from backbone.door.rows import RowsOf
from backbone.door.table import Table
from backbone.postgres.asking import Asked, States, equals_of, state_of
from backbone.postgres.conditions import Member, Sight, Under, equal
from backbone.postgres.paths import Path
from backbone.postgres.sights import Seen, sights_by
from backbone.postgres.states import Proven, with_proof
from backbone.words.actor import Actor
from backbone.words.sight import PETITION
from liandong.petition.v1 import petition_service_pb2 as pb
from services.petition.petition.record import OVER, Petition, State
from services.petition.petition.table import COLUMNS, SHAPE, project, upgrade

OURS = "SELECT id FROM petitions WHERE id = ANY($1)"

SHOWN = frozenset({"state", "channel", "kind", "category", "desk", "watched_area"})
PATHS = (
    Path(("reader",), SHOWN, "petition_readers", {"reader": "audience"}),
    Path(("state",), SHOWN),
    Path(("desk",), SHOWN),
    Path(("category",), SHOWN),
    Path(("channel",), SHOWN),
    Path(("kind",), SHOWN),
    Path(("watched_area",), SHOWN),
    Path(("area",), SHOWN - {"watched_area"}),
    Path(("code",)),
)
TABLE: Table[Petition] = Table(
    name="petitions",
    columns=COLUMNS,
    project=project,
    shape=SHAPE,
    upgrade=upgrade,
    derived={"area": lambda petition: petition.area},
    paths=PATHS,
)
STATES = States(State, OVER)

# The clerk who registers the same person again may be the accused: of an accusation only its own
# desk hears.
STATE = with_proof("p")
EARLIER = f"""
SELECT {STATE} FROM petitions AS p
WHERE petitioner_indexes && $1::text[] AND (register_time, id) < ($2, $3)
    AND (desk = $4 OR accused = '')
ORDER BY register_time DESC LIMIT 20
"""  # noqa: S608  # our names

ONE = f"SELECT {STATE} FROM petitions AS p WHERE id = $1"  # noqa: S608  # our names
BY_CODE = f"SELECT {STATE} FROM petitions AS p WHERE code = $1"  # noqa: S608  # our names
# An attempt is counted before the PIN is compared, so that many at once are no way around it.
ATTEMPT = """
INSERT INTO trackings AS t (code, until, attempts) VALUES ($1, clock_timestamp() + $2, 1)
ON CONFLICT (code) DO UPDATE SET
    until = CASE WHEN t.until < clock_timestamp() THEN excluded.until ELSE t.until END,
    attempts = CASE WHEN t.until < clock_timestamp() THEN 1 ELSE t.attempts + 1 END
RETURNING attempts, until - clock_timestamp() AS locked
"""
FORGIVE = "DELETE FROM trackings WHERE code = $1"
# The own attempt, and no other: a petition of one's own is no way to guess on.
TAKE_BACK = "UPDATE trackings SET attempts = greatest(attempts - 1, 0) WHERE code = ANY($1)"
KNOWN = "SELECT true FROM trackings WHERE code = $1 AND until > clock_timestamp()"
REMEMBER = """
INSERT INTO trackings (code, until, attempts) VALUES ($1, clock_timestamp() + $2, 0)
ON CONFLICT (code) DO UPDATE SET until = excluded.until
"""


SEEN = Seen(
    frozenset({PETITION}),
    area="area",
    readers="audience",
    accused="accused",
    watched="watched_area",
)


def sights_of(actor: Actor) -> tuple[Sight, ...]:
    """Any of these shows a petition."""
    return sights_by(SEEN, actor)


def asked(request: pb.ListPetitionsRequest, actor: Actor) -> Asked:
    """The list that a request asks for."""
    states, span = STATES.asked(state_of(request), request.closed, bool(request.code))
    filters = [*states, *equals_of(request, ("channel", "kind", "desk", "code"))]
    if request.category:
        filters.append(Under("category", request.category, "."))
    return Asked(sights_of(actor), tuple(filters), span)


async def one(rows: RowsOf, petition_id: UUID) -> Proven | None:
    """The row of a petition without the rule of sight: the service itself must know it."""
    return await rows.one(ONE, petition_id)


async def earlier(rows: RowsOf, petition: Petition) -> list[Proven]:
    """The rows of earlier petitions of the same people, as far as its desk may know of them."""
    indexes = list(petition.filing.petitioner_indexes)
    if not indexes:
        return []
    found = await rows.pool.fetch(
        EARLIER, indexes, petition.register_time, petition.id, petition.desk
    )
    told = equal("desk", petition.desk), equal("accused", "")
    same = [Member("petitioner_indexes", index) for index in indexes]
    return await rows.all_shown(found, Asked(tuple((each, of) for each in same for of in told)))
