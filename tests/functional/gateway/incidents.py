"""A small incident service: remembers what it was asked, answers what it was told."""

from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from backbone.rpc.caller import Call, caller_of
from backbone.words.errors import Refusal
from liandong.incident.v1 import incident_pb2 as resources
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc

TIME = datetime(2026, 11, 22, 5, 0, 0, 250_000, tzinfo=UTC)


def an_incident(**parts: Any) -> resources.Incident:
    due = resources.Due(clock="SIGN_IN", due_time=a_timestamp(), minutes=30)
    given = {"id": "i-1", "code": "990101261122-000123-7", "version": 4, "due": [due], **parts}
    return resources.Incident(state=resources.Incident.STATE_CLAIMED, **given)


def a_timestamp() -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(TIME)
    return stamp


class Incidents(rpc.IncidentServiceServicer):
    def __init__(self) -> None:
        self.asked: list[tuple[str, Any, Call]] = []
        self.refusal: Exception | None = None
        self.replayed = "false"

    async def ClaimIncident(self, request: Any, context: Any) -> Any:
        context.set_trailing_metadata(
            (("liandong-road", "stream"), ("liandong-replayed", self.replayed))
        )
        self._note("ClaimIncident", request, context)
        return pb.ClaimIncidentResponse(incident=an_incident())

    async def HandOffIncident(self, request: Any, context: Any) -> Any:
        self._note("HandOffIncident", request, context)
        return pb.HandOffIncidentResponse(incident=an_incident())

    async def ReportProgress(self, request: Any, context: Any) -> Any:
        self._note("ReportProgress", request, context)
        return pb.ReportProgressResponse(incident=an_incident())

    async def TakeNext(self, request: Any, context: Any) -> Any:
        self._note("TakeNext", request, context)
        return pb.TakeNextResponse(incident=an_incident())

    async def GetIncident(self, request: Any, context: Any) -> Any:
        self._note("GetIncident", request, context)
        return pb.GetIncidentResponse(incident=an_incident())

    async def ListIncidents(self, request: Any, context: Any) -> Any:
        self._note("ListIncidents", request, context)
        total = 1 if request.count else None
        return pb.ListIncidentsResponse(items=[an_incident()], total_size=total)

    async def ListClocks(self, request: Any, context: Any) -> Any:
        self._note("ListClocks", request, context)
        return pb.ListClocksResponse(items=[resources.Due(clock="SIGN_IN")])

    async def GetTimeline(self, request: Any, context: Any) -> Any:
        self._note("GetTimeline", request, context)
        return pb.GetTimelineResponse(items=[resources.Progress(version=1, kind="IncidentOpened")])

    def _note(self, rpc_name: str, request: Any, context: Any) -> None:
        self.asked.append((rpc_name, request, caller_of(context)))
        if self.refusal is not None:
            raise self.refusal

    def refuse(self, refusal: Refusal) -> None:
        self.refusal = refusal
