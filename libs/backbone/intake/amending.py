"""Tells the incident of a record what its desk has corrected: for services that link no callers."""

from backbone.intake.correcting import Telling
from backbone.process.settings import Settings
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1.incident_pb2 import Incident


class Amending:
    """Tells corrections alone; such a service may call nothing else that Telling calls."""

    def __init__(self, settings: Settings) -> None:
        self._telling = Telling(settings)

    async def tell(self, request: pb.AmendMatterRequest) -> Incident | None:
        """Return the incident, or None if workflow did not answer. Raises its refusal."""
        return await self._telling.tell(request)
