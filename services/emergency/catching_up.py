"""Gives a mission its incident's facts, or its end, once they may have passed it by.

A correction that was told before a mission was there has not reached it: so each mission is
compared with its incident once it is written, when it was ordered and when it has joined another
one. Every later event of the incident finds the mission. One that has joined stays behind until
workflow has answered, also if this process dies; the orders of the last hour are compared when a
process starts.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import grpc
from msgspec.structs import replace

from backbone.directory.replica import Replica
from backbone.door.actions import ALONE
from backbone.door.batch import Batch
from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.postgres.pool import Connection, is_transient
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import refusal_of
from backbone.rpc.spread import open_shared
from backbone.shell.shell import Shell
from backbone.words.actor import SERVICE, Actor
from backbone.words.errors import NotFound
from backbone.words.heard_report import HeardReport
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from liandong.incident.v1.incident_pb2 import Incident, Matter
from services.emergency import codec, storage
from services.emergency.accusing import of_mission, told_to
from services.emergency.consumers import ENDS
from services.emergency.deciders import missions
from services.emergency.mission.awaiting import has_left, have_come, speaks_for
from services.emergency.mission.correcting import ReviseMission, revise
from services.emergency.mission.hiding import hide
from services.emergency.mission.recalling import WithdrawMission
from services.emergency.mission.record import Heard, Mission, Recall

log = logging.getLogger(__name__)

PAUSE = 0.2
PATIENCE = 1.0
# Seconds until a mission is tried again whose incident was not found, or has not heard of its
# receipt, and at most; and until workflow is asked again that did not answer.
FIRST_REST, LONGEST_REST, AWAY = 0.2, 10.0, 1.0
# Seconds for which an incident that answers may not have heard of the receipt. It is told again and
# again: after so long it has refused that, and a team must not be left without its facts.
LONGEST_WAIT = 60.0
INSIDE = Actor("", "", SERVICE)

ARRIVAL = "liandong.emergency.dispatched.v1"
# Seconds after which a mission that was not written is forgotten: its transaction was rolled back.
UNWRITTEN = 10.0
# Missions that one look compares.
MOST = 50


class Unheard(Exception):
    """Workflow does not answer."""


# Returns None for an incident that workflow does not know. Raises Unheard.
Find = Callable[[UUID], Awaitable[pb.ReadIncidentResponse | None]]


def finder(settings: Settings) -> Find:
    """Asks workflow for an incident."""
    stub = rpc.IncidentServiceStub(open_shared(settings, "workflow"))
    metadata = metadata_for(settings.token, INSIDE)

    async def find(incident: UUID) -> pb.ReadIncidentResponse | None:
        request = pb.ReadIncidentRequest(incident_id=str(incident))
        try:
            response = await stub.ReadIncident(request, timeout=PATIENCE, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            if isinstance(refusal_of(error), NotFound):
                return None
            said = {"incident": incident, "error": error.details()}
            log.info("incident.unheard", extra=said)
            raise Unheard from error
        found: pb.ReadIncidentResponse = response
        return found

    return find


class Arrivals:
    """The missions that were just sent, until they were compared with their incidents."""

    def __init__(self) -> None:
        self._since: dict[UUID, float] = {}

    async def ride(self, conn: Connection, batch: Batch) -> None:
        """Note those of a batch; they are looked at once their transaction is committed."""
        self.note(row.aggregate_id for row in batch.journal_rows if row.kind == ARRIVAL)

    def note(self, missions: Iterable[UUID]) -> None:
        self._since |= dict.fromkeys(missions, time.monotonic())

    def first(self, but: Collection[UUID]) -> list[UUID]:
        return [each for each in self._since if each not in but][:MOST]

    def compared(self, mission: UUID) -> None:
        self._since.pop(mission, None)

    def forget(self, missing: Iterable[UUID]) -> None:
        """Forget those that are over, and those that were never written."""
        for each in missing:
            if self._since.get(each, 0.0) < time.monotonic() - UNWRITTEN:
                self._since.pop(each, None)


class CatchingUp:
    """Compares missions with their incidents, for ever."""

    def __init__(self, shell: Shell, replica: Replica, find: Find, arrivals: Arrivals) -> None:
        self._shell = shell
        self._replica = replica
        self._find = find
        self._arrivals = arrivals
        self._resting: dict[UUID, tuple[float, float]] = {}
        self._waiting: dict[tuple[UUID, UUID], float] = {}

    async def run(self, pulse: Pulse) -> None:
        await self._replica.wait()
        knows_recent = False
        while True:
            pulse.beat("catching up")
            try:
                if not knows_recent:
                    rows = await self._shell.pool.fetch(storage.RECENT)
                    self._arrivals.note(row["id"] for row in rows)
                    knows_recent = True
                await self.look()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("catching_up.away", extra={"error": str(error)})
            await asyncio.sleep(PAUSE)

    async def look(self) -> None:
        now = asyncio.get_running_loop().time()
        resting = {of for of, (until, _) in self._resting.items() if until > now}
        arrived = self._arrivals.first(resting)
        rows = await self._shell.rows.of(missions).some(storage.BEHIND, list(resting), arrived)
        found = [(missions.from_row(row), row.row["now"]) for row in rows]
        still = {mission.id for mission, _ in found}
        self._arrivals.forget(each for each in arrived if each not in still)
        still |= resting
        self._resting = {of: each for of, each in self._resting.items() if of in still}
        self._waiting = {of: each for of, each in self._waiting.items() if of[0] in still}
        for mission, at in found:
            try:
                is_known = await self._bring_up(mission, at)
            except Unheard:  # nor would the others be; it may be back at any time
                self._resting[mission.id] = now + AWAY, FIRST_REST / 2
                return
            if mission.is_behind and not is_known:
                self._rest(mission.id, now)
                continue
            self._arrivals.compared(mission.id)

    def _rest(self, mission: UUID, now: float) -> None:
        _, rest = self._resting.get(mission, (0.0, FIRST_REST / 2))
        rest = min(2 * rest, LONGEST_REST)
        self._resting[mission] = now + rest, rest

    async def _bring_up(self, mission: Mission, now: datetime) -> bool:
        """Write what the mission lacks, mostly nothing; return whether its incident is known, and
        speaks for it."""
        seen = await self._find(mission.order.matter_id)
        if seen is None:
            return False
        incident = seen.incident
        source, heard = incident.source, codec.heard_reports_of(seen)
        accusation = Matter(desk=incident.desk, against=seen.against, source=source)
        if seen.against:
            hides = of_mission(mission, accusation, self._replica.city, now)
            if hide(mission, hides, now, ALONE):  # before the team is told anything of it
                await self._submit(mission, hides, incident.version)
        whole = await self._have_come(mission, heard)
        believed = self._believed(mission, incident, heard, whole=whole)
        if believed is None:
            return False
        said = self._command(mission, incident, accusation, now)
        said = replace(said, heard_reports=believed)
        if isinstance(said, WithdrawMission) or revise(mission, said, now, ALONE):
            await self._submit(mission, said, incident.version)
        return True

    async def _have_come(self, mission: Mission, heard: tuple[HeardReport, ...]) -> bool:
        """Whether the incident has heard of all receipts that came with a merge."""
        if not (heard and mission.is_behind and mission.awaits.merged):
            return True
        merged = await self._find(UUID(mission.awaits.merged))
        parted = merged is None or merged.incident.merged_into != str(mission.order.matter_id)
        return parted or have_come(codec.heard_reports_of(merged), heard)

    def _believed(
        self, mission: Mission, incident: Incident, heard: tuple[HeardReport, ...], *, whole: bool
    ) -> tuple[HeardReport, ...] | None:
        """What the incident has heard of its receipts, if it speaks for the mission; else None.

        One that has ended speaks for it in any case, unless the receipt has left it. One that has
        not heard of the receipt for LONGEST_WAIT is believed as if it said nothing of receipts.
        """
        if has_left(mission, heard):
            return None
        key = mission.id, mission.order.matter_id
        if state_of(incident) in ENDS or (whole and speaks_for(mission, heard)):
            self._waiting.pop(key, None)
            return heard
        now = time.monotonic()
        if now - self._waiting.setdefault(key, now) < LONGEST_WAIT:
            return None
        said = {"mission": mission.id, "incident": incident.id}
        log.warning("catching_up.unheard_report", extra=said)
        return ()

    async def _submit(self, mission: Mission, command: Any, version: int) -> None:
        kind = type(command).__name__
        request = Request(
            request_id=uuid5(mission.id, f"catch up {mission.version} {version} {kind}"),
            aggregate_id=mission.id,
            command=command,
            body_hash="",
            actor=INSIDE,
            deadline=NEVER,
        )
        await self._shell.batcher.submit(request)

    def _command(
        self, mission: Mission, incident: Incident, accusation: Matter, now: datetime
    ) -> WithdrawMission | ReviseMission:
        """The facts as they are now, or the end of an incident that is over."""
        matter, city = mission.order.matter_id, self._replica.city
        if cause := ENDS.get(state_of(incident)):
            return WithdrawMission(Recall(cause, "", now, "", incident.unit), matter)
        heard = Heard(incident=incident.version)
        said = codec.to_revision(incident, city, heard, matter)
        apart = codec.is_apart(incident.source)
        whole = replace(said, catches_up=True, is_apart=apart)
        unit, order = mission.release.unit, mission.order
        revision: ReviseMission = told_to(whole, unit, order, accusation, city)
        return revision


def state_of(incident: Incident) -> str:
    return Incident.State.Name(incident.state).removeprefix("STATE_")
