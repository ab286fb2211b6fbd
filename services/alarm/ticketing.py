"""The partner's side of the desk: the tickets of a unit, answered or refused."""

from typing import Any
from uuid import UUID

from backbone.door.decider import Decider
from backbone.postgres.listing import Lists
from backbone.rpc.caller import caller_of
from backbone.shell.shell import Shell
from backbone.wire import to_record
from backbone.words.errors import NotFound
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.alarm.v1 import alarm_service_pb2 as pb
from services.alarm import codec, storage
from services.alarm.receipt.record import Receipt
from services.alarm.receipt.tickets import ticket_of


class Tickets:
    """A ticket is the receipt that was passed on, in the partner's words."""

    def __init__(self, shell: Shell, decider: Decider[Receipt]) -> None:
        self._shell = shell
        self._decider = decider
        key = shell.settings.keyring.lasting
        table, show = decider.table, shell.rows.of(decider).shown
        self._lists = Lists(shell.pool, key, table.name, table.paths, show)

    async def get(self, request: pb.GetTicketRequest, context: Any) -> resources.Ticket:
        """Raises NotFound, also for a ticket of another unit."""
        sights = storage.sights_of(caller_of(context).actor)
        row = await self._lists.find(_id(request.ticket_id), sights)
        receipt = None if row is None else self._decider.from_row(row)
        if receipt is None or ticket_of(receipt) is None:
            raise NotFound("NO_SUCH_TICKET")
        return codec.to_ticket(receipt)

    async def page(self, request: pb.ListTicketsRequest, context: Any) -> pb.ListTicketsResponse:
        asked = storage.asked_tickets(request, caller_of(context).actor)
        response = pb.ListTicketsResponse()
        await self._lists.answer(request, response, asked, self._item)
        return response

    async def perform(self, kind: Any, request: Any, context: Any) -> resources.Ticket:
        """Give the command of this kind to the receipt that the ticket was."""
        caller = caller_of(context)
        command = to_record(request, kind, by=caller.actor)
        receipt = await self._shell.perform(
            self._decider, context, command, request, _id(request.ticket_id), caller
        )
        return codec.to_ticket(receipt)

    def _item(self, row: Any) -> resources.Ticket:
        return codec.to_ticket(self._decider.from_row(row))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("NO_SUCH_TICKET") from error
