"""The gRPC face of a running directory: what forms ask for, and what an operator may do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import grpc
import pytest

from backbone.process.pulse import Pulse
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import refusal_of
from backbone.rpc.signed import SigningChannel
from backbone.words.actor import Actor
from liandong.directory.v1 import directory_service_pb2 as pb
from liandong.directory.v1 import directory_service_pb2_grpc as rpc
from liandong.place.v1.place_pb2 import Point
from operate.home.ports import free_port
from services.directory import wiring
from tests.integration.directory.conftest import DEMO, demo, settings_for

OPERATOR = metadata_for("inside", Actor("op", role="operator"))
CLERK = metadata_for("inside", Actor("clerk", role="clerk"))


@pytest.fixture
async def stub(database: str) -> AsyncIterator[Any]:
    """A directory without Kafka: it serves all the same."""
    settings = replace(settings_for(database, "127.0.0.1:1"), port=free_port())
    pulse = Pulse()
    task = asyncio.create_task(wiring.run(settings, pulse))
    address = f"127.0.0.1:{settings.port}"
    opened = grpc.aio.insecure_channel(address)
    async with SigningChannel(opened, settings.signatures, "directory") as face:
        stub = rpc.DirectoryServiceStub(face)
        with suppress(grpc.aio.AioRpcError):
            await stub.GetCity(pb.GetCityRequest(), metadata=CLERK, wait_for_ready=True, timeout=20)
        while pulse.unready():  # as a runner does
            await asyncio.sleep(0.05)
        yield stub
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def refused(call: Any) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    refusal = refusal_of(error.value)
    assert refusal is not None
    return refusal.reason


async def test_it_says_so_while_no_city_is_loaded(stub: Any) -> None:
    asked = stub.GetCity(pb.GetCityRequest(), metadata=CLERK)
    assert await refused(asked) == "DIRECTORY_NOT_LOADED"


async def test_forms_get_what_they_need(stub: Any) -> None:
    loaded = await stub.LoadCity(pb.LoadCityRequest(archive=demo()), metadata=OPERATOR)
    city = await stub.GetCity(pb.GetCityRequest(), metadata=CLERK)
    assert (city.city.name, city.city.version) == ("云川市", loaded.version)

    point = Point(longitude=108.912, latitude=34.231)
    found = await stub.LocateGrid(pb.LocateGridRequest(point=point), metadata=CLERK)
    assert list(found.grid.area_path) == ["990100", "990101", "990101001", found.grid.code[:12]]
    assert not found.grid.rings
    listed = await stub.ListGrids(pb.ListGridsRequest(point=point), metadata=CLERK)
    assert [grid.code for grid in listed.grids] == [found.grid.code]
    far = pb.LocateGridRequest(point=Point(longitude=0, latitude=0))
    assert await refused(stub.LocateGrid(far, metadata=CLERK)) == "POINT_OUTSIDE_CITY"

    request = pb.ListUnitsRequest(kind="police", area="990101", page_size=3, count=True)
    first = await stub.ListUnits(request, metadata=CLERK)
    request.page_token = first.next_page_token
    rest = await stub.ListUnits(request, metadata=CLERK)
    codes = [unit.code for unit in (*first.units, *rest.units)]
    assert codes == sorted(set(codes))
    assert len(first.units) == 3
    assert first.total_size == 1 + 6

    teams = await stub.ListTeams(pb.ListTeamsRequest(skill="flood"), metadata=CLERK)
    assert all("flood" in team.skills for team in teams.teams)
    assert len(teams.teams) == 25
    categories = pb.ListCategoriesRequest(category="traffic")
    found = await stub.ListCategories(categories, metadata=CLERK)
    assert {category.code.partition(".")[0] for category in found.categories} == {"traffic"}
    unit = await stub.GetUnit(pb.GetUnitRequest(code="990100-command"), metadata=CLERK)
    assert unit.unit.name == "云川市公安局110指挥中心"
    nobody = stub.GetUnit(pb.GetUnitRequest(code="990100-nobody"), metadata=CLERK)
    assert await refused(nobody) == "NO_SUCH_UNIT"


async def test_only_an_operator_checks_and_loads(stub: Any) -> None:
    load, check = pb.LoadCityRequest(archive=demo()), pb.CheckCityRequest(archive=demo())
    assert await refused(stub.LoadCity(load, metadata=CLERK)) == "ROLE_MAY_NOT"
    assert await refused(stub.CheckCity(check, metadata=CLERK)) == "ROLE_MAY_NOT"
    assert await refused(stub.LoadCity(load)) == "NOT_FROM_INSIDE"


async def test_a_broken_pack_is_explained_and_changes_nothing(stub: Any) -> None:
    broken = demo({"clocks.yaml": ("bounce_cap: 3", "bounce_cap: x")})
    checked = await stub.CheckCity(pb.CheckCityRequest(archive=broken), metadata=OPERATOR)
    [finding] = checked.findings
    lines = (DEMO / "clocks.yaml").read_text("utf-8").splitlines()
    line = lines.index("bounce_cap: 3") + 1
    assert (finding.file, finding.line, finding.reason) == ("clocks.yaml", line, "WRONG_TYPE")
    assert finding.severity == pb.Finding.SEVERITY_ERROR
    for archive in (broken, b"nothing"):
        load = stub.LoadCity(pb.LoadCityRequest(archive=archive), metadata=OPERATOR)
        assert await refused(load) == "PACK_REFUSED"
    asked = stub.GetCity(pb.GetCityRequest(), metadata=CLERK)
    assert await refused(asked) == "DIRECTORY_NOT_LOADED"
