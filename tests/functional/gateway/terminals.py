"""A small emergency service: a mailbox that grows, and sessions that can be cut."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc

from backbone.rpc.caller import caller_of
from backbone.words.errors import Denied
from liandong.emergency.v1 import emergency_pb2 as resources
from liandong.emergency.v1 import emergency_service_pb2 as pb
from liandong.emergency.v1 import emergency_service_pb2_grpc as rpc


def a_push(seq: int, attempt: int = 1) -> resources.Push:
    return resources.Push(
        seq=seq, cursor=str(seq), mission=f"m-{seq}", revision=1, attempt=attempt, priority="P1"
    )


class Terminals(rpc.EmergencyServiceServicer):
    def __init__(self) -> None:
        self.mailbox: list[resources.Push] = []
        self.steps: list[resources.Step] = []
        self.asked: list[tuple[str, str, str]] = []
        self.sessions = 0
        self._cut = asyncio.Event()

    def cut(self) -> None:
        """Lose every open session, as a killed service does."""
        cut, self._cut = self._cut, asyncio.Event()
        cut.set()

    async def Subscribe(self, request: Any, context: Any) -> AsyncIterator[Any]:
        self.asked.append((request.team, request.after, caller_of(context).team))
        if request.device == "stolen":
            raise Denied("NOT_YOUR_TEAM", team=request.team)
        self.sessions += 1
        yield pb.SubscribeResponse(welcome=resources.Welcome(session="s", last_seq=0))
        sent, cut = int(request.after or 0), self._cut
        while not cut.is_set():
            for push in self.mailbox[sent:]:
                sent += 1
                yield pb.SubscribeResponse(push=push)
            while self.steps:
                yield pb.SubscribeResponse(step=self.steps.pop(0))
            await asyncio.sleep(0.01)
        await context.abort(grpc.StatusCode.UNAVAILABLE, "going away")
