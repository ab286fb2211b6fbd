"""A leaver's matters go to a successor in one act, over HTTP and by the command."""

import asyncio
import json
from uuid import uuid4

from tests.people import TOWNSHIP, Visit, act, open_incident, refused

POLICE, OFFICE = f"{TOWNSHIP}-police", f"{TOWNSHIP}-township"


async def test_a_head_hands_over_all_that_a_leaver_holds(visit: Visit) -> None:
    desk = visit.system("990100-command", "call_taker")
    clerk, head = await visit.person(f"clerk.{POLICE}"), await visit.person(f"head.{POLICE}")
    ids = {(await open_incident(desk))["id"] for _ in range(3)}
    for each in ids:
        await act(clerk, f"/v1/incidents/{each}:claim")
    path = f"/v1/accounts/clerk.{POLICE}:handOver"
    own = await refused(clerk.post(path, uuid4().hex, {"successor": f"head.{POLICE}"}))
    assert (own.status, own.reason) == (403, "ROLE_MAY_NOT")
    elsewhere = await refused(head.post(path, uuid4().hex, {"successor": f"clerk.{OFFICE}"}))
    assert (elsewhere.status, elsewhere.reason) == (422, "NOT_A_SUCCESSOR")
    other = f"/v1/accounts/clerk.{OFFICE}:handOver"
    foreign = await refused(head.post(other, uuid4().hex, {"successor": f"head.{OFFICE}"}))
    assert (foreign.status, foreign.reason) == (403, "NOT_YOUR_PERSON")

    done = (await head.post(path, uuid4().hex, {"successor": f"head.{POLICE}"})).body
    assert done["incidents"] >= 3 and done["care_cases"] == 0
    for each in ids:
        incident = await head.get(f"/v1/incidents/{each}")
        assert incident["holder"] == f"head.{POLICE}"
        assert (
            await refused(act(clerk, f"/v1/incidents/{each}:report", {"text": "我还在办"}))
        ).reason
    again = (await head.post(path, uuid4().hex, {"successor": f"head.{POLICE}"})).body
    assert again["incidents"] == 0, "a repeat goes on where there is something left"


async def test_a_client_cannot_name_a_successor_of_its_own(visit: Visit) -> None:
    desk = visit.system("990100-command", "call_taker")
    clerk, head = await visit.person(f"clerk.{POLICE}"), await visit.person(f"head.{POLICE}")
    incident = await open_incident(desk)
    one = f"/v1/incidents/{incident['id']}"
    await act(clerk, f"{one}:claim")
    body = {"reason": "x", "successor": "nobody-at-all"}
    assert (await refused(act(head, f"{one}:reassign", body))).reason == "UNKNOWN_FIELD"


async def test_the_command_disables_hands_over_and_tells_what_stays(visit: Visit) -> None:
    sender = await visit.person(f"clerk.{TOWNSHIP}-justice")
    head, worker = await visit.person(f"head.{OFFICE}"), f"care_worker.{OFFICE}"
    handed = await act(
        sender,
        "/v1/care-cases",
        {
            "programme": "MINOR_PROTECTION",
            "legal_basis": "未成年人保护法，民政局函〔2026〕3号",
            "person": {"name": "周小天", "contact": "13700000001"},
            "to_unit": OFFICE,
        },
    )
    await act(head, f"/v1/care-cases/{handed['id']}:receive", {"care_workers": [worker]})

    def command(*arguments: str) -> tuple[int, str]:
        done = visit.city.liandong("accounts", *arguments)
        return done.returncode, done.stdout + done.stderr

    try:
        leave = ("leave", worker, "--to", f"head.{OFFICE}", "--json")
        code, said = await asyncio.to_thread(command, *leave)
        told = json.loads(said)
        [left] = [each for each in told["left"] if each["id"] == handed["id"]]
        assert (code, left["code"], left["reason"]) == (1, handed["code"], "UNKNOWN_PERSON")
        rows = json.loads((await asyncio.to_thread(command, "list", "--json"))[1])
        assert [row["disabled"] for row in rows if row["user"] == worker] == [True]
    finally:
        assert (await asyncio.to_thread(command, "enable", worker))[0] == 0
