"""Another county's matters, at every route of the table: a stranger neither sees nor moves one."""

from collections import Counter
from typing import Any
from urllib.parse import quote

import httpx

from services.gateway.contract.plan import Plan, plan_of
from services.gateway.routes import AREAS
from tests.people import TOWNSHIP, Visit, act, open_incident, take_call
from tests.security.counts import COUNTS

TEAM = "990101001-emergency-team"
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
PLANS = [
    plan
    for area in AREAS
    for route in area.routes
    if (plan := plan_of(area, route)).path_fields and plan.path_fields[0] in STRANGERS
]


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
    """The headers of a stranger with a role of the route; none if nobody elsewhere has one."""
    unit, _ = STRANGERS[plan.path_fields[0]]
    for row in visit.city.run["api_keys"]:
        if row["unit"] == unit and row["role"] in plan.route.roles:
            return {"Authorization": f"Bearer {row['key']}"}
    return {}


async def head(visit: Visit, plan: Plan) -> dict[str, str]:
    _, unit = STRANGERS[plan.path_fields[0]]
    user = f"head.{unit}"
    if "head" not in plan.route.roles:
        return {}
    account = next((row for row in visit.city.run["accounts"] if row["user"] == user), None)
    if account is None:
        return {}
    said = {"user": user, "password": account["password"]}
    token = (await visit.http.post("/v1/sessions", json=said)).json()["token"]
    return {"Authorization": f"Bearer {token}"}


def example_of(document: Any, plan: Plan) -> dict[str, Any]:
    operation = document["paths"][plan.route.path][plan.route.method.lower()]
    content = operation.get("requestBody", {}).get("content", {})
    return {"json": content["application/json"]["example"]} if content else {}


def is_an_empty_page(answer: httpx.Response) -> bool:
    """The list of what a stranger sees of it: nothing, as for an id that does not exist."""
    return answer.status_code == 200 and answer.json() == {"items": [], "next_page_token": ""}


async def test_nobody_of_another_county_sees_or_moves_a_matter(
    visit: Visit,
) -> None:
    matters, counts, flaws = await the_matters(visit), Counter[str](), []
    document = (await visit.http.get("/openapi.json")).json()
    for plan in PLANS:
        headers = stranger(visit, plan) or await head(visit, plan)
        if not headers:
            counts["no stranger has a role of the route"] += 1
            continue
        if plan.route.reveals:
            headers["Liandong-Purpose"] = quote("好奇")
        place = plan.path_fields[0]
        others = dict.fromkeys(plan.path_fields[1:], "1")
        path = plan.route.path.format(**{place: matters[place]}, **others)
        sent = example_of(document, plan)
        answer: httpx.Response = await visit.http.request(
            plan.route.method, path, headers=headers, **sent
        )
        counts["probed"] += 1
        if answer.status_code != 404 and not is_an_empty_page(answer):
            flaws.append(f"{plan.label}: {answer.status_code} {answer.text[:200]}")
    COUNTS.append(f"{dict(counts)} routes with another county's matter, {len(flaws)} flaws")
    assert not flaws, "\n".join(flaws)
    assert counts["probed"] > 40
