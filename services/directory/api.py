"""The gRPC face: every read is answered from memory, a pack goes through the loader."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

from backbone.directory.entries import message_of
from backbone.rpc.caller import caller_of
from backbone.words.competence import prefixes
from backbone.words.errors import Denied, NotFound
from backbone.words.place import contains
from liandong.directory.v1 import directory_service_pb2 as pb
from liandong.directory.v1 import directory_service_pb2_grpc as rpc
from services.directory import codec
from services.directory.checks import examine
from services.directory.holding import Holding
from services.directory.listing import page
from services.directory.loading import Loader, counts_of


class DirectoryService(rpc.DirectoryServiceServicer):
    """Answers who and what there is in the city."""

    def __init__(self, holding: Holding, loader: Loader, key: bytes) -> None:
        self._holding = holding
        self._loader = loader
        self._key = key

    async def GetCity(self, request: pb.GetCityRequest, context: Any) -> pb.GetCityResponse:
        return pb.GetCityResponse(city=message_of(self._holding.city.head))

    async def LocateGrid(
        self, request: pb.LocateGridRequest, context: Any
    ) -> pb.LocateGridResponse:
        return pb.LocateGridResponse(grid=codec.to_grid(self._at(request)))

    async def GetUnit(self, request: pb.GetUnitRequest, context: Any) -> pb.GetUnitResponse:
        unit = self._holding.city.units.get(request.code)
        if unit is None:
            raise NotFound("NO_SUCH_UNIT", unit=request.code)
        return pb.GetUnitResponse(unit=message_of(unit))

    async def ListGrids(self, request: pb.ListGridsRequest, context: Any) -> pb.ListGridsResponse:
        grids = self._holding.city.grids
        if request.HasField("point"):
            grid = self._at(request)
            grids = {grid.code: grid}
        return pb.ListGridsResponse(
            **self._page("grids", grids, lambda grid: _lies_in(request.area, grid.code), request)
        )

    async def ListUnits(self, request: pb.ListUnitsRequest, context: Any) -> pb.ListUnitsResponse:
        def fits(unit: Any) -> bool:
            return request.kind in ("", unit.kind) and _lies_in(request.area, unit.area)

        return pb.ListUnitsResponse(**self._page("units", self._holding.city.units, fits, request))

    async def ListTeams(self, request: pb.ListTeamsRequest, context: Any) -> pb.ListTeamsResponse:
        def fits(team: Any) -> bool:
            return (
                request.unit in ("", team.unit)
                and (not request.skill or request.skill in team.skills)
                and _lies_in(request.area, team.area)
            )

        return pb.ListTeamsResponse(**self._page("teams", self._holding.city.teams, fits, request))

    async def ListCategories(
        self, request: pb.ListCategoriesRequest, context: Any
    ) -> pb.ListCategoriesResponse:
        def fits(category: Any) -> bool:
            return request.category in prefixes(category.code)

        categories = self._holding.city.categories
        return pb.ListCategoriesResponse(**self._page("categories", categories, fits, request))

    async def CheckCity(self, request: pb.CheckCityRequest, context: Any) -> pb.CheckCityResponse:
        _operator(context)
        pack, findings = await asyncio.to_thread(examine, request.archive)
        counts = counts_of(pack) if pack else {}
        return pb.CheckCityResponse(findings=codec.to_findings(findings), counts=counts)

    async def LoadCity(self, request: pb.LoadCityRequest, context: Any) -> pb.LoadCityResponse:
        user = _operator(context)
        when = (
            request.effective_time.ToDatetime(UTC) if request.HasField("effective_time") else None
        )
        loaded = await self._loader.load(request.archive, when, user)
        await self._holding.renew()
        return codec.to_load_response(loaded)

    def _page(
        self, name: str, items: Mapping[str, Any], fits: Callable[[Any], bool], request: Any
    ) -> dict[str, Any]:
        found = page(items, fits, request, self._key)
        to_message = codec.to_grid if name == "grids" else message_of
        return {
            name: [to_message(item) for item in found.items],
            "next_page_token": found.next_token,
            "total_size": found.total,
        }

    def _at(self, request: Any) -> Any:
        return self._holding.locate(request.point.longitude, request.point.latitude)


def _operator(context: Any) -> str:
    """Return the user. Raises Denied for anyone but an operator."""
    actor = caller_of(context).actor
    if actor.role != "operator":
        raise Denied("ROLE_MAY_NOT", role=actor.role)
    return actor.user


def _lies_in(area: str, other: str) -> bool:
    return not area or contains(area, other)
