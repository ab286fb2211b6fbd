"""A probe of a stream that stands still: its caller does not wait for it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from backbone.door.batcher import Batcher
from backbone.door.carrying import CHANNEL, Carrier
from backbone.door.notices import Waiting
from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.process.pulse import Pulse
from backbone.words.actor import Actor
from services.workflow.breaker import FAILURES, Breaker, Road
from services.workflow.roads import Roads

LI = Actor("li", "north", "clerk", "990101001")


class Stream:
    """A command topic, its stream processor, and a door for the direct road."""

    def __init__(self) -> None:
        self.published: list[bytes] = []
        self.fronts: list[str] = []
        self.breaker = Breaker(lambda: 0.0)  # every command that may probe does
        for _ in range(FAILURES):
            self.breaker.failed()
        self.waiting = Waiting(
            self.find, Carrier(bytes(32), []), self.connect, f"{CHANNEL}a", Pulse()
        )

    async def find(self, ids: Sequence[UUID]) -> Sequence[Outcome]:
        return [outcome_of(each) for each in ids]

    async def connect(self) -> Any:
        raise ConnectionError("not needed")

    async def publish(self, key: bytes, value: bytes) -> None:
        self.published.append(value)

    async def perform(self, requests: Sequence[Request[Any]]) -> list[Outcome]:
        self.fronts += [each.front for each in requests]
        return [outcome_of(each.request_id) for each in requests]

    async def answers(self, request_id: UUID) -> None:
        await self.waiting._resolve([request_id])


def outcome_of(request_id: UUID) -> Outcome:
    now = datetime.now(UTC)
    return Outcome(request_id, "", uuid4(), 0, "ALREADY_CLAIMED", "Conflict", {}, now, "one")


def a_request() -> Request[Any]:
    soon = datetime.now(UTC) + timedelta(seconds=30)
    return Request(uuid4(), uuid4(), None, "", LI, soon, call="one", front=f"{CHANNEL}a")


async def test_a_probe_is_answered_directly_and_closes_the_breaker_when_it_arrives() -> None:
    stream = Stream()
    batcher: Batcher[Any] = Batcher(stream.perform, Pulse())
    running = asyncio.create_task(batcher.run())
    roads = Roads(stream.publish, batcher, stream.waiting, stream.breaker)
    request = a_request()
    try:
        outcome, road = await roads.perform(request, b"claim")
    finally:
        running.cancel()
    assert outcome.request_id == request.request_id and road is Road.DIRECT
    assert stream.published == [b"claim"], "the stream is asked beside it"
    assert stream.fronts == [""], "no notice of the direct road, which would look like the stream's"
    assert stream.breaker.is_open, "it has not heard of the stream"
    await stream.answers(request.request_id)
    await asyncio.gather(*roads._beside)
    assert not stream.breaker.is_open
