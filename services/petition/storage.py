"""The petitions table: who may see what, pages, earlier petitions of the same people, tracking."""

from uuid import UUID

from msgspec.structs import replace

from backbone.door.rows import RowsOf
from backbone.door.table import Table
from backbone.postgres.asking import Asked, States, equals_of, state_of
from backbone.postgres.conditions import Member, Parameters, Sight, Under, any_of
from backbone.postgres.paths import Path
from backbone.postgres.sights import Seen, sights_by
from backbone.postgres.states import Proven, with_proof
from backbone.words.actor import Actor
from backbone.words.sight import LINES, PETITION
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

STATE = with_proof("p")
EARLIER = """
SELECT {state} FROM petitions AS p
WHERE petitioner_indexes && {indexes} AND (register_time, id) < ({before}, {itself}) AND {seen}
ORDER BY register_time DESC LIMIT 20
"""

ONE = f"SELECT {STATE} FROM petitions AS p WHERE id = $1"  # noqa: S608  # our names
BY_CODE = f"SELECT {STATE} FROM petitions AS p WHERE code = $1"  # noqa: S608  # our names
# An attempt is counted before the PIN is compared, so that many at once are no way around it.
# A window is over when its time has come, and also when it would begin later than now: the clock
# that counted it has been set back since.
ATTEMPT = """
INSERT INTO trackings AS t (code, until, attempts) VALUES ($1, clock_timestamp() + $2, 1)
ON CONFLICT (code) DO UPDATE SET
    until = CASE WHEN t.until - clock_timestamp() BETWEEN interval '0' AND $2
        THEN t.until ELSE excluded.until END,
    attempts = CASE WHEN t.until - clock_timestamp() BETWEEN interval '0' AND $2
        THEN t.attempts + 1 ELSE 1 END
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


async def earlier(rows: RowsOf, petition: Petition, actor: Actor) -> list[Proven]:
    """The rows of earlier petitions of the same people that the actor may be told of: a number that
    somebody types must not tell a stranger whether, and of what, its owner complains."""
    indexes = list(petition.filing.petitioner_indexes)
    if not indexes:
        return []
    told, parameters = _told(actor), Parameters()
    statement = EARLIER.format(
        state=STATE,
        indexes=parameters.add(indexes, "text[]"),
        before=parameters.add(petition.register_time, "timestamptz"),
        itself=parameters.add(petition.id, "uuid"),
        seen=any_of(told, "p", parameters),
    )
    found = await rows.pool.fetch(statement, *parameters.values)
    same = [Member("petitioner_indexes", index) for index in indexes]
    return await rows.all_shown(found, Asked(tuple((each, *of) for each in same for of in told)))


def _told(actor: Actor) -> tuple[Sight, ...]:
    """What the actor may read; in an office for petitions also what the office watches over, as it
    has to recognise who was at another desk before."""
    if PETITION not in LINES.get(actor.line, ()):
        return sights_of(actor)
    return (*sights_of(actor), *sights_of(replace(actor, role="supervisor")))
