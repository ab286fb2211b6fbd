"""Planted names, numbers, PINs and passwords are in no log, no metric and no address of a page."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest

from backbone.process.settings import PORTS
from services.gateway.routes import AREAS
from services.gateway.routes.route import Route
from tests.people import TOWNSHIP, Visit, act, take_call
from tests.security.counts import COUNTS
from tests.security.test_scopes import DISPUTE, PETITION

NAME, NUMBER, CARD = "尉迟金丝雀", "13790900417", "990101198812120017"
PASSWORD = "the-password-of-a-canary"
PATIENCE = 3.0
# Such a field belongs into a body.
SECRET = re.compile(r"pin|password|token|id_number|contact|number|name", re.I)


async def plant(visit: Visit) -> list[str]:
    """Let every service and the door meet the canaries, in requests that succeed and that fail."""
    desk = visit.system("990100-command", "call_taker")
    office = visit.system("990101-petition_office", "clerk")
    mediation = visit.system(f"{TOWNSHIP}-mediation", "clerk")
    who = {"name": NAME, "contact": NUMBER, "id_number": CARD}
    await take_call(desk, caller={"number": NUMBER, "name": NAME, "protected": True})
    petition = await act(office, "/v1/petitions", PETITION | {"petitioners": [who]})
    parties = [{"side": "APPLICANT", "name": NAME, "contact": NUMBER}, DISPUTE["parties"][1]]
    await act(mediation, "/v1/disputes", DISPUTE | {"parties": parties})
    new = await act(office, f"/v1/petitions/{petition['id']}:reissuePin", {"id_number": CARD})
    citizen = visit.citizen()
    for pin in (petition["pin"], new["pin"]):
        await citizen.post("/v1/track", json={"code": petition["code"], "pin": pin})
    await citizen.post("/v1/sessions", json={"user": NAME, "password": PASSWORD})
    await citizen.post("/v1/sessions", json={"user": NAME, "password": PASSWORD, "x": NUMBER})
    return [NAME, NUMBER, CARD, PASSWORD, petition["pin"], new["pin"]]


async def metrics_of(visit: Visit) -> str:
    base = int(visit.city.env["LIANDONG_PORT"])
    pages = {f"http://127.0.0.1:{base + port}/metrics" for _, port in PORTS.values()}
    async with httpx.AsyncClient() as http:
        told = await asyncio.gather(*map(http.get, pages), return_exceptions=True)
    # Three services share one process, and with it one page.
    return "\n".join(each.text for each in told if isinstance(each, httpx.Response))


async def test_what_is_personal_or_secret_is_in_no_log_and_no_metric(
    visit: Visit,
) -> None:
    canaries = await plant(visit)
    await asyncio.sleep(PATIENCE)
    logs = [file for file in Path(visit.city.home, "logs").rglob("*") if file.is_file()]
    assert logs
    told = {str(file): file.read_text("utf-8", "replace") for file in logs}
    told["metrics"] = await metrics_of(visit)
    assert "liandong_http_seconds" in told["metrics"]
    forms = {form for each in canaries for form in (each, each.encode("unicode_escape").decode())}
    found = {(place, form) for place, text in told.items() for form in forms if form in text}
    COUNTS.append(f"{len(canaries)} canaries in {len(told)} places, {len(found)} found")
    assert not found


ROUTES = [route for area in AREAS for route in area.routes]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_no_address_of_a_page_carries_a_secret(route: Route) -> None:
    assert not [name for name in re.findall(r"{(\w+)}", route.path) if SECRET.search(name)]
    assert not (route.public and route.method == "GET"), "what a citizen sends stands in the body"
