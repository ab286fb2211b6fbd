"""The steps of a matter's teams, for its timeline: asked for at each read, and kept nowhere.

As events of the incident each step would be a write here and a record that every follower of
incidents reads; the missions hold their times already, and one call shows them all.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import grpc

from backbone.process.settings import Settings
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import open_channel
from backbone.words.actor import Actor
from liandong.emergency.v1 import emergency_service_pb2 as missions
from liandong.emergency.v1 import emergency_service_pb2_grpc as emergency
from liandong.emergency.v1.emergency_pb2 import Mission, Recall
from liandong.incident.v1.incident_pb2 import Progress

log = logging.getLogger(__name__)

GLANCE = 0.3
MOST = 100
# A reader of the incident may see its teams, so the service asks in its own name.
INSIDE = Actor(user="", unit="", role="service")
# The steps by the field of their time; a time that a later step has implied is no step.
STEPS = {
    "MissionDispatched": ("dispatch_time", Mission.STATE_UNSPECIFIED),
    "MissionAcknowledged": ("acknowledge_time", Mission.STATE_ACKNOWLEDGED),
    "TeamEnRoute": ("depart_time", Mission.STATE_EN_ROUTE),
    "TeamOnScene": ("arrive_time", Mission.STATE_ON_SCENE),
}
ENDS = {Mission.STATE_CLEARED: "MissionCleared", Mission.STATE_REFUSED: "MissionRefused"}


class TeamSteps:
    """Asks the emergency service; without it a timeline shows the incident's own events alone."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.token
        self._stub = emergency.EmergencyServiceStub(open_channel(settings, "emergency"))

    async def of(self, incident_id: UUID) -> list[Progress]:
        """The steps of all missions of the incident, in the order of time."""
        request = missions.ListMissionsRequest(matter_id=str(incident_id), page_size=MOST)
        metadata = metadata_for(self._token, INSIDE)
        try:
            found = await self._stub.ListMissions(request, timeout=GLANCE, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            log.info("missions.unheard", extra={"error": error.details()})
            return []
        steps = (each for mission in found.items for each in steps_of(mission))
        return sorted(steps, key=_time)


def steps_of(mission: Mission) -> Iterator[Progress]:
    """The steps of one mission: its team acts, no person; with the words of a refusal and a result.

    They are shown to those alone who may read the texts of the matter.
    """
    for kind, (name, state) in STEPS.items():
        if mission.HasField(name) and state not in mission.implied:
            yield _step(kind, getattr(mission, name), mission)
    if mission.state in ENDS:
        said = {"reason": mission.refuse_reason, "result": mission.result}
        told = {name: text for name, text in said.items() if text}
        yield _step(ENDS[mission.state], mission.end_time, mission, **told)
    if mission.HasField("recall"):
        recall = mission.recall
        cause = Recall.Cause.Name(recall.cause).removeprefix("CAUSE_")
        why = {"reason": recall.reason} if recall.reason else {}
        yield _step("MissionRecalled", recall.recall_time, mission, cause=cause, **why)
        if recall.HasField("confirm_time"):
            yield _step("RecallConfirmed", recall.confirm_time, mission)


def _step(kind: str, time: Any, mission: Mission, **more: str) -> Progress:
    ordered = kind in ("MissionDispatched", "MissionRecalled")
    unit = mission.ordered_unit if ordered else mission.unit
    progress = Progress(kind=kind, time=time, unit=unit, actor="" if ordered else mission.team)
    facts: dict[str, Any] = {"team": mission.team, "mission": mission.id, "number": mission.number}
    progress.facts.update({**facts, **more})
    return progress


def merged(
    events: Sequence[Progress], steps: Iterable[Progress], since: datetime | None, is_last: bool
) -> list[Progress]:
    """The events of one page with the steps of its time: after `since`, up to its last event."""
    until = None if is_last or not events else _time(events[-1])
    among = [
        each
        for each in steps
        if (since is None or _time(each) > since) and (until is None or _time(each) <= until)
    ]
    return sorted([*events, *among], key=_time)


def _time(progress: Progress) -> datetime:
    time: datetime = progress.time.ToDatetime(UTC)
    return time
