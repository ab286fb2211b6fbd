"""Personal data is shown for a purpose, on record, and the record is shown to auditors."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from backbone.process.pulse import Pulse
from backbone.words.roles import HANDLERS
from liandong.incident.v1 import incident_service_pb2 as pb
from services.gateway.routes.route import Area, post
from services.gateway.wiring import open_gateway
from tests.functional.gateway.conftest import Face
from tests.functional.gateway.incidents import Incidents
from tests.gateway import settings_for

REVEAL = "/v1/incidents/i-1:reveal"
PURPOSE = {"Liandong-Purpose": "%E5%9B%9E%E8%AE%BF"}
AREA = Area(
    "Reveals",
    "workflow",
    pb.DESCRIPTOR.services_by_name["IncidentService"],
    (
        post(
            "/v1/incidents/{incident_id}:reveal",
            "GetIncident",
            HANDLERS,
            is_write=False,
            reveals="incident_id",
        ),
    ),
)


@pytest.fixture
async def face(gateway_database: str, incidents: tuple[Incidents, str]) -> AsyncIterator[Face]:
    """With one route that discloses."""
    servicer, address = incidents
    settings = settings_for(gateway_database, {"LIANDONG_WORKFLOW_ADDRESS": address})
    async with open_gateway(settings, Pulse(), [AREA]) as gateway:
        transport: Any = httpx.ASGITransport(app=gateway.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
            yield Face(http, servicer, gateway)


async def test_without_a_purpose_nothing_is_shown(face: Face) -> None:
    answer = await face.http.post(REVEAL, headers=await face.sign_in("li"))
    assert (answer.status_code, answer.json()["reason"]) == (422, "PURPOSE_MISSING")
    assert face.incidents.asked == []


async def test_what_is_shown_is_on_record(face: Face) -> None:
    li, auditor = await face.sign_in("li"), await face.sign_in("auditor")
    assert (await face.http.post(REVEAL, headers=li | PURPOSE)).status_code == 200
    [(_, _, caller)] = face.incidents.asked
    assert caller.purpose == "回访"
    page = (await face.http.get("/v1/reveals?subject=i-1", headers=auditor)).json()
    [line] = page["items"]
    assert (line["user"], line["what"], line["purpose"]) == ("li", "GetIncident", "回访")
    assert page["next_page_token"] == ""
    assert (await face.http.get("/v1/reveals", headers=li)).status_code == 403


async def test_what_is_not_on_record_is_not_shown(face: Face) -> None:
    li = await face.sign_in("li") | {"Liandong-Purpose": "x"}
    face.gateway.pool.terminate()
    answer = await face.http.post(REVEAL, headers=li)
    assert answer.status_code == 503 and "i-1" not in answer.text


@pytest.mark.parametrize("change", ["UPDATE reveals SET what = ''", "DELETE FROM reveals"])
async def test_nobody_takes_a_line_back(face: Face, change: str) -> None:
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await face.gateway.pool.execute(change)


async def test_the_record_has_pages(face: Face) -> None:
    li, auditor = await face.sign_in("li"), await face.sign_in("auditor")
    one = "/v1/incidents/i-2:reveal"
    for purpose in ("a", "b", "c"):
        await face.http.post(one, headers=li | {"Liandong-Purpose": purpose})
    page = "/v1/reveals?subject=i-2&page_size=2"
    first = (await face.http.get(page, headers=auditor)).json()
    more = f"{page}&page_token={first['next_page_token']}"
    second = (await face.http.get(more, headers=auditor)).json()
    assert [line["purpose"] for line in first["items"] + second["items"]] == ["c", "b", "a"]
    assert "total_size" not in first
    counted = (await face.http.get(f"{page}&count=true", headers=auditor)).json()
    assert (len(counted["items"]), counted["total_size"]) == (2, 3)
    other = f"subject=i-3&page_token={first['next_page_token']}"
    for query in ("page_token=x", "page_token=-1", "page_token=999999999999999999999", other):
        answer = await face.http.get(f"/v1/reveals?{query}", headers=auditor)
        assert (answer.status_code, answer.json()["reason"]) == (422, "BAD_PAGE_TOKEN")
    assert (await face.http.get("/v1/reveals?who=me", headers=auditor)).status_code == 400
