"""Planted names, numbers, PINs and passwords stand in no table, topic, log, metric or address."""

import asyncio
import csv
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from services.gateway.routes import AREAS
from services.gateway.routes.route import Route
from tests.people import TOWNSHIP, Visit, act, take_call
from tests.security import stores
from tests.security.canaries import (
    ACCUSED,
    CALLER,
    CHILD,
    PARTY,
    PEOPLE,
    PETITIONER,
    SECOND,
    Person,
    Search,
)
from tests.security.counts import COUNTS
from tests.security.test_scopes import CARE, DISPUTE, PETITION, TEAM
from tests.security.walking import PLANS, WRITES, Matter, Walk
from tests.servers import Installed
from tests.unit.replay.test_sheets import workbook

PASSWORD = "the-password-of-a-canary"
PATIENCE = 3.0
# Such a field belongs into a body.
SECRET = re.compile(r"pin|password|token|id_number|contact|number|name", re.I)
KEYS = {
    "desk": ("990100-command", "call_taker"),
    "dispatcher": ("990100-command", "dispatcher"),
    "police": (f"{TOWNSHIP}-police", "clerk"),
    "petitions": ("990101-petition_office", "clerk"),
    "mediation": (f"{TOWNSHIP}-mediation", "clerk"),
    "justice": (f"{TOWNSHIP}-justice", "clerk"),
    "township": (f"{TOWNSHIP}-township", "clerk"),
    "emergency": (f"{TOWNSHIP}-emergency", "clerk"),
}
PERSONS = (
    f"head.{TOWNSHIP}-police",
    f"head.{TOWNSHIP}-township",
    f"care_worker.{TOWNSHIP}-township",
    f"leader.{TOWNSHIP}-township",
    f"team_leader.{TOWNSHIP}-emergency",
    "supervisor.990101-government",
    "head.990101-petition_office",
    "auditor.990100-government",
)
# Codes that the verbs ask for, beside the examples of the document.
FIELDS: Mapping[str, Any] = {
    "to_unit": f"{TOWNSHIP}-police",
    "unit": f"{TOWNSHIP}-police",
    "team": TEAM,
    "care_workers": [f"care_worker.{TOWNSHIP}-township"],
    "category": "urban.lamp",
}
ROUNDS = 40


async def actors(visit: Visit) -> dict[str, str]:
    """The token of each who takes part."""
    known = {
        name: next(
            row["key"]
            for row in visit.city.run["api_keys"]
            if (row["unit"], row["role"]) == held and not row["team"]
        )
        for name, held in KEYS.items()
    }
    for user in PERSONS:
        row = next(each for each in visit.city.run["accounts"] if each["user"] == user)
        said = {"user": user, "password": row["password"]}
        known[user] = (await visit.http.post("/v1/sessions", json=said)).json()["token"]
    return known


def facts_of(person: Person) -> dict[str, Any]:
    return {"name": person.name, "contact": person.number}


def a_call(person: Person) -> dict[str, Any]:
    caller = {"number": person.number, "name": person.name, "installed_address": person.address}
    return {"caller": caller, "narrative": person.said, "priority": "P3"}


async def the_matters(visit: Visit) -> tuple[list[Matter], list[str]]:
    """Records of every service about the planted persons; and the secrets of the petitions."""
    desk = visit.system("990100-command", "call_taker")
    office = visit.system("990101-petition_office", "clerk")
    mediation = visit.system(f"{TOWNSHIP}-mediation", "clerk")
    justice = visit.system(f"{TOWNSHIP}-justice", "clerk")
    found, secrets = [], []
    for _ in range(4):
        receipt = await take_call(desk, **a_call(CALLER))
        found.append(Matter(f"/v1/receipts/{receipt['id']}", CALLER, FIELDS))
    who = facts_of(PETITIONER) | {"id_number": PETITIONER.id_number}
    for against in ("", ACCUSED, ""):
        letter = {"subject": PETITIONER.said[:60], "text": f"{PETITIONER.said}，举报{against}"}
        said = PETITION | letter | {"petitioners": [who], "against": against}
        petition = await act(office, "/v1/petitions", said)
        secrets.append(petition["pin"])
        found.append(Matter(f"/v1/petitions/{petition['id']}", PETITIONER, FIELDS))
        citizen = {"code": petition["code"], "pin": petition["pin"]}
        await visit.http.post("/v1/track", json=citizen)
    parties = [{"side": "APPLICANT", **facts_of(PARTY)}, DISPUTE["parties"][1]]
    quarrel = DISPUTE | {"parties": parties, "subject": PARTY.said[:60], "text": PARTY.said}
    for _ in range(2):
        dispute = await act(mediation, "/v1/disputes", quarrel)
        found.append(Matter(f"/v1/disputes/{dispute['id']}", PARTY, FIELDS | {"parties": parties}))
    person = facts_of(CHILD) | {"id_number": CHILD.id_number}
    care = CARE | {"person": person, "legal_basis": CHILD.said}
    for _ in range(2):
        case = await act(justice, "/v1/care-cases", care)
        found.append(Matter(f"/v1/care-cases/{case['id']}", CHILD, FIELDS))
    return found, secrets


async def the_incidents(visit: Visit) -> list[Matter]:
    """Incidents with two callers, a mission, and a supervision each."""
    desk = visit.system("990100-command", "call_taker")
    supervisor = await visit.person("supervisor.990101-government")
    found = []
    for _ in range(3):
        receipt = await take_call(desk, **a_call(CALLER))
        incident = receipt["id"]
        await act(desk, f"/v1/receipts/{incident}:open")
        second = await take_call(desk, **a_call(SECOND))
        await act(desk, f"/v1/receipts/{second['id']}:link", {"incident": incident})
        found.append(Matter(f"/v1/incidents/{incident}", SECOND, FIELDS))
        asked = {"incident_ids": [incident], "level": "GENERAL", "reason": CALLER.said}
        supervision = await act(supervisor, "/v1/supervisions", asked)
        found.append(Matter(f"/v1/supervisions/{supervision['id']}", SECOND, FIELDS))
        sent = await take_call(desk, **a_call(CALLER) | {"category": "hazard.flood"})
        order = {"team": TEAM, "note": CALLER.said}
        ordered = await act(desk, f"/v1/receipts/{sent['id']}:dispatch", order)
        mission = ordered["mission"]["id"]
        found.append(Matter(f"/v1/missions/{mission}", CALLER, FIELDS))
    return found


async def send_refused(visit: Visit, walk: Walk) -> int:
    """Every route with bodies, parameters and headers that it refuses; nothing of them is kept."""
    sent = 0
    number, name = CALLER.number, CALLER.name
    odd = {
        "Idempotency-Key": f"{number} {'x' * 200}",
        "User-Agent": f"{CALLER.id_number}",
        "traceparent": number,
        "Last-Event-ID": CALLER.card,
        "If-Match": number,
    }
    for plan in PLANS:
        path = re.sub(r"{\w+}", quote(name), plan.route.path)
        named = walk.headers("desk") | {"Liandong-Person": quote(name)}
        await walk.http.request(plan.route.method, path, headers=named)
        headers = walk.headers("desk")
        if plan.route.method == "GET":
            given = dict.fromkeys((*plan.query, "q", name), number)
            await walk.http.get(path, params=given, headers=headers | odd)
            sent += 2
            continue
        body = walk.body(plan, CALLER)
        await walk.http.post(path, json=body | {number: name}, headers=headers)
        await walk.http.post(path, json=body, headers=headers | odd)
        await walk.http.post(path, content=f'{{"text": "{CALLER.said}', headers=headers)
        sent += 4
    for said in (
        {"user": name, "password": PASSWORD},
        {"user": number, "password": PASSWORD, "x": 1},
    ):
        await visit.http.post("/v1/sessions", json=said)
    return sent + 2


def import_petitions(city: Installed, folder: Path) -> int:
    """Letters of another city's system as CSV and as a workbook, and a file that is refused."""
    who, title = PETITIONER.name, PETITIONER.said[:60]
    header = ("id", "petitioner", "subject", "time", "text")
    rows = [(number, who, title, "2019-04-25 09:32:09", PETITIONER.said) for number in range(3)]
    # A row is known by its file's name, and other stories have a letters.csv in the same city.
    table, refused = folder / "canaries.csv", folder / "refused.csv"
    for path, more in ((table, []), (refused, [(3, who, title, PETITIONER.number, who)])):
        with path.open("w", encoding="gb18030", newline="") as file:
            csv.writer(file).writerows([header, *rows, *more])
    book = workbook(folder / "canaries.xlsx", [header, *rows])
    done = [
        city.liandong("--debug", "replay", str(path), "--report", str(folder / "report.json"))
        for path in (table, book, refused)
    ]
    told = "\n".join(each.stdout + each.stderr for each in done)
    assert [each.returncode for each in done] == [0, 0, 1], told
    return 2 * len(rows)


def require_spans(city: Installed) -> int:
    """The bytes of the spans, among which is the registering of a petition."""
    raw = (city.home.parent / "spans").read_bytes()
    assert b"RegisterPetition" in raw and b"liandong.petition" in raw
    return len(raw)


async def test_what_is_personal_or_secret_stands_nowhere_in_the_open(
    visit: Visit, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    document = (await visit.http.get("/openapi.json")).json()
    walk = Walk(visit.http, document, await actors(visit))
    matters, pins = await the_matters(visit)
    await walk.through(matters, ROUNDS)
    opened = [Matter(f"/v1/incidents/{each.path[-36:]}", each.person, FIELDS) for each in matters]
    await walk.through([*await the_incidents(visit), *opened, *matters], ROUNDS)
    refused = await send_refused(visit, walk)
    away = tmp_path_factory.mktemp("away")
    letters = await asyncio.to_thread(import_petitions, visit.city, away)
    await asyncio.sleep(PATIENCE)
    spans = require_spans(visit.city)
    search = Search(
        [*(each for person in PEOPLE for each in person.canaries), ACCUSED, PASSWORD, *pins]
    )
    places, holding = await stores.holding(visit.city, search.all_forms, tmp_path)
    found = [each for place, raw in holding.items() for each in search(place, raw)]
    missing = sorted({plan.label for plan in WRITES} - walk.done.keys())
    COUNTS.append(
        f"{len(search.canaries)} canaries in {len(search.all_forms)} forms, planted by "
        f"{walk.done.total()} accepted requests of {len(walk.done)} of {len(WRITES)} verbs and by "
        f"{refused} refused ones and by {letters} imported letters, looked for in {places} tables, "
        f"topics and pages, in {spans // 1024} KiB of spans and in all files: {len(found)} found"
    )
    assert not found, "\n".join(found)
    assert len(walk.done) > 40, (missing, walk.refused)


ROUTES = [route for area in AREAS for route in area.routes]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_no_address_of_a_page_carries_a_secret(route: Route) -> None:
    assert not [name for name in re.findall(r"{(\w+)}", route.path) if SECRET.search(name)]
    assert not (route.public and route.method == "GET"), "what a citizen sends stands in the body"
