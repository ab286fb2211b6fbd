"""Reads of the front desk: one receipt, and pages of them, as far as the caller may see."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from backbone.door.decider import Decider
from backbone.postgres.asking import time_of
from backbone.rpc.caller import caller_of
from backbone.shell.lists import lists_of
from backbone.shell.shell import Shell
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import Denied, NotFound
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.alarm.v1 import alarm_service_pb2 as pb
from liandong.incident.v1.incident_pb2 import Incident
from services.alarm import codec, storage
from services.alarm.receipt.record import Caller, Outcome, Receipt
from services.alarm.receipt.rights import may_be_told
from services.alarm.receipt.suggestions import GONE


class Reading:
    """Reads the rows of the primary: a caller who has written sees it."""

    def __init__(
        self,
        shell: Shell,
        decider: Decider[Receipt],
        shown: Callable[[Receipt, Actor], resources.Receipt],
        city: Callable[[], City],
        glance: Callable[[UUID, Actor], Awaitable[Incident | None]],
    ) -> None:
        """`glance` asks for an incident; None for one that is not seen, or not at once."""
        self._glance = glance
        self._city = city
        self._from_row = decider.from_row
        self._shown = shown
        self._rows = shell.rows.of(decider)
        self._lists = lists_of(shell, decider)

    async def get(self, request: pb.GetReceiptRequest, context: Any) -> resources.Receipt:
        """Raises NotFound, also for a receipt outside the caller's scope."""
        actor = caller_of(context).actor
        sights = storage.sights_of(actor)
        row = await self._lists.find(codec.receipt_id(request.receipt_id), sights)
        if row is None:
            raise NotFound("NO_SUCH_RECEIPT")
        return self._shown(self._from_row(row), actor)

    async def bring_up_to_date(self, shown: resources.Receipt) -> None:
        """Give each suggested repeat the present state of its incident. Leave out a receipt that
        has become invalid, and one that has begun to accuse a unit."""
        before = list(shown.suggestions.repeats)
        now = await storage.as_they_are(self._rows, [UUID(each.receipt) for each in before])
        del shown.suggestions.repeats[:]
        for each in before:
            receipt = now.get(each.receipt)
            incident = receipt.incident if receipt else None
            each.incident = str(incident.id) if incident else ""
            each.state = incident.known.state if incident else ""
            gone = receipt is None or receipt.outcome is Outcome.INVALID
            apart = receipt is not None and receipt.against not in ("", shown.against)
            if not gone and not apart and each.state not in GONE:
                shown.suggestions.repeats.append(each)

    async def page(self, request: pb.ListReceiptsRequest, context: Any) -> pb.ListReceiptsResponse:
        since, until = time_of(request, "from_time"), time_of(request, "to_time")
        actor = caller_of(context).actor
        handles = bool(request.incident_id) and await self._handles(request, actor)
        asked = storage.asked(request, actor, since, until, handles)
        response = pb.ListReceiptsResponse()

        def item(row: Any) -> resources.Receipt:
            return self._shown(self._from_row(row), actor)

        await self._lists.answer(request, response, asked, item)
        return response

    async def _handles(self, request: pb.ListReceiptsRequest, actor: Actor) -> bool:
        """Whether workflow says that the actor's unit has the incident: its receipts may not have
        heard of that yet. Workflow in its turn may not have heard whom the report accuses."""
        incident = storage.incident_of(request)
        found = await self._glance(incident, actor)
        if found is None or not actor.unit or found.unit != actor.unit:
            return False
        row = await storage.one(self._rows, incident)  # the opening report has the incident's id
        return row is None or not self._from_row(row).bars(actor.unit)

    async def told(self, request: pb.TellCallerRequest, context: Any) -> Caller | None:
        """The caller of the report whose order this team has, if the policy gives the number."""
        if caller_of(context).team != request.team or not request.team:
            raise Denied("NOT_YOUR_TEAM", team=request.team)
        rows = await storage.reports(self._rows, request.code)
        told = (
            receipt.report.caller
            for receipt in map(self._from_row, rows)
            if may_be_told(receipt, request.team, self._city())
        )
        return next(told, None)
