"""GET /v1/changes: live changes that the caller may see, resumable by Last-Event-ID."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from backbone.words.actor import Actor
from backbone.words.sight import AUDITOR
from services.gateway.accounts.auth import Caller
from services.gateway.http.endpoint import Gate
from services.gateway.live.changes import Reader, Ring
from services.gateway.live.event_ids import EventId, decode
from services.gateway.live.frames import RETRY, frame
from services.gateway.live.streams import Streams
from services.gateway.metrics import RESETS
from services.gateway.routes.route import Extra

# Seconds that a stream waits for a gateway that has just started or lags behind another.
CATCH_UP = 3.0
# What the register of disclosures calls it.
WATCHED = "WatchChanges"


@dataclass(frozen=True, slots=True)
class Live:
    """The stream's endpoint; all callers read one ring, each from its own position."""

    gate: Gate
    ring: Ring
    streams: Streams

    async def changes(self, request: Request) -> Response:
        caller = await self.gate.admit(request)
        self.streams.require_room(caller)
        if caller.role == AUDITOR:  # each opening, as each reading of a list
            await self.gate.record(request, caller, WATCHED)
        still_admits = partial(self.gate.still_admits, request, caller)
        return self.streams.respond(self._stream(request, caller), still_admits)

    async def _stream(self, request: Request, caller: Caller) -> AsyncIterator[bytes]:
        with self.streams.counted("changes", caller):
            yield RETRY
            await self._until(lambda: self.ring.has_begun)
            actor = caller.actor
            reader = Reader(self.ring, actor, await self._resumable(request))
            if "last-event-id" in request.headers and not reader.resumes:
                yield self._reset(reader, "unknown")
            else:
                yield place(reader)
            async for part in self._parts(actor, reader):
                yield part

    async def _parts(self, actor: Actor, reader: Reader) -> AsyncIterator[bytes]:
        placed = time.monotonic()
        while True:
            if reader.is_lost:
                reader = Reader(self.ring, actor, None)
                yield self._reset(reader, "lost")
            taken, now = reader.take(), time.monotonic()
            if taken:
                placed = now
                yield b"".join(taken)
            elif now - placed > self.streams.heartbeat:
                placed = now
                yield place(reader)
            with suppress(TimeoutError):
                async with asyncio.timeout(self.streams.heartbeat):
                    await reader.wait()

    def _reset(self, reader: Reader, cause: str) -> bytes:
        RESETS.labels(cause).inc()
        return frame("reset", b"{}", cursor=reader.here())

    async def _resumable(self, request: Request) -> EventId | None:
        """The id to resume from, or None if that would leave a gap."""
        try:
            given = decode(request.headers.get("last-event-id", ""))
        except ValueError:
            return None
        await self._until(lambda: given.epoch != self.ring.epoch or not self.ring.lags(given))
        return given if self.ring.knows(given) else None

    async def _until(self, so: Callable[[], bool]) -> None:
        """Wait for the ring, CATCH_UP at most: a stream opens without Kafka too."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CATCH_UP):
                while not so():
                    await self.ring.moved()


def place(reader: Reader) -> bytes:
    """An id without an event: advances the client past changes that it may not see."""
    return b"id: " + reader.here().encode() + b"\n\n"


def extras_of(live: Live) -> tuple[Extra, ...]:
    return (Extra("GET", "/v1/changes", live.changes),)
