"""Adds to an inbox what other services keep: alerts of missions, receipts that came back from where
they were passed, tickets, late visits and hand-overs of care, and refused follow-ups.

All are read where they are kept, at the moment of the read, with or without Kafka.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import grpc

from backbone.postgres.paging import read_token, scope_of, sign_token
from backbone.process.settings import Settings
from backbone.rpc.caller import Call, metadata_for
from backbone.rpc.channels import open_channel, refusal_of
from backbone.words.actor import Actor
from backbone.words.errors import InvalidArgument, NotFound
from backbone.words.sight import CALLS_DESK, CARE, own_of
from liandong.alarm.v1 import alarm_pb2 as receipts
from liandong.alarm.v1 import alarm_service_pb2 as alarm_pb
from liandong.alarm.v1 import alarm_service_pb2_grpc as alarm
from liandong.emergency.v1 import emergency_pb2 as missions
from liandong.emergency.v1 import emergency_service_pb2 as emergency_pb
from liandong.emergency.v1 import emergency_service_pb2_grpc as emergency
from liandong.incident.v1 import incident_pb2 as resources
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.operations.v1 import operations_service_pb2 as operations_pb
from liandong.operations.v1 import operations_service_pb2_grpc as operations
from liandong.population.v1 import population_pb2 as cases
from liandong.population.v1 import population_service_pb2 as population_pb
from liandong.population.v1 import population_service_pb2_grpc as population
from services.workflow.incident.waiting import (
    ALERTED,
    HAND_OVER_LATE,
    LINK_REFUSED,
    PASSED,
    TICKET,
    VISIT_MISSED,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE = 0.5
ALARM, EMERGENCY, POPULATION = "alarm", "emergency", "population"
FOLLOWERS = (ALARM, "dispute", EMERGENCY, "petition", POPULATION)
# The 110 desk sees neither petitions nor requests for care.
NOT_OF_110 = frozenset({"petition", POPULATION})

# Tickets, and orders to teams, come from the receipts of a desk.
OF_RECEIPTS = "ALARM"
# The clock of a ticket.
TICKET_ANSWER = "TICKET_ANSWER"

Place = tuple[datetime, UUID]


class Beside:
    """Asks the other services with the words of the caller."""

    def __init__(self, settings: Settings) -> None:
        self._token, self._key = settings.token, settings.keyring.lasting
        self._alerts = emergency.EmergencyServiceStub(open_channel(settings, EMERGENCY))
        self._passed = alarm.AlarmServiceStub(open_channel(settings, ALARM))
        self._care = population.PopulationServiceStub(open_channel(settings, POPULATION))
        self._links = {
            service: operations.OperationsServiceStub(open_channel(settings, service))
            for service in FOLLOWERS
        }

    async def alerts(
        self, request: pb.ListIncidentsRequest, caller: Call, size: int, away: list[str]
    ) -> tuple[list[resources.Incident], str]:
        """A page of alerts, the oldest first, and the token of the next one."""
        wanted = emergency_pb.ListAlertsRequest(page_size=size, page_token=request.page_token)
        asked = self._alerts.ListAlerts(wanted, timeout=PATIENCE, metadata=self._by(caller.actor))
        return await page_of(asked, _of_alert, EMERGENCY, away)

    async def passed(
        self, request: pb.ListIncidentsRequest, caller: Call, size: int, away: list[str]
    ) -> tuple[list[resources.Incident], str]:
        """A page of what was passed on in vain, the oldest first, and the token of the next one."""
        wanted = alarm_pb.ListOutstandingRequest(page_size=size, page_token=request.page_token)
        asked = self._passed.ListOutstanding(
            wanted, timeout=PATIENCE, metadata=self._by(caller.actor)
        )
        return await page_of(asked, _of_passed, ALARM, away)

    async def tickets(
        self, request: pb.ListIncidentsRequest, caller: Call, size: int, away: list[str]
    ) -> tuple[list[resources.Incident], str]:
        """A page of the tickets that wait for an answer of the caller's unit."""
        wanted = alarm_pb.ListTicketsRequest(page_size=size, page_token=request.page_token)
        asked = self._passed.ListTickets(wanted, timeout=PATIENCE, metadata=self._by(caller.actor))
        return await page_of(asked, _of_ticket, ALARM, away)

    async def care(
        self, request: pb.ListIncidentsRequest, caller: Call, size: int, away: list[str]
    ) -> tuple[list[resources.Incident], str]:
        """A page of the care cases in which something is late, for those who may see them."""
        wanted = population_pb.ListCareCasesRequest(
            page_size=size, page_token=request.page_token, overdue=True
        )
        asked = self._care.ListCareCases(wanted, timeout=PATIENCE, metadata=self._by(caller.actor))
        return await page_of(asked, _of_care, POPULATION, away)

    async def links(
        self, request: pb.ListIncidentsRequest, caller: Call, size: int, away: list[str]
    ) -> tuple[list[resources.Incident], str]:
        """A page of the refused follow-ups of all services, in order, and the token of the next."""
        scope, actor = scope_of(request), caller.actor
        after: Place | None = read_token(self._key, scope, request.page_token, Place)
        wanted = operations_pb.ListRefusedLinksRequest(page_size=size + 1)
        if after is not None:
            wanted.after_time.FromDatetime(after[0])
            wanted.after_event = str(after[1])
        hidden = NOT_OF_110 if actor.role in CALLS_DESK else frozenset()
        asked = {name: stub for name, stub in self._links.items() if name not in hidden}
        calls = (
            heard(
                stub.ListRefusedLinks(wanted, timeout=PATIENCE, metadata=self._by(actor)),
                name,
                away,
            )
            for name, stub in asked.items()
        )
        answers = zip(asked, await asyncio.gather(*calls), strict=True)
        found = [(name, each) for name, answer in answers if answer for each in answer.items]
        found.sort(key=lambda link: place_of(link[1]))
        shown = found[:size]
        token = sign_token(self._key, scope, place_of(shown[-1][1])) if len(found) > size else ""
        return [_of_link(name, each) for name, each in shown], token

    async def settle(self, request: pb.SettleLinkRequest, caller: Call) -> None:
        """Raises NotFound for a link that the caller may not see."""
        name, _, rest = request.link_id.partition(".")
        event, _, record = rest.partition(".")
        stub = self._links.get(name)
        if stub is None:
            raise NotFound("NO_SUCH_LINK")
        said = operations_pb.SettleRefusedLinkRequest(
            event_id=event, aggregate_id=record, note=request.note
        )
        try:
            metadata = self._by(caller.actor)
            await stub.SettleRefusedLink(said, timeout=PATIENCE * 4, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            raise refusal from error

    def _by(self, actor: Actor) -> Sequence[tuple[str, str]]:
        return metadata_for(self._token, actor)


async def heard(call: Awaitable[T], service: str, away: list[str]) -> T | None:
    """The answer; None, and the service among those that are away, if there is none at once.

    Raises InvalidArgument for a page token of another list.
    """
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        refusal = refusal_of(error)
        if isinstance(refusal, InvalidArgument):
            raise refusal from error
        log.info("inbox.unheard", extra={"service": service, "error": error.details()})
        away.append(service)
        return None


async def page_of(
    call: Awaitable[Any], show: Callable[[Any], resources.Incident], service: str, away: list[str]
) -> tuple[list[resources.Incident], str]:
    """The lines of a page, and the token of the next one; none as long as the service is away."""
    answer = await heard(call, service, away)
    if answer is None:
        return [], ""
    return [show(each) for each in answer.items], answer.next_page_token


def place_of(link: Any) -> Place:
    return link.time.ToDatetime(UTC), UUID(link.event_id)


def _of_alert(alert: missions.Alert) -> resources.Incident:
    item = resources.Incident(
        id=alert.matter_id,
        code=alert.code,
        source=OF_RECEIPTS,
        category=alert.category,
        priority=alert.priority,
        persons=alert.persons,
        open_time=alert.dispatch_time,
    )
    item.place.area = alert.matter_area
    item.waits.add(
        unit=alert.ordered_unit,
        reason=ALERTED.get(alert.reason, alert.reason),
        since=alert.since,
        overdue=True,
        mission_id=alert.mission_id,
        team=alert.team,
        cause=alert.refuse_reason,
    )
    return item


def _of_passed(passed: receipts.Outstanding) -> resources.Incident:
    name = receipts.Outstanding.Reason.Name(passed.reason).removeprefix("REASON_")
    item = resources.Incident(
        id=passed.id,
        code=passed.code,
        source=OF_RECEIPTS,
        category=passed.category,
        priority=passed.priority,
        desk=passed.unit,
        open_time=passed.receive_time,
    )
    item.place.area = passed.area
    item.waits.add(
        unit=passed.unit,
        reason=PASSED.get(name, name),
        since=passed.since,
        overdue=passed.reason == receipts.Outstanding.REASON_LAPSED,
        passed_to=passed.passed_to,
        cause=passed.cause,
    )
    return item


def _of_ticket(ticket: receipts.Ticket) -> resources.Incident:
    item = resources.Incident(
        id=ticket.id,
        code=ticket.code,
        source=OF_RECEIPTS,
        category=ticket.category,
        priority=ticket.priority,
        desk=ticket.desk,
        narrative=ticket.narrative,
        open_time=ticket.file_time,
        note=ticket.note,
        place=ticket.place,
        persons=ticket.persons,
    )
    overdue = ticket.state == receipts.Ticket.STATE_LAPSED
    item.due.add(clock=TICKET_ANSWER, start_time=ticket.file_time, due_time=ticket.due_time)
    item.waits.add(unit=ticket.unit, reason=TICKET, since=ticket.file_time, overdue=overdue)
    return item


def _of_care(case: cases.CareCase) -> resources.Incident:
    """The line names neither the person nor the programme."""
    item = resources.Incident(
        id=case.id, code=case.code, source=CARE, desk=case.sender, open_time=case.register_time
    )
    item.place.area = case.area
    missed = [each.due_time for each in case.visits if each.state == cases.Visit.STATE_MISSED]
    since = min(missed, key=lambda due: due.ToDatetime(), default=case.hand_over_due_time)
    is_sent = case.state == cases.CareCase.STATE_SENT
    item.waits.add(
        unit=case.unit,
        reason=HAND_OVER_LATE if is_sent else VISIT_MISSED,
        since=since,
        overdue=True,
        record=case.id,
    )
    return item


def _of_link(service: str, link: operations_pb.RefusedLink) -> resources.Incident:
    item = resources.Incident(
        id=link.matter or link.aggregate_id, source=own_of(link.source), open_time=link.time
    )
    item.place.area = link.area
    item.waits.add(
        unit=link.unit,
        reason=LINK_REFUSED,
        since=link.time,
        link_id=f"{service}.{link.event_id}.{link.aggregate_id}",
        record=link.aggregate_id,
        cause=link.reason,
    )
    return item
