"""Consumes what the flow says of matters for which a team is under way."""

from collections.abc import Collection, Sequence
from datetime import UTC
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from backbone.directory.replica import Replica
from backbone.door.request import Request
from backbone.kafka.subscription import Subscription
from backbone.shell.shell import Shell
from backbone.words.city import City
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from services.emergency import codec, storage
from services.emergency.accusing import of_mission, of_source, told_to, without_words
from services.emergency.consumers import because
from services.emergency.mission.correcting import ReviseMission, hears
from services.emergency.mission.hiding import HideMission
from services.emergency.mission.recalling import ReopenMatter, WithdrawMission
from services.emergency.mission.record import Cause, Heard, Mission
from services.emergency.moving import request
from services.emergency.orders import missions_of

INCIDENTS = "liandong.incident.events.v1"
ENDED = frozenset({"voided", "closed"})


class Incidents:
    """Makes requests of the events of incidents for which a team is under way."""

    def __init__(self, shell: Shell, replica: Replica) -> None:
        self._shell = shell
        self._replica = replica

    @property
    def subscription(self) -> Subscription:
        return Subscription(
            "emergency.incidents",
            INCIDENTS,
            IncidentEvent,
            self.requests,
            ours=storage.OURS,
            kinds=ENDED | {"amended", "reinstated"},
        )

    async def requests(self, events: Sequence[Any]) -> Sequence[Request[Any]]:
        """Each command for each mission of the matter that hears it, and was not ordered since."""
        matter = UUID(events[0].meta.aggregate_id)
        known = await missions_of(self._shell, matter)
        own = [each for each in known if each.order.matter_id == matter]
        city = self._replica.city
        accusing = next((each for each in reversed(events) if each.amended.matter.against), None)
        commands = [(event, _followed(event, city)) for event in events]
        told = [
            request(event, each.id, _told_to(each, command, event, accusing, city))
            for event, command in commands
            for each in own
            if hears(each, command)
            if each.home is not None or event.meta.version > each.order.matter_version
        ]
        if accusing is None:
            return told
        # A team of the accused unit is called back before anything else is said.
        return [
            *(request(accusing, each.id, _hidden(accusing, each, city)) for each in known),
            *told,
        ]

    async def ends_of_merged(
        self, events: Sequence[Any], merged: Collection[UUID]
    ) -> Sequence[Request[Any]]:
        """The recalls of missions whose incident was merged into the one that has ended, and that
        have not moved there yet."""
        ends = [event for event in events if event.WhichOneof("kind") in ENDED]
        if not ends or not merged:
            return []
        known = await missions_of(self._shell, *merged)
        city = self._replica.city
        return [
            request(event, each.id, _ended_with(each, event, city))
            for event in ends
            for each in known
            if each.order.matter_id in merged and each.ending is None
        ]


def _ended_with(mission: Mission, event: Any, city: City) -> Any:
    """The end as a mission of a merged incident hears it."""
    end = replace(_followed(event, city), matter=mission.order.matter_id)
    return _told_to(mission, end, event, None, city)


def _told_to(mission: Mission, command: Any, event: Any, accusing: Any, city: City) -> Any:
    command = of_source(command, mission.order, event.meta.source, city)
    if accusing is None:
        return without_words(mission, command, city)
    matter = accusing.amended.matter
    return told_to(command, mission.release.unit, mission.order, matter, city)


def _hidden(event: Any, mission: Mission, city: City) -> HideMission:
    return of_mission(mission, event.amended.matter, city, event.meta.time.ToDatetime(UTC))


def _followed(event: Any, city: City) -> ReviseMission | WithdrawMission | ReopenMatter:
    kind, matter = event.WhichOneof("kind"), UUID(event.meta.aggregate_id)
    if kind == "reinstated":
        return ReopenMatter(matter)
    reports = codec.heard_reports_of(getattr(event, kind))
    match kind:
        case "amended":
            said = event.amended
            heard = Heard(incident=event.meta.version)
            told = codec.to_revision(said.matter, city, heard, matter, said.reason, said.receipt)
            apart = codec.is_apart(event.meta.source)
            changed = tuple(said.changed)
            return replace(told, heard_reports=reports, is_apart=apart, changed=changed)
        case "voided":
            end = because(Cause.INCIDENT_VOIDED, event.voided.reason, event, matter)
            return replace(end, heard_reports=reports)
        case _:
            return replace(because(Cause.INCIDENT_CLOSED, "", event, matter), heard_reports=reports)
