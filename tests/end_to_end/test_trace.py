"""One trace id leads from the desk's request to the team's frame, through every process's log."""

import asyncio
import json
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from operate.replay.client import JSON, Client
from tests.people import CALL, Listener, Visit, act, open_incident, take_call

TEAM = "990101001-emergency-team"
PATIENCE = 15.0


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


async def traced(client: Client, trace: str, path: str, body: Mapping[str, Any]) -> str:
    """Do it once in the trace; return the road that it took."""
    more = {"traceparent": f"00-{trace}-{'ab' * 8}-01", "idempotency-key": uuid4().hex, **JSON}
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


async def test_a_claim_is_followed_over_kafka_and_faust_to_its_follow_up(visit: Visit) -> None:
    desk = visit.system("990100-command", "call_taker")
    incident = await open_incident(desk)
    unit = visit.system(incident["unit"], "clerk", person="li")
    trace = secrets.token_hex(16)
    road = await traced(unit, trace, f"/v1/incidents/{incident['id']}:claim", {})
    wanted = {
        ("gateway", "request.finished", "POST /v1/incidents/{incident_id}:claim"),
        ("workflow", "call.finished", "ClaimIncident"),
        ("workflow-stream" if road == "stream" else "workflow", "command.decided", "ClaimIncident"),
        ("alarm", "command.decided", "FollowIncident"),
    }
    await heard(visit, trace, wanted)
    assert CALL["caller"]["number"] not in str(lines(visit, trace))
