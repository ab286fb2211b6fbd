"""Refused follow-ups of a service: each is a task for a person until one has settled it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

from backbone.door.beside import CodedRows
from backbone.postgres.conditions import Member, Parameters, Sight, Under, any_of, equal
from backbone.postgres.paging import size_of
from backbone.postgres.pool import Pool, transaction
from backbone.postgres.sights import Seen, sights_by
from backbone.rpc.ids import named_id
from backbone.words.actor import Actor
from backbone.words.errors import NotFound
from backbone.words.place import significant
from backbone.words.sight import EVERY, OPERATOR, WATCHERS
from backbone.words.texts import trimmed
from liandong.operations.v1 import operations_service_pb2 as pb

OPEN = """
SELECT * FROM refused_links AS l
WHERE settle_time IS NULL AND {seen} AND {after} ORDER BY time, event_id, aggregate_id LIMIT {limit}
"""
ONE = """
SELECT * FROM refused_links AS l
WHERE event_id = {event} AND aggregate_id = {record} AND {seen} FOR UPDATE
"""
# Settled once; the rows of a repeat are found, and stay as they are.
SETTLE = """
UPDATE refused_links SET settled_by = $4, note = $5, settle_time = clock_timestamp()
WHERE (consumer, event_id, aggregate_id) = ($1, $2, $3) AND settle_time IS NULL RETURNING *
"""

Place: TypeAlias = tuple[datetime, UUID, UUID]
LAST = UUID(int=2**128 - 1)
SEEN = Seen(EVERY, area="area", readers="audience", accused="accused", source="source")
# A link of before: its event had no source that was noted.
OF_BEFORE = equal("source", "")


def sights_of(actor: Actor) -> tuple[Sight, ...]:
    """A link is seen as its event is: by the units that heard of it and the watchers of its area,
    as far as they may know of its matter."""
    if actor.role == "operator" and not actor.unit:  # the command: people have no such route
        return ((),)
    sights = [*sights_by(SEEN, actor)]
    if actor.role in WATCHERS and actor.area:
        sights.append((OF_BEFORE, Under("area", significant(actor.area))))
    if actor.unit and actor.role != OPERATOR:
        sights.append((OF_BEFORE, Member("audience", actor.unit)))
    return tuple(sights)


async def page(
    pool: Pool, links: CodedRows, request: pb.ListRefusedLinksRequest, actor: Actor
) -> Sequence[pb.RefusedLink]:
    """A link that was changed by hand is left out, and hides no later one."""
    size, found = size_of(request.page_size), list[Any]()
    after: Place | None = None
    if request.HasField("after_time"):
        # All links of this event were told: ids have an end.
        after = request.after_time.ToDatetime(UTC), _id(request.after_event), LAST
    while len(found) < size:
        rows = await pool.fetch(*_open(sights_of(actor), after, size - len(found)))
        if not rows:
            break
        found += await links.sound(pool, rows)
        after = tuple(rows[-1][name] for name in ("time", "event_id", "aggregate_id"))
    return [_shown(row) for row in found]


def _open(sights: Sequence[Sight], after: Place | None, limit: int) -> Sequence[Any]:
    """The statement of a page, and its parameters."""
    parameters, later = Parameters(), "true"
    if after is not None:
        kinds = zip(after, ("timestamptz", "uuid", "uuid"), strict=True)
        place = ", ".join(parameters.add(*each) for each in kinds)
        later = f"(time, event_id, aggregate_id) > ({place})"
    seen = any_of(sights, "l", parameters)
    statement = OPEN.format(seen=seen, after=later, limit=parameters.add(limit, "bigint"))
    return statement, *parameters.values


async def settle(
    pool: Pool, links: CodedRows, request: pb.SettleRefusedLinkRequest, actor: Actor
) -> None:
    """Raises NotFound for a link that the actor may not see, or that was changed by hand."""
    parameters = Parameters()
    statement = ONE.format(
        event=parameters.add(_id(request.event_id), "uuid"),
        record=parameters.add(_id(request.aggregate_id), "uuid"),
        seen=any_of(sights_of(actor), "l", parameters),
    )
    async with transaction(pool) as conn:
        rows = await links.sound(conn, await conn.fetch(statement, *parameters.values))
        if not rows:
            raise NotFound("NO_SUCH_LINK")
        for row in rows:
            key = [row[name] for name in links.of.key]
            word = (actor.user, trimmed(request.note))
            await links.code(conn, await conn.fetch(SETTLE, *key, *word))


def _shown(row: Any) -> pb.RefusedLink:
    link = pb.RefusedLink(
        event_id=str(row["event_id"]),
        aggregate_id=str(row["aggregate_id"]),
        matter=row["matter"],
        group=row["consumer"],
        reason=row["reason"],
        unit=next(iter(row["audience"]), ""),
        area=row["area"],
        source=row["source"],
    )
    link.time.FromDatetime(row["time"])
    return link


def _id(text: str) -> UUID:
    return named_id(text, "NO_SUCH_LINK")
