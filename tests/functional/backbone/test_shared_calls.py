"""Calls on a shared stream, over a real server: each is answered as one sent alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from backbone.process.settings import Settings
from backbone.rpc import shared_client, shared_server
from backbone.rpc.channels import refusal_of
from backbone.rpc.server import Server
from backbone.rpc.shared_client import SharedStream
from backbone.rpc.shared_server import METHOD, MOST_OPEN
from backbone.rpc.signed import SigningChannel
from backbone.rpc.spread import Spread
from backbone.words.errors import Conflict, InvalidArgument
from liandong.calls.v1 import calls_service_pb2 as calls
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from tests.gateway import TOKEN, settings_for
from tests.servers import free_port

CLAIM = "/liandong.incident.v1.IncidentService/ClaimIncident"
OPEN = "/liandong.incident.v1.IncidentService/OpenIncident"
NAME = "0192f000-0000-7000-8000-000000000001"
REQUEST = pb.ClaimIncidentRequest(incident_id=NAME)


class Incidents(rpc.IncidentServiceServicer):
    """Claims as the test tells it to, by the metadata `do`."""

    def __init__(self) -> None:
        self.begun = self.ended = 0
        self.cancelled = asyncio.Event()
        self.go_on = asyncio.Event()

    async def ClaimIncident(self, request: Any, context: Any) -> Any:
        self.begun += 1
        do = dict(context.invocation_metadata()).get("do")
        context.set_trailing_metadata([("liandong-road", "stream")])
        try:
            if do == "refuse":
                raise Conflict("ALREADY_CLAIMED", holder="wang")
            if do == "break":
                raise ZeroDivisionError
            if do == "wait":
                assert context.time_remaining() > 0
                await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        self.ended += 1
        response = pb.ClaimIncidentResponse()
        response.incident.title = "字" * 90_000 if do == "long" else request.incident_id
        return response


def settings_at(port: int) -> Settings:
    return settings_for("postgres://unused", {}, port=port)


@asynccontextmanager
async def served(servicer: Incidents, port: int) -> AsyncIterator[Server]:
    server = Server(settings_at(port))
    server.serve(rpc.add_IncidentServiceServicer_to_server, servicer, pb.DESCRIPTOR)
    await server.start()
    try:
        yield server
    finally:
        await server.stop(grace=0)


class Caller:
    """A client with one shared stream."""

    def __init__(self, channel: SigningChannel, token: str = TOKEN) -> None:
        self.stream = SharedStream(channel, token)
        read = pb.ClaimIncidentResponse.FromString
        self._claim = self.stream.unary_unary(CLAIM, _written, read)
        self._nowhere = self.stream.unary_unary(CLAIM + "Twice", _written, read)

    def claim(self, do: str = "", timeout: float = 5) -> Any:
        return self._claim(REQUEST, timeout=timeout, metadata=(("do", do),))

    def call_nowhere(self) -> Any:
        return self._nowhere(REQUEST, timeout=30, metadata=())


def _written(request: Any) -> bytes:
    if isinstance(request, bytes):
        return request
    text: bytes = request.SerializeToString()
    return text


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
async def servicer(port: int) -> AsyncIterator[Incidents]:
    servicer = Incidents()
    async with served(servicer, port):
        yield servicer


@pytest.fixture
async def channel(port: int) -> AsyncIterator[SigningChannel]:
    options = [("grpc.max_reconnect_backoff_ms", 100), ("grpc.initial_reconnect_backoff_ms", 50)]
    opened = grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options)
    async with SigningChannel(opened, settings_at(port).signatures, "gateway") as channel:
        yield channel


@pytest.fixture
def caller(servicer: Incidents, channel: SigningChannel) -> Caller:
    return Caller(channel)


async def failure_of(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


async def test_an_answer_has_its_response_and_its_trailers(caller: Caller) -> None:
    call = caller.claim()
    assert (await call).incident.title == NAME
    assert dict(await call.trailing_metadata()) == {"liandong-road": "stream"}


async def test_a_refusal_keeps_its_reason_facts_and_trailers(caller: Caller) -> None:
    error = await failure_of(caller.claim("refuse"))
    refusal = refusal_of(error)
    assert isinstance(refusal, Conflict)
    assert (refusal.reason, refusal.facts["holder"]) == ("ALREADY_CLAIMED", "wang")
    assert ("liandong-road", "stream") in tuple(error.trailing_metadata())


async def test_the_rules_of_the_request_hold_as_in_a_call_of_its_own(caller: Caller) -> None:
    call = caller.stream.unary_unary(OPEN, _written, pb.OpenIncidentResponse.FromString)
    refusal = refusal_of(await failure_of(call(pb.OpenIncidentRequest(), timeout=30, metadata=())))
    assert isinstance(refusal, InvalidArgument)
    assert refusal.flaws


async def test_a_bug_a_strange_method_and_strange_bytes_end_one_call_each(caller: Caller) -> None:
    waiting = asyncio.ensure_future(_response(caller.claim("wait")))
    assert (await failure_of(caller.claim("break"))).code() is grpc.StatusCode.INTERNAL
    assert (await failure_of(caller.call_nowhere())).code() is grpc.StatusCode.UNIMPLEMENTED
    poison = caller.stream.unary_unary(CLAIM, _written, pb.ClaimIncidentResponse.FromString)
    error = await failure_of(poison(b"\xff\xff", timeout=30, metadata=()))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert not waiting.done()
    waiting.cancel()


async def test_a_message_that_cannot_be_read_ends_nothing(
    servicer: Incidents, channel: SigningChannel
) -> None:
    open_stream: Any = channel.stream_stream(METHOD)
    stream = open_stream(metadata=(("liandong-token", TOKEN),))
    await stream.write(b"\xff\xff\xff")
    call = calls.Call(id=7, method=CLAIM, request=REQUEST.SerializeToString(), timeout_ms=5000)
    call.metadata.update([channel.sign(CLAIM, (), call.request)])
    await stream.write(calls.ShareStreamRequest(calls=[call]).SerializeToString())
    [answer] = calls.ShareStreamResponse.FromString(await stream.read()).answers
    assert (answer.id, answer.status) == (7, b"")
    stream.cancel()


async def test_a_stream_without_the_token_is_refused(
    servicer: Incidents, channel: SigningChannel
) -> None:
    error = await failure_of(Caller(channel, "outside").claim())
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED
    assert servicer.begun == 0


async def test_a_deadline_ends_the_call_on_both_sides(caller: Caller, servicer: Incidents) -> None:
    error = await failure_of(caller.claim("wait", timeout=0.2))
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await asyncio.wait_for(servicer.cancelled.wait(), 5)
    assert (await caller.claim()).incident.title == NAME


async def test_a_caller_that_gives_up_ends_its_call(caller: Caller, servicer: Incidents) -> None:
    waiting = asyncio.ensure_future(_response(caller.claim("wait")))
    while not servicer.begun:
        await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.wait_for(servicer.cancelled.wait(), 5)


async def test_a_killed_server_is_asked_again_and_answers_once_it_is_back(
    port: int, channel: SigningChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_client, "PAUSES", (0.2,) * 20)
    first, second, caller = Incidents(), Incidents(), Caller(channel)
    async with served(first, port):
        waiting = [asyncio.ensure_future(_response(caller.claim("wait"))) for _ in range(20)]
        while first.begun < len(waiting):
            await asyncio.sleep(0.01)
    second.go_on.set()
    async with served(second, port):
        responses = await asyncio.gather(*waiting)
    assert {response.incident.title for response in responses} == {NAME}
    assert (first.ended, second.ended) == (0, 20)


async def test_a_dead_service_is_unavailable_after_three_tries(channel: SigningChannel) -> None:
    error = await failure_of(Caller(channel).claim())
    assert error.code() is grpc.StatusCode.UNAVAILABLE


async def test_of_several_instances_that_are_all_away_for_a_second_one_answers(
    port: int, channel: SigningChannel
) -> None:
    """They were reached before: a machine that stood still has ended all connections at once."""
    spread = Spread(channel, TOKEN, streams=2)
    claim = spread.unary_unary(CLAIM, _written, pb.ClaimIncidentResponse.FromString)
    async with served(Incidents(), port):
        await claim(REQUEST, timeout=30, metadata=())
    asked = [
        asyncio.ensure_future(_response(claim(REQUEST, timeout=30, metadata=()))) for _ in "12"
    ]
    await asyncio.sleep(1)
    assert not any(each.done() for each in asked)
    async with served(Incidents(), port):
        assert {each.incident.title for each in await asyncio.gather(*asked)} == {NAME}


async def test_a_service_that_does_not_share_is_called_alone(
    port: int, channel: SigningChannel
) -> None:
    server = grpc.aio.server()
    rpc.add_IncidentServiceServicer_to_server(Incidents(), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    caller = Caller(channel)
    for _ in range(2):
        call = caller.claim()
        assert (await call).incident.title == NAME
        assert ("liandong-road", "stream") in tuple(await call.trailing_metadata())
    await server.stop(grace=0)


async def test_a_client_that_reads_nothing_stops_itself_alone(
    servicer: Incidents, channel: SigningChannel, port: int
) -> None:
    """Its answers fill the window of its connection; then no more of its calls are taken."""
    request, metadata = REQUEST.SerializeToString(), {"do": "long"}
    metadata |= dict([channel.sign(CLAIM, metadata.items(), request)])
    open_stream: Any = channel.stream_stream(METHOD)
    deaf = open_stream(metadata=(("liandong-token", TOKEN),))

    async def flood() -> None:
        for number in range(3 * MOST_OPEN):
            call = calls.Call(id=number + 1, method=CLAIM, request=request, metadata=metadata)
            await deaf.write(calls.ShareStreamRequest(calls=[call]).SerializeToString())

    flooding = asyncio.create_task(flood())
    taken = -1
    while taken < servicer.ended:
        taken = servicer.ended
        await asyncio.sleep(0.5)
    assert MOST_OPEN <= taken < 2 * MOST_OPEN
    opened = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
    async with SigningChannel(opened, settings_at(port).signatures, "gateway") as other:
        assert (await Caller(other).claim(timeout=2)).incident.title == NAME
    flooding.cancel()
    deaf.cancel()


async def test_long_answers_are_split_and_one_too_long_fails_alone(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    responses = await asyncio.gather(*(_response(caller.claim("long")) for _ in range(40)))
    assert {len(response.incident.title) for response in responses} == {90_000}
    monkeypatch.setattr(shared_server, "MOST_ALONE", 100_000)
    long, short = await asyncio.gather(failure_of(caller.claim("long")), _response(caller.claim()))
    assert long.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert short.incident.title == NAME


async def test_a_server_that_stops_first_answers_what_it_has_begun(
    port: int, channel: SigningChannel
) -> None:
    servicer, caller = Incidents(), Caller(channel)
    async with served(servicer, port) as server:
        waiting = asyncio.ensure_future(_response(caller.claim("wait")))
        while not servicer.begun:
            await asyncio.sleep(0.01)
        stopping = asyncio.create_task(server.stop(grace=5))
        await asyncio.sleep(0.1)
        servicer.go_on.set()
        assert (await waiting).incident.title == NAME
        await stopping
    assert servicer.begun == 1


async def _response(call: Any) -> Any:
    return await call
