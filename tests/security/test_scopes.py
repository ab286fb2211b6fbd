"""Another county's matters, at every route of the table: a stranger neither sees nor moves one."""

import asyncio
import os
from collections import Counter
from functools import partial
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx

from services.gateway.contract.plan import Plan, plan_of
from services.gateway.routes import AREAS
from tests.people import TOWNSHIP, Visit, act, open_incident, take_call
from tests.security.counts import COUNTS

TEAM = "990101001-emergency-team"
TEAM_OF_THE_SECOND = "990102001-emergency-team"
FLOOD = {"category": "hazard.flood", "priority": "P1", "narrative": "水已经进了便民超市"}
PETITION = {
    "channel": "LETTER",
    "subject": "路灯不亮",
    "text": "村口的路灯半年不亮",
    "petitioners": [{"name": "赵某", "contact": "13900000000", "id_number": "99010119900101123X"}],
    "category": "urban.lamp",
}
DISPUTE = {
    "kind": "NEIGHBOURS",
    "subject": "楼上漏水",
    "text": "楼上漏水到我家",
    "parties": [{"side": "APPLICANT", "name": "钱某"}, {"side": "RESPONDENT", "name": "孙某"}],
}
CARE = {
    "programme": "MINOR_PROTECTION",
    "legal_basis": "未成年人保护法",
    "person": {"name": "李小明", "contact": "13700000000"},
    "to_unit": f"{TOWNSHIP}-township",
}
# Who would work on such matters in a county that has nothing to do with these, by role: the keys of
# units' systems, and people.
STRANGERS = {
    "incident_id": ("990102001-police", "990102-police"),
    "receipt_id": ("990102001-police", "990102-police"),
    "mission_id": ("990102001-emergency", "990102-emergency"),
    "petition_id": ("990102-petition_office", "990102-justice"),
    "dispute_id": ("990102-mediation", "990102-mediation"),
    "care_case_id": ("990102001-township", "990102001-township"),
    "supervision_id": ("990102001-police", "990102-police"),
}
FIRST, SECOND = "990101", "990102"
# Of the usual roles, which every unit has, those of these kinds of unit.
USUAL = ("head", "clerk", "team_leader")
KINDS = ("police", "petition_office", "mediation", "township", "justice", "emergency")
# `make attack` asks in every role, also in those that the route does not admit.
DEEP = bool(os.environ.get("ATTACK_EXAMPLES"))
PLANS = [
    plan
    for area in AREAS
    for route in area.routes
    if (plan := plan_of(area, route)).path_fields and plan.path_fields[0] in STRANGERS
]


async def matters_of_the_second(visit: Visit) -> dict[str, str]:
    """The same in the second county, which has no supervisor."""
    desk = visit.system("990100-command", "call_taker")
    office = visit.system("990102-petition_office", "clerk")
    mediation = visit.system("990102001-mediation", "clerk")
    justice = visit.system("990102001-justice", "clerk")
    point = {"longitude": 108.6076, "latitude": 34.0067}
    there = {"place": {"text": "红湾街道苇溪村", "point": point}}
    flood = await take_call(desk, **FLOOD, **there)
    order = await act(desk, f"/v1/receipts/{flood['id']}:dispatch", {"team": TEAM_OF_THE_SECOND})
    incident = await open_incident(desk, **there)
    assert "990102" in incident["unit"], incident
    care = CARE | {"to_unit": "990102001-township"}
    return {
        "incident_id": incident["id"],
        "receipt_id": incident["id"],
        "mission_id": order["mission"]["id"],
        "petition_id": (await act(office, "/v1/petitions", PETITION | there))["id"],
        "dispute_id": (await act(mediation, "/v1/disputes", DISPUTE | there))["id"],
        "care_case_id": (await act(justice, "/v1/care-cases", care))["id"],
    }


async def the_matters(visit: Visit) -> dict[str, str]:
    """One matter of each kind in the first county, by the name of its place in a path."""
    desk = visit.system("990100-command", "call_taker")
    office = visit.system("990101-petition_office", "clerk")
    mediation = visit.system(f"{TOWNSHIP}-mediation", "clerk")
    justice = visit.system(f"{TOWNSHIP}-justice", "clerk")
    supervisor = await visit.person("supervisor.990101-government")
    flood = await take_call(desk, **FLOOD)
    order = await act(desk, f"/v1/receipts/{flood['id']}:dispatch", {"team": TEAM})
    incident = (await open_incident(desk))["id"]
    asked = {"incident_ids": [incident], "level": "GENERAL", "reason": "请说明办理情况"}
    return {
        "incident_id": incident,
        "receipt_id": incident,
        "mission_id": order["mission"]["id"],
        "petition_id": (await act(office, "/v1/petitions", PETITION))["id"],
        "dispute_id": (await act(mediation, "/v1/disputes", DISPUTE))["id"],
        "care_case_id": (await act(justice, "/v1/care-cases", CARE))["id"],
        "supervision_id": (await act(supervisor, "/v1/supervisions", asked))["id"],
    }


def stranger(visit: Visit, plan: Plan) -> dict[str, str]:
    """The headers of a stranger with a role of the route; none if no stranger has one."""
    unit, _ = STRANGERS[plan.path_fields[0]]
    for row in visit.city.run["api_keys"]:
        if row["unit"] == unit and row["role"] in plan.route.roles:
            return {"Authorization": f"Bearer {row['key']}"}
    return {}


async def strangers(visit: Visit, county: str) -> list[tuple[str, dict[str, str]]]:
    """The role and the headers of one person of the county for each kind of unit and role."""
    first: dict[tuple[str, str], dict[str, str]] = {}
    for row in visit.city.run["accounts"]:
        if row["unit"].startswith(county):
            first.setdefault((row["role"], row["unit"].rpartition("-")[2]), row)
    chosen = [row for (role, kind), row in first.items() if kind in KINDS or role not in USUAL]
    chosen = chosen if DEEP else [*{row["role"]: row for row in chosen}.values()]
    return [(row["role"], await signed_in(visit, row)) for row in chosen]


async def signed_in(visit: Visit, row: dict[str, str]) -> dict[str, str]:
    said = {"user": row["user"], "password": row["password"]}
    token = (await visit.http.post("/v1/sessions", json=said)).json()["token"]
    return {"Authorization": f"Bearer {token}"}


def example_of(document: Any, plan: Plan) -> dict[str, Any]:
    operation = document["paths"][plan.route.path][plan.route.method.lower()]
    content = operation.get("requestBody", {}).get("content", {})
    return {"json": content["application/json"]["example"]} if content else {}


def reason_of(answer: httpx.Response) -> str:
    return str(answer.json().get("reason", ""))


def is_kept_out(answer: httpx.Response, has_role: bool) -> bool:
    """Nothing is there for a stranger; without a role of the route that is said first."""
    is_nothing = answer.status_code == 404 or is_an_empty_page(answer)
    return is_nothing or (answer.status_code == 403 and not has_role)


def is_an_empty_page(answer: httpx.Response) -> bool:
    """The list of what a stranger sees of it: nothing, as for an id that does not exist."""
    return answer.status_code == 200 and answer.json() == {"items": [], "next_page_token": ""}


async def test_nobody_of_another_county_sees_or_moves_a_matter(
    visit: Visit,
) -> None:
    probes, roles, flaws = Counter[str](), set[str](), list[str]()
    document = (await visit.http.get("/openapi.json")).json()
    of_the_first, of_the_second = await the_matters(visit), await matters_of_the_second(visit)
    sides = (
        (of_the_first, await strangers(visit, SECOND), partial(stranger, visit)),
        (of_the_second, await strangers(visit, FIRST), lambda _: {}),
    )
    for matters, people, system in sides:
        for plan in (each for each in PLANS if each.path_fields[0] in matters):
            asking = [("key", known)] if (known := system(plan)) else []
            asking += [(role, known) for role, known in people if role in plan.route.roles or DEEP]
            for role, headers in asking:
                answer = await probe(visit, plan, matters, headers, document)
                probes[plan.label] += 1
                roles.add(role)
                if is_kept_out(answer, role in (*plan.route.roles, "key")):
                    continue
                # Said before the record is looked for: then it is said of one that is not there.
                nothing = dict.fromkeys(matters, str(uuid4()))
                other = await probe(visit, plan, nothing, headers, document)
                if (other.status_code, reason_of(other)) != (answer.status_code, reason_of(answer)):
                    flaws.append(
                        f"{plan.label} as {role}: {answer.status_code} {answer.text[:200]}"
                    )
    unprobed = sorted({plan.label for plan in PLANS} - probes.keys())
    COUNTS.append(
        f"{probes.total()} probes of {len(probes)} routes of {len(PLANS)} with another county's "
        f"matter, in {len(roles)} roles, {len(flaws)} flaws; no stranger has the role of {unprobed}"
    )
    assert not flaws, "\n".join(flaws)
    assert len(probes) > len(PLANS) * 0.9, unprobed


async def probe(
    visit: Visit, plan: Plan, matters: dict[str, str], known: dict[str, str], document: Any
) -> httpx.Response:
    headers = known | ({"Liandong-Purpose": quote("好奇")} if plan.route.reveals else {})
    place = plan.path_fields[0]
    others = dict.fromkeys(plan.path_fields[1:], "1")
    path = plan.route.path.format(**{place: matters[place]}, **others)
    sent = example_of(document, plan)
    answer = await visit.http.request(plan.route.method, path, headers=headers, **sent)
    while answer.status_code == 429:  # so many questions in a row have their limit
        await asyncio.sleep(float(answer.headers["Retry-After"]))
        answer = await visit.http.request(plan.route.method, path, headers=headers, **sent)
    return answer
