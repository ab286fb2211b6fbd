"""GET /v1/teams/{team}/stream: passes on a terminal's mailbox from the emergency service.

The event id is the service's cursor, so entries that the terminal has not stored are sent again.
After a lost connection to the service the gateway subscribes again from the last cursor.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc
from starlette.requests import Request
from starlette.responses import Response

from backbone.process import tracing
from backbone.rpc.channels import refusal_of
from backbone.rpc.peers import NOT_TRUSTED
from backbone.words.roles import TEAMS
from liandong.alarm.v1 import alarm_service_pb2 as alarm
from liandong.emergency.v1 import emergency_pb2 as resources
from liandong.emergency.v1 import emergency_service_pb2 as pb
from services.gateway.accounts.auth import Caller, require_role
from services.gateway.contract.writing import Writer, to_json
from services.gateway.http import incoming
from services.gateway.http.addressed import read_query
from services.gateway.http.endpoint import Gate
from services.gateway.http.problems import Problem
from services.gateway.http.refusals import UNKNOWN, away
from services.gateway.live.frames import RETRY, frame
from services.gateway.live.streams import Streams
from services.gateway.routes.route import Extra

log = logging.getLogger(__name__)

SUBSCRIBE = pb.DESCRIPTOR.services_by_name["EmergencyService"].methods_by_name["Subscribe"]
CALLER = alarm.DESCRIPTOR.services_by_name["AlarmService"].methods_by_name["TellCaller"]
# Seconds that an order waits for the caller's number.
GLANCE = 0.3
PASSING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN)
PAUSE = 0.25
LONGEST_CURSOR = 100
STOPPING = "STOPPING"

# The frames that are messages, and what an event stream calls them.
MESSAGES = {
    "welcome": ("welcome", resources.Welcome.DESCRIPTOR),
    "push": ("mission", resources.Push.DESCRIPTOR),
    "step": ("step", resources.Step.DESCRIPTOR),
}


@dataclass(frozen=True, slots=True)
class Subscription:
    """A terminal's request, from which the service can be called again."""

    subscribe: Any
    metadata: list[tuple[str, str]]
    team: str
    device: str

    async def frames(self, after: str) -> AsyncGenerator[Any, None]:
        """The frames after a cursor. Raises AioRpcError if the service refuses or is gone."""
        request = pb.SubscribeRequest(team=self.team, device=self.device, after=after)
        call = self.subscribe(request, metadata=self.metadata)
        try:
            async for response in call:
                yield response
        finally:
            call.cancel()


@dataclass(slots=True)
class Session:
    """One terminal's stream, over one or more subscriptions."""

    subscription: Subscription
    caller: Caller
    frames: AsyncGenerator[Any, None]
    after: str

    async def responses(self) -> AsyncIterator[Any]:
        """Yield frames until the service says bye or refuses; subscribe again after a lost link."""
        while True:
            try:
                async with aclosing(self.frames):
                    async for response in self.frames:
                        if response.bye.reason == STOPPING:
                            break  # the service restarts: subscribe again
                        self.after = _cursor(response) or self.after
                        yield response
                        if response.HasField("bye"):
                            return
            except grpc.aio.AioRpcError as error:
                if error.code() not in PASSING and not _is_renewed(error):
                    log.warning("terminal.ended", extra={"code": str(error.code())})
                    return
            await asyncio.sleep(PAUSE)
            self.frames = self.subscription.frames(self.after)


class Terminal:
    """The endpoint of terminal streams."""

    def __init__(self, gate: Gate, streams: Streams) -> None:
        self._gate, self._streams = gate, streams
        self._caller = gate.upstream.unary("alarm", CALLER)
        self._subscribe = gate.upstream.streaming("emergency", SUBSCRIBE)
        names = gate.reasons.names
        self._writers = {
            kind: (event, Writer(message, names)) for kind, (event, message) in MESSAGES.items()
        }

    async def stream(self, request: Request) -> Response:
        caller = await self._gate.admit(request)
        require_role(caller, TEAMS)
        team = request.path_params["team"]
        if caller.team != team:
            raise Problem(403, "NOT_YOUR_TEAM", {"team": team})
        self._streams.require_room(caller)
        metadata = [*self._gate.upstream.metadata, *caller.metadata]
        device = str(read_query(request, frozenset()).get("device", ""))
        subscription = Subscription(self._subscribe, metadata, team, device)
        after = _cursor_of(request)
        frames = subscription.frames(after)
        # Wait for the first frame, so that a refusal becomes a problem and not a broken stream.
        welcome = await anext(frames, None)
        if welcome is None:
            raise away(UNKNOWN, is_write=False)
        if request.method == "HEAD":
            await frames.aclose()
        session = Session(subscription, caller, frames, after)
        still_admits = partial(self._gate.still_admits, request, caller)
        return self._streams.respond(self._pass_on(session, welcome), still_admits)

    async def _pass_on(self, session: Session, welcome: Any) -> AsyncIterator[bytes]:
        with self._streams.counted("terminal", session.caller):
            yield RETRY + self._written(welcome)
            async for response in session.responses():
                if not response.HasField("push"):
                    yield self._written(response)
                    continue
                push = response.push
                with tracing.span("frame", push.traceparent, "consumer") as span:
                    span.facts |= {"seq": push.seq, "attempt": push.attempt}
                    await self._tell(session, push)
                    yield self._written(response)
                    # The terminal has taken it: the generator goes on after the write.
                    log.info("frame.sent", extra={"team": session.subscription.team, **span.facts})

    async def _tell(self, session: Session, push: Any) -> None:
        """Add the caller's number where the policy gives it; without an answer the order goes."""
        request = alarm.TellCallerRequest(code=push.code, team=session.subscription.team)
        try:
            answer = await self._caller(
                request, timeout=GLANCE, metadata=session.subscription.metadata
            )
        except grpc.aio.AioRpcError as error:
            log.info("caller.untold", extra={"code": str(error.code())})
            return
        push.caller_number = answer.number

    def _written(self, response: Any) -> bytes:
        kind = response.WhichOneof("frame")
        if kind in self._writers:
            event, write = self._writers[kind]
            body = write(getattr(response, kind))
            cursor = body.pop("cursor", None)
            return frame(event, to_json(body), cursor=cursor)
        if kind == "ping":
            ping = response.ping
            return frame("ping", to_json({"last_seq": ping.last_seq}), cursor=ping.cursor or None)
        if kind == "bye":
            return frame("bye", to_json({"reason": response.bye.reason}))
        return b""  # an unknown frame of a newer service


def _is_renewed(error: grpc.aio.AioRpcError) -> bool:
    """Whether the service has ended the stream of an earlier certificate of ours."""
    refusal = refusal_of(error)
    return refusal is not None and refusal.reason == NOT_TRUSTED


def _cursor_of(request: Request) -> str:
    """The cursor in Last-Event-ID. Raises Problem 400 if malformed."""
    cursor = request.headers.get("Last-Event-ID", "")
    if len(cursor) > LONGEST_CURSOR or not cursor.isprintable() or not cursor.isascii():
        raise incoming.malformed_header("Last-Event-ID", "MALFORMED_EVENT_ID")
    return cursor


def _cursor(response: Any) -> str:
    kind = response.WhichOneof("frame")
    return str(getattr(response, kind).cursor) if kind in ("push", "step", "ping") else ""


SHOWN = (resources.Push.DESCRIPTOR, resources.Step.DESCRIPTOR)


def extras_of(terminal: Terminal) -> tuple[Extra, ...]:
    return (Extra("GET", "/v1/teams/{team}/stream", terminal.stream, SHOWN),)
