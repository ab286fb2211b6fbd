"""Refused follow-ups of a service: each is a task for a person until one has settled it."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any
from uuid import UUID

from backbone.postgres.conditions import Member, Parameters, Sight, Under, any_of, equal
from backbone.postgres.paging import size_of
from backbone.postgres.pool import Pool
from backbone.postgres.sights import Seen, sights_by
from backbone.words.actor import Actor
from backbone.words.errors import NotFound
from backbone.words.place import significant
from backbone.words.sight import EVERY, OPERATOR, WATCHERS
from backbone.words.texts import trimmed
from liandong.operations.v1 import operations_service_pb2 as pb

OPEN = """
SELECT event_id, aggregate_id, matter, consumer, reason, time, audience FROM refused_links AS l
WHERE settle_time IS NULL AND {seen} AND {after} ORDER BY time, event_id, aggregate_id LIMIT {limit}
"""
# Settled once; the rows of a repeat are found, and stay as they are.
SETTLE = """
UPDATE refused_links AS l SET
    settled_by = CASE WHEN settle_time IS NULL THEN {by} ELSE settled_by END,
    note = CASE WHEN settle_time IS NULL THEN {note} ELSE note END,
    settle_time = coalesce(settle_time, clock_timestamp())
WHERE event_id = {event} AND aggregate_id = {record} AND {seen} RETURNING 1
"""


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
    pool: Pool, request: pb.ListRefusedLinksRequest, actor: Actor
) -> Sequence[pb.RefusedLink]:
    parameters = Parameters()
    after = "true"
    if request.HasField("after_time"):
        time = parameters.add(request.after_time.ToDatetime(UTC), "timestamptz")
        event = parameters.add(_id(request.after_event), "uuid")
        after = f"(time, event_id) > ({time}, {event})"
    statement = OPEN.format(
        seen=any_of(sights_of(actor), "l", parameters),
        after=after,
        limit=parameters.add(size_of(request.page_size), "bigint"),
    )
    return [_shown(row) for row in await pool.fetch(statement, *parameters.values)]


async def settle(pool: Pool, request: pb.SettleRefusedLinkRequest, actor: Actor) -> None:
    """Raises NotFound for a link that the actor may not see."""
    parameters = Parameters()
    statement = SETTLE.format(
        by=parameters.add(actor.user, "text"),
        note=parameters.add(trimmed(request.note), "text"),
        event=parameters.add(_id(request.event_id), "uuid"),
        record=parameters.add(_id(request.aggregate_id), "uuid"),
        seen=any_of(sights_of(actor), "l", parameters),
    )
    if not await pool.fetch(statement, *parameters.values):
        raise NotFound("NO_SUCH_LINK")


def _shown(row: Any) -> pb.RefusedLink:
    link = pb.RefusedLink(
        event_id=str(row["event_id"]),
        aggregate_id=str(row["aggregate_id"]),
        matter=row["matter"],
        group=row["consumer"],
        reason=row["reason"],
        unit=next(iter(row["audience"]), ""),
    )
    link.time.FromDatetime(row["time"])
    return link


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("NO_SUCH_LINK") from error
