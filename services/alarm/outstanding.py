"""Lists, for the inboxes of the desks, the receipts that were passed on in vain: the other office
did not answer or take them up in time, or the partner returned them. And those that are open again
because a danger or an accusation was told after their end.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from backbone.door.decider import Decider
from backbone.postgres import paging
from backbone.postgres.asking import Asked
from backbone.postgres.conditions import Parameters, any_of
from backbone.postgres.states import with_proof
from backbone.postgres.turns import Turns
from backbone.process import clock
from backbone.rpc.caller import caller_of
from backbone.shell.shell import Shell
from backbone.words.city import City
from backbone.words.heard import names_of
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.alarm.v1 import alarm_service_pb2 as pb
from services.alarm import storage
from services.alarm.receipt.city import answer_minutes
from services.alarm.receipt.passed import ACCUSATION_TOLD, TicketState
from services.alarm.receipt.record import Receipt

# A receipt that the desk has filed is over for it; a returned one is open again. Of a petition or
# dispute the office has not even said that it takes it up; a ticket has a clock. The states are
# written out as in the index `receipts_outstanding`, which holds these alone: what was passed on in
# all the years is not read.
READ = """
SELECT {state}, t.receive_time FROM receipts AS t
WHERE {seen} AND ({priority} = '' OR t.priority = {priority})
  AND (t.receive_time, t.id) > ({after}, {after_id})
  AND (t.passed_state = 'LAPSED' AND t.state = 'ENDED'
       OR t.passed_state = 'RETURNED' AND t.state = 'RECEIVED'
       OR t.passed_state IN ('PENDING', 'REGISTERED') AND t.state = 'ENDED'
          AND t.incident_id IS NULL
          AND t.receive_time <= {until})
ORDER BY t.receive_time, t.id LIMIT {limit}
"""
Place = tuple[datetime, UUID]
FIRST: Place = (datetime.min.replace(tzinfo=UTC), UUID(int=0))


class Outstanding:
    """Reads them for the inbox of workflow, which asks with the words of its caller."""

    def __init__(self, shell: Shell, decider: Decider[Receipt], city: Callable[[], City]) -> None:
        self._rows, self._turns = shell.rows.of(decider), Turns(shell.pool, "outstanding")
        self._key = shell.settings.keyring.lasting
        self._from_row, self._city = decider.from_row, city

    async def page(
        self, request: pb.ListOutstandingRequest, context: Any
    ) -> pb.ListOutstandingResponse:
        """A page of what the caller may see, the oldest first. Raises TooSlow."""
        scope, size = paging.scope_of(request), paging.size_of(request.page_size)
        after: Place = paging.read_token(self._key, scope, request.page_token, Place) or FIRST
        allowed = timedelta(minutes=answer_minutes(self._city()))
        statement, values = _statement(
            request, caller_of(context), after, clock.now() - allowed, size + 1
        )
        async with self._turns.take() as conn:
            rows = await conn.fetch(statement, *values)
        asked = Asked(storage.sights_of(caller_of(context).actor))
        shown = await self._rows.listed(rows[:size], asked)
        receipts = map(self._from_row, shown)
        items = [_shown(each, allowed) for each in receipts if each.passed or each.come_back_time]
        response = pb.ListOutstandingResponse(items=items)
        if len(rows) > size:
            place = (rows[size - 1]["receive_time"], rows[size - 1]["id"])
            response.next_page_token = paging.sign_token(self._key, scope, place)
        return response


def _statement(
    request: pb.ListOutstandingRequest, caller: Any, after: Place, until: datetime, limit: int
) -> tuple[str, Sequence[Any]]:
    parameters = Parameters()
    statement = READ.format(
        state=with_proof("t"),
        seen=any_of(storage.sights_of(caller.actor), "t", parameters),
        priority=parameters.add(request.priority, "text"),
        after=parameters.add(after[0], "timestamptz"),
        after_id=parameters.add(after[1], "uuid"),
        until=parameters.add(until, "timestamptz"),
        limit=parameters.add(limit, "bigint"),
    )
    return statement, parameters.values


def _shown(receipt: Receipt, allowed: timedelta) -> resources.Outstanding:
    passed = receipt.passed
    reason, since, cause = _waits(receipt, allowed)
    return resources.Outstanding(
        id=str(receipt.id),
        code=receipt.code,
        reason=reason,
        since=since,
        unit=receipt.unit,
        passed_to=passed.unit if passed else "",
        category=receipt.classification.category,
        priority=receipt.classification.priority,
        area=receipt.area,
        cause=cause,
        receive_time=receipt.origin.receive_time,
    )


def _waits(receipt: Receipt, allowed: timedelta) -> tuple[Any, datetime | None, str]:
    """Why the desk has to see to it, since when, and the words for it."""
    passed, danger, ending = receipt.passed, receipt.suggestions.danger, receipt.ending
    kinds = resources.Outstanding
    if receipt.come_back_time is not None and danger is None and receipt.against:
        return kinds.REASON_ACCUSATION, receipt.come_back_time, ""
    if receipt.come_back_time is not None:
        return kinds.REASON_DANGER, receipt.come_back_time, names_of(danger) if danger else ""
    if passed is not None and passed.state == TicketState.RETURNED:
        if passed.answer == ACCUSATION_TOLD:
            return kinds.REASON_ACCUSATION, passed.answer_time, ""
        return kinds.REASON_RETURNED, passed.answer_time, passed.answer
    lapsed = passed.lapse_time if passed else None
    return kinds.REASON_LAPSED, lapsed or (ending.end_time + allowed if ending else None), ""
