"""The inbox 待办 as one list: alerts first, then urgent matters without a team, then what was
passed on in vain, then tickets, then what is late in care, then refused follow-ups, then the
incidents.

A page token begins with the number of the part that the page begins in.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from backbone.door.rows import RowsOf
from backbone.postgres.asking import Asked
from backbone.postgres.conditions import Parameters, any_of
from backbone.postgres.listing import fitting
from backbone.postgres.paging import MOST, size_of
from backbone.postgres.states import with_proof
from backbone.process.settings import Settings
from backbone.rpc.caller import Call
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument
from backbone.words.neighbours import gets_tickets
from backbone.words.rights import CARE_READERS
from backbone.words.roles import (
    ANSWERERS,
    AUDITORS,
    DESKS,
    PARTNERS,
    SUPERIORS,
    TEAM_SENDERS,
    roles,
)
from liandong.incident.v1 import incident_pb2 as resources
from liandong.incident.v1 import incident_service_pb2 as pb
from services.workflow import storage
from services.workflow.beside import Beside
from services.workflow.incident.record import Incident
from services.workflow.incident.waiting import (
    ALERTED,
    CARED,
    LINK_REFUSED,
    PASSED,
    TEAM_MISSING,
    TICKET,
)
from services.workflow.narrowing import columns_of, fits, narrows
from services.workflow.teamless import Teamless

# They send teams, or the ladder tells them of a team that is silent.
TOLD = TEAM_SENDERS | roles("leader", "head")
SETTLERS = DESKS | SUPERIORS
# They hand persons over into care, or are entrusted with them.
CARES = CARE_READERS - AUDITORS
SEEN = f"SELECT {with_proof('t')} FROM incidents AS t WHERE id = ANY({{ids}}) AND {{seen}}"  # noqa: S608  # our names

Part = Callable[
    [pb.ListIncidentsRequest, Call, int, list[str]],
    Awaitable[tuple[list[resources.Incident], str]],
]
Rest = Callable[[pb.ListIncidentsRequest], Awaitable[pb.ListIncidentsResponse]]


class DeskInbox:
    """`shown` shows an incident to a reader."""

    def __init__(
        self,
        settings: Settings,
        rows: RowsOf,
        shown: Callable[[Incident, Actor], resources.Incident],
        city: Callable[[], City],
    ) -> None:
        self._rows, self._shown, self._city = rows, shown, city
        self.beside, self._teamless = Beside(settings), Teamless(settings, rows, city)

    async def page(
        self, request: pb.ListIncidentsRequest, caller: Call, rest: Rest
    ) -> pb.ListIncidentsResponse:
        """`rest` gives a page of the incidents alone. A partner handles none of them."""

        async def page(size: int) -> pb.ListIncidentsResponse:
            return await self._page(_asking(request, request.page_token, size), caller, rest)

        answer: pb.ListIncidentsResponse = await fitting(page, size_of(request.page_size))
        return answer

    async def _page(
        self, request: pb.ListIncidentsRequest, caller: Call, rest: Rest
    ) -> pb.ListIncidentsResponse:
        rest = _nothing if caller.actor.role in PARTNERS else rest
        parts = self._parts(request, caller.actor)
        number, token = _place(request.page_token, len(parts))
        size, away = request.page_size, list[str]()
        items: list[resources.Incident] = []
        while number < len(parts) and len(items) < size:
            asked, left = _asking(request, token), size - len(items)
            found, token = await self._fitting(parts[number], asked, caller, left, away)
            items += found
            number += 0 if token else 1
        response = await self._rest(request, f"{number}{token}", size - len(items), rest, parts)
        own = list(response.items)
        del response.items[:]
        response.items.extend([*items, *own])
        if request.count and parts:
            response.total_size += await self._size(parts, request, caller, away)
        response.away.extend(dict.fromkeys(away))
        return response

    async def _rest(
        self,
        request: pb.ListIncidentsRequest,
        place: str,
        left: int,
        rest: Rest,
        parts: Sequence[Part],
    ) -> pb.ListIncidentsResponse:
        """The incidents that fit on the page; the token of the next page begins at its place."""
        number, token = int(place[0]), place[1:]
        begins_here = number == len(parts) and left > 0
        if not begins_here and not request.count:
            return pb.ListIncidentsResponse(next_page_token=place)
        response = await rest(_asking(request, token if begins_here else "", left or 1))
        if not begins_here:
            del response.items[:]
            response.next_page_token = place
        elif response.next_page_token:
            response.next_page_token = f"{number}{response.next_page_token}"
        return response

    def _parts(self, request: pb.ListIncidentsRequest, actor: Actor) -> list[Part]:
        """The parts before the incidents that the caller asks for and may see."""
        parts: list[Part] = []
        if actor.role in TOLD and request.reason in ("", *ALERTED.values()):
            parts.append(self.beside.alerts)
        if actor.role in TEAM_SENDERS and request.reason in ("", TEAM_MISSING):
            parts.append(self._teamless.page)
        if actor.role in SETTLERS and request.reason in ("", *PASSED.values()):
            parts.append(self.beside.passed)
        answers = actor.role in ANSWERERS and gets_tickets(self._city(), actor.unit)
        if answers and request.reason in ("", TICKET):
            parts.append(self.beside.tickets)
        if actor.role in CARES and request.reason in ("", *CARED):
            parts.append(self.beside.care)
        if actor.role in SETTLERS and request.reason in ("", LINK_REFUSED) and not request.overdue:
            parts.append(self.beside.links)
        return parts

    async def _fitting(
        self,
        part: Part,
        request: pb.ListIncidentsRequest,
        caller: Call,
        most: int,
        away: list[str],
    ) -> tuple[list[resources.Incident], str]:
        """At most so many lines of a part that fit the filters, and the token of those after them.

        Few of many may fit: a whole page is read at once, and read again up to the last line that
        is shown, as only the service that keeps them can say where its page ends.
        """

        async def read(size: int) -> tuple[list[resources.Incident | None], str]:
            found, token = await part(request, caller, size, away)
            return await self._completed(found, request, caller.actor), token

        lines, token = await read(MOST if narrows(request) else most)
        places = [place for place, each in enumerate(lines, 1) if each is not None]
        if len(places) > most:
            lines, token = await read(places[most - 1])
        return [each for each in lines if each is not None], token

    async def _size(
        self,
        parts: Sequence[Part],
        request: pb.ListIncidentsRequest,
        caller: Call,
        away: list[str],
    ) -> int:
        size = 0
        for part in parts:
            token, goes_on = "", True
            while goes_on:
                asked = _asking(request, token)
                found, token = await self._fitting(part, asked, caller, MOST, away)
                size += len(found)
                goes_on = bool(token)
        return size

    async def _completed(
        self, items: list[resources.Incident], request: pb.ListIncidentsRequest, actor: Actor
    ) -> list[resources.Incident | None]:
        """The items with what the caller may see of their incidents, where these are here; None
        in the place of one that the filters leave out."""
        parameters = Parameters()
        ids = parameters.add([UUID(each.id) for each in items], "uuid[]")
        asked = Asked(storage.sights_of(actor))
        statement = SEEN.format(ids=ids, seen=any_of(asked.sights, "t", parameters))
        rows = await self._rows.pool.fetch(statement, *parameters.values) if items else ()
        known = {str(row["id"]): row for row in await self._rows.listed(rows, asked)}
        return [self._line(each, known.get(each.id), request, actor) for each in items]

    def _line(
        self, item: resources.Incident, row: Any, request: pb.ListIncidentsRequest, actor: Actor
    ) -> resources.Incident | None:
        decider = self._rows.decider
        incident = None if row is None else decider.from_row(row)
        columns = columns_of(item) if incident is None else decider.table.project(incident)
        if not fits(request, item.waits[0], columns):
            return None
        if incident is None:
            return item
        message = self._shown(incident, actor)
        message.waits.extend(item.waits)
        return message


async def _nothing(request: pb.ListIncidentsRequest) -> pb.ListIncidentsResponse:
    return pb.ListIncidentsResponse()


def _place(token: str, last: int) -> tuple[int, str]:
    """The part of the list that a page begins in, and its place there."""
    if not token:
        return 0, ""
    if not token[0].isdecimal() or int(token[0]) > last:
        raise InvalidArgument("BAD_PAGE_TOKEN")
    return int(token[0]), token[1:]


def _asking(request: pb.ListIncidentsRequest, token: str, size: int = 0) -> pb.ListIncidentsRequest:
    asked = pb.ListIncidentsRequest()
    asked.CopyFrom(request)
    asked.page_token, asked.page_size = token, size
    return asked
