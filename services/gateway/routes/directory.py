"""The directory, for forms: units, teams, categories, and the grid of a point."""

from liandong.directory.v1 import directory_service_pb2 as pb
from services.gateway.routes.route import Area, get

POINT = {"longitude": "point.longitude", "latitude": "point.latitude"}

AREA = Area(
    "Directory",
    "directory",
    pb.DESCRIPTOR.services_by_name["DirectoryService"],
    (
        get("/v1/city", "GetCity"),
        get("/v1/units", "ListUnits"),
        get("/v1/units/{code}", "GetUnit"),
        get("/v1/teams", "ListTeams"),
        get("/v1/categories", "ListCategories"),
        get("/v1/grids", "ListGrids", query=POINT),
    ),
)
