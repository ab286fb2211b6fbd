"""The rule of rights at the public door: every role, every route that shows or moves one matter."""

from typing import Any
from uuid import uuid4

import pytest

from backbone.words.actor import Actor
from backbone.words.rights import RIGHTS
from backbone.words.sight import Facts, sees
from operate.replay.client import Client, Refused
from services.gateway.routes import AREAS
from services.gateway.routes.route import Area, Route
from tests.people import TOWNSHIP, Listener, Visit, act, open_incident

OFFICE, STATION = "990101-petition_office", f"{TOWNSHIP}-police"
PETITION = {
    "channel": "LETTER",
    "subject": "道路积水",
    "text": "门前道路常年积水,请处理。",
    "petitioners": [{"name": "赵某", "contact": "13900000002"}],
    "place": {"text": "青山镇", "area": TOWNSHIP},
}
SHOWN = [
    (area, route)
    for area in AREAS
    for route in area.routes
    if "{" in route.path and area.service in ("workflow", "alarm", "petition") and not route.public
    if not route.path.startswith(("/v1/supervisions", "/v1/tickets"))
]


async def status_of(call: Any) -> int:
    try:
        await call
    except Refused as refused:
        return refused.status
    return 200


async def readers(visit: Visit) -> dict[Actor, Client]:
    """One person of each role that has an account, beside those of the units that work on them."""
    found: dict[str, str] = {}
    for row in visit.city.run["accounts"]:
        found.setdefault(row["role"], row["user"])
    chosen = {*found.values(), f"clerk.{STATION}", f"clerk.{OFFICE}"}
    people = {}
    for row in visit.city.run["accounts"]:
        if row["user"] in chosen:
            area = row["unit"].partition("-")[0]
            actor = Actor(row["user"], row["unit"], row["role"], area)
            people[actor] = await visit.person(row["user"])
    return people


async def a_petition(visit: Visit, **parts: Any) -> str:
    office = await visit.person(f"clerk.{OFFICE}")
    petition = await act(office, "/v1/petitions", PETITION | parts)
    path = f"/v1/petitions/{petition['id']}"
    accepted = {"kind": "CLAIM", "lawful_channel": "PETITION"}
    await act(office, f"{path}:accept", accepted)
    await act(office, f"{path}:route", {"to_unit": STATION})
    return str(petition["id"])


def expected(area: Area, route: Route, actor: Actor, facts: Facts, is_there: bool) -> set[int]:
    if actor.role not in route.roles:
        return {403}
    if not is_there or not sees(actor, facts):
        return {404}
    return {200}


@pytest.mark.parametrize("source", ["ALARM", "PETITION"])
async def test_each_route_shows_a_matter_to_those_whom_the_rule_names(
    visit: Visit, source: str
) -> None:
    if source == "ALARM":
        opened = await open_incident(visit.system("990100-command", "call_taker"))
        about, units = opened["id"], ("990100-command", opened["unit"])
    else:
        about, units = await a_petition(visit), (OFFICE, STATION)
    own = {"ALARM": "alarm", "PETITION": "petition"}[source]
    facts, wrong = Facts(source, units, TOWNSHIP), []
    people = await readers(visit)
    assert {actor.role for actor in people} >= {"call_taker", "dispatcher", "auditor", "operator"}
    for area, route in SHOWN:
        if route.method != "GET" or route.path.endswith("/reports"):
            continue
        path = route.path.format(
            **dict.fromkeys(("incident_id", "receipt_id", "petition_id"), about)
        )
        is_there = area.service in ("workflow", own)
        for actor, client in people.items():
            status = await status_of(client.get(path))
            if status not in expected(area, route, actor, facts, is_there):
                wrong.append((route.path, actor.user, status))
    assert wrong == []


async def test_nobody_whom_the_rule_does_not_name_moves_a_petition(visit: Visit) -> None:
    about, wrong = await a_petition(visit), []
    facts = Facts("PETITION", (OFFICE, STATION), TOWNSHIP)
    people = await readers(visit)
    for area, route in SHOWN:
        right = RIGHTS[area.contract.name][route.rpc]
        is_of_a_link = "{link_id}" in route.path  # a refused follow-up, not the petition
        if route.method == "GET" or area.service == "alarm" or is_of_a_link:
            continue
        path = route.path.format(incident_id=about, petition_id=about)
        for actor, client in people.items():
            if actor.role in right.roles and sees(actor, facts):
                continue
            status = await status_of(client.post(path, uuid4().hex, {}, None))
            allowed = {404, 422} if actor.role in right.roles else {403}
            if status not in allowed:
                wrong.append((route.path, actor.user, status))
    assert wrong == []


async def test_each_reading_of_the_auditor_is_recorded(visit: Visit) -> None:
    about = await a_petition(visit)
    auditor = await visit.person("auditor.990100-government")
    await auditor.get(f"/v1/petitions/{about}")
    await auditor.get(f"/v1/incidents/{about}/timeline")
    shown = [each async for each in auditor.items("/v1/reveals", subject=about)]
    assert [(each["what"], each["user"], each["purpose"]) for each in shown] == [
        ("GetTimeline", "auditor.990100-government", "审计查阅"),
        ("GetPetition", "auditor.990100-government", "审计查阅"),
    ]


async def test_the_110_desk_hears_no_change_of_a_petition(visit: Visit) -> None:
    dispatcher = await visit.person("dispatcher.990100-command")
    leader = await visit.person(f"leader.{TOWNSHIP}-township")
    hearing, watching = Listener(dispatcher, "/v1/changes"), Listener(leader, "/v1/changes")
    await hearing.until("message")
    await watching.until("message")
    about = await a_petition(visit)
    await watching.until("change", id=about, kind="IncidentOffered")
    marker = await open_incident(visit.system("990100-command", "call_taker"))
    await hearing.until("change", id=marker["id"], kind="IncidentOffered")
    assert about not in {change["id"] for change in hearing.named("change")}
    await hearing.close()
    await watching.close()
