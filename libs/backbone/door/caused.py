"""The request that an event causes. Pure."""

from typing import TypeVar
from uuid import UUID, uuid5

from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.words.actor import Actor
from liandong.event.v1.event_pb2 import Meta

C = TypeVar("C")


def caused_by(
    meta: Meta, aggregate_id: UUID, command: C, name: str, actor: Actor | None = None
) -> Request[C]:
    """The request of an event for one aggregate; without an `actor` it is that of the event.

    Its id derives from the event and the `name`, which tells the requests of one event apart: an
    event that comes twice asks once.
    """
    return Request(
        request_id=uuid5(UUID(meta.event_id), name),
        aggregate_id=aggregate_id,
        command=command,
        body_hash="",
        actor=actor or Actor(meta.actor, meta.unit),
        deadline=NEVER,
        cause=meta.event_id,
    )
