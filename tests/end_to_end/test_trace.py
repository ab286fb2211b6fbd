"""One trace id leads from the desk's request to the team's frame, through every process's log, and
through Kafka and Faust to a collector of spans."""

import asyncio
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as otlp

from operate.replay.client import JSON, Client
from tests.people import CALL, Listener, Visit, act, open_incident, take_call

TEAM = "990101001-emergency-team"
PATIENCE = 15.0
CLAIMS = 20
# The span of the client, which sends none itself.
CLIENT = "ab" * 8
PROCESSES = {
    ("gateway", "POST /v1/incidents/{incident_id}:claim"),
    ("workflow", "ClaimIncident"),
    ("workflow-stream", "door ClaimIncident"),
    ("alarm", "door FollowIncident"),
}


def lines(visit: Visit, trace: str) -> set[tuple[str, str, str]]:
    """Process, event and what it was about, of all lines with the trace."""
    found = set()
    for file in Path(visit.city.home, "logs").glob("*.log"):
        for text in file.read_text("utf-8", "replace").splitlines():
            if trace in text and text.startswith("{"):
                line: dict[str, Any] = json.loads(text)
                about = line.get("command") or line.get("method") or line.get("route") or ""
                found.add((file.stem, line["event"], about))
    return found


async def heard(visit: Visit, trace: str, wanted: set[tuple[str, str, str]]) -> None:
    until = time.monotonic() + PATIENCE
    while missing := wanted - (found := lines(visit, trace)):
        assert time.monotonic() < until, (missing, found)
        await asyncio.sleep(0.3)


@dataclass(frozen=True, slots=True)
class Sent:
    """A span as the collector has it."""

    service: str
    name: str
    span: str
    parent: str


def spans_of(file: Path, trace: str) -> list[Sent]:
    """What the collector has of a trace. Messages of protobuf one after the other are one."""
    found = otlp.ExportTraceServiceRequest.FromString(file.read_bytes())
    return [
        Sent(service_in(each), span.name, span.span_id.hex(), span.parent_span_id.hex())
        for each in found.resource_spans
        for scope in each.scope_spans
        for span in scope.spans
        if span.trace_id.hex() == trace
    ]


def service_in(spans: Any) -> str:
    told = {each.key: each.value.string_value for each in spans.resource.attributes}
    return told["service.name"].removeprefix("liandong.")


async def traced(client: Client, trace: str, path: str, body: Mapping[str, Any]) -> str:
    """Do it once in the trace; return the road that it took."""
    more = {"traceparent": f"00-{trace}-{CLIENT}-01", "idempotency-key": uuid4().hex, **JSON}
    reply = await client._send("POST", path, more, data=json.dumps(body))
    return str(reply.headers.get("liandong-road", ""))


async def test_an_order_is_followed_from_the_request_to_the_frame(visit: Visit) -> None:
    desk = visit.system("990100-command", "call_taker")
    leader = await visit.person("team_leader.990101001-emergency")
    terminal = Listener(leader, f"/v1/teams/{TEAM}/stream?device=trace")
    await asyncio.wait_for(terminal.until("welcome"), 20)
    receipt = await take_call(desk, priority="P1", category="hazard.flood")
    trace = secrets.token_hex(16)
    await traced(desk, trace, f"/v1/receipts/{receipt['id']}:dispatch", {"team": TEAM})
    push = await asyncio.wait_for(terminal.until("mission", code=receipt["code"]), 20)
    assert trace in push["traceparent"]
    wanted = {
        ("gateway", "request.finished", "POST /v1/receipts/{receipt_id}:dispatch"),
        ("alarm", "call.finished", "DispatchNow"),
        ("alarm", "command.decided", "DispatchNow"),
        ("emergency", "call.finished", "DispatchMission"),
        ("emergency", "command.decided", "DispatchMission"),
        ("gateway", "frame.sent", ""),
    }
    await heard(visit, trace, wanted)
    await act(leader, f"/v1/missions/{push['mission']}:refuse", {"reason": "另有任务"})
    await terminal.close()


async def claimed_by_stream(visit: Visit) -> str:
    """Claim incidents until one goes by Kafka and Faust; return its trace. A claim that they do not
    answer in time is answered by the direct road, as on a busy machine."""
    desk = visit.system("990100-command", "call_taker")
    for _ in range(CLAIMS):
        incident = await open_incident(desk)
        unit = visit.system(incident["unit"], "clerk", person="li")
        trace = secrets.token_hex(16)
        if await traced(unit, trace, f"/v1/incidents/{incident['id']}:claim", {}) == "stream":
            return trace
    raise AssertionError(f"none of {CLAIMS} claims went by Kafka and Faust")


async def test_a_claim_is_followed_over_kafka_and_faust_to_its_follow_up(visit: Visit) -> None:
    trace = await claimed_by_stream(visit)
    wanted = {
        ("gateway", "request.finished", "POST /v1/incidents/{incident_id}:claim"),
        ("workflow", "call.finished", "ClaimIncident"),
        ("workflow-stream", "command.decided", "ClaimIncident"),
        ("alarm", "command.decided", "FollowIncident"),
    }
    await heard(visit, trace, wanted)
    assert CALL["caller"]["number"] not in str(lines(visit, trace))
    await collected(visit, trace)


async def collected(visit: Visit, trace: str) -> None:
    """The collector has the same trace from each process, and each span follows another one."""
    until = time.monotonic() + PATIENCE
    while True:
        spans = spans_of(Path(visit.city.home).parent / "spans", trace)
        missing = PROCESSES - {(each.service, each.name) for each in spans}
        known = {CLIENT, *(each.span for each in spans)}
        loose = [each for each in spans if each.parent not in known]
        if not missing and not loose:
            return
        assert time.monotonic() < until, (missing, loose, spans)
        await asyncio.sleep(0.5)
