"""Calls over real servers: one trace across services, one line each, spans at a real receiver."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from concurrent import futures
from contextlib import asynccontextmanager
from threading import Event
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as otlp
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as otlp_rpc

from backbone.process import tracing
from backbone.process.spans import ADDRESS, exported
from backbone.rpc.caller import caller_of
from backbone.rpc.channels import open_channel
from backbone.rpc.server import Server
from backbone.rpc.spread import open_shared
from backbone.words.errors import Conflict
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from tests.gateway import TOKEN, settings_for
from tests.servers import free_port

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
METADATA = (
    ("liandong-token", TOKEN),
    ("liandong-role", "clerk"),
    ("liandong-user", "canary-jinsique"),
)


class Receiver(otlp_rpc.TraceServiceServicer):
    """Takes spans as a collector does."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.service = ""
        self.heard = Event()

    def Export(self, request: Any, context: Any) -> Any:
        for resource in request.resource_spans:
            told = {each.key: each.value.string_value for each in resource.resource.attributes}
            self.service = told["service.name"]
            for scope in resource.scope_spans:
                self.spans += scope.spans
        self.heard.set()
        return otlp.ExportTraceServiceResponse()


@pytest.fixture
def receiver() -> Iterator[tuple[Receiver, int]]:
    server = grpc.server(futures.ThreadPoolExecutor(2))
    receiver = Receiver()
    otlp_rpc.add_TraceServiceServicer_to_server(receiver, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield receiver, port
    server.stop(None).wait()


class Incidents(rpc.IncidentServiceServicer):
    """Passes a question on, by the two ways that services call each other."""

    def __init__(self) -> None:
        self.traces: list[str] = []
        self.stubs: list[Any] = []

    async def ListIncidents(self, request: Any, context: Any) -> Any:
        self.traces.append(caller_of(context).traceparent)
        for stub in self.stubs:
            await stub.GetIncident(pb.GetIncidentRequest(), timeout=30, metadata=METADATA)
        return pb.ListIncidentsResponse()

    async def GetIncident(self, request: Any, context: Any) -> Any:
        self.traces.append(caller_of(context).traceparent)
        return pb.GetIncidentResponse()

    async def ClaimIncident(self, request: Any, context: Any) -> Any:
        raise Conflict("ALREADY_CLAIMED")


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Incidents, Any]]:
    settings = settings_for("postgres://unused", {}, port=free_port())
    address = {"LIANDONG_WORKFLOW_ADDRESS": f"127.0.0.1:{settings.port}"}
    calling = settings_for("postgres://unused", address, port=free_port())
    server, incidents = Server(settings), Incidents()
    server.serve(rpc.add_IncidentServiceServicer_to_server, incidents, pb.DESCRIPTOR)
    await server.start()
    alone = open_channel(calling, "workflow")
    shared = open_shared(calling, "workflow")
    incidents.stubs = [rpc.IncidentServiceStub(alone), rpc.IncidentServiceStub(shared)]
    try:
        yield incidents, incidents.stubs[0]
    finally:
        await alone.close()
        await server.stop(0)


async def test_a_call_keeps_its_trace_over_both_kinds_of_calls(
    receiver: tuple[Receiver, int],
) -> None:
    collector, port = receiver
    async with served() as (incidents, stub):
        environ = {ADDRESS: f"http://127.0.0.1:{port}"}
        with exported(environ, "workflow"), tracing.span("gateway", GIVEN):
            await stub.ListIncidents(pb.ListIncidentsRequest(), timeout=30, metadata=METADATA)
        assert [tracing.id_of(each) for each in incidents.traces] == [GIVEN[3:35]] * 3
    assert await asyncio.to_thread(collector.heard.wait, 5)
    spans = {span.name: span for span in collector.spans}
    assert collector.service == "liandong.workflow"
    assert {span.trace_id.hex() for span in collector.spans} == {GIVEN[3:35]}
    assert [span.name for span in collector.spans].count("GetIncident") == 2
    assert spans["gateway"].parent_span_id.hex() == GIVEN[36:52]
    assert spans["ListIncidents"].parent_span_id == spans["gateway"].span_id
    assert spans["GetIncident"].parent_span_id == spans["ListIncidents"].span_id
    told = {each.key: each.value.string_value for each in spans["GetIncident"].attributes}
    assert told == {"rpc.method": "GetIncident", "status": "OK", "reason": "", "role": "clerk"}
    assert "canary-jinsique" not in str(collector.spans)


async def test_each_finished_call_has_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with served() as (incidents, stub):
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.ClaimIncident(pb.ClaimIncidentRequest(), timeout=30, metadata=METADATA)
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.GetIncident(pb.GetIncidentRequest(), timeout=30, metadata=())
        incidents.stubs = []
        await stub.ListIncidents(pb.ListIncidentsRequest(), timeout=30, metadata=METADATA)
    lines = [record.__dict__ for record in caplog.records if record.message == "call.finished"]
    assert [(each["method"], each["status"], each["reason"], each["role"]) for each in lines] == [
        ("ClaimIncident", "Conflict", "ALREADY_CLAIMED", "clerk"),
        ("GetIncident", "Denied", "NOT_FROM_INSIDE", ""),
        ("ListIncidents", "OK", "", "clerk"),
    ]
    assert all(each["ms"] >= 0 for each in lines)
    assert "canary-jinsique" not in caplog.text
