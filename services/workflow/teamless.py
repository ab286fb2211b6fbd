"""Urgent matters without a team 紧急警情无队伍: the routing asks for teams, and none is under way.

No team was sent, or all have refused or were recalled. It is asked at the moment of the read, with
or without Kafka: a team that is sent takes the line away at once.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backbone.door.rows import RowsOf
from backbone.postgres.asking import Asked
from backbone.postgres.conditions import Parameters, any_of
from backbone.postgres.paging import read_token, scope_of, sign_token
from backbone.postgres.states import with_proof
from backbone.process import clock
from backbone.process.settings import Settings
from backbone.rpc.caller import Call, metadata_for
from backbone.rpc.channels import open_channel
from backbone.words.city import City
from backbone.words.linkage import asks_for_a_team
from backbone.words.rank import urgency_span
from liandong.emergency.v1 import emergency_service_pb2 as emergency_pb
from liandong.emergency.v1 import emergency_service_pb2_grpc as emergency
from liandong.incident.v1 import incident_pb2 as resources
from liandong.incident.v1 import incident_service_pb2 as pb
from services.workflow import storage
from services.workflow.beside import EMERGENCY, OF_RECEIPTS, PATIENCE, heard
from services.workflow.incident import reports
from services.workflow.incident.record import OPEN, Incident
from services.workflow.incident.waiting import TEAM_MISSING

# So many open matters are looked at for a page: nearly all of them have a team.
LOOK = 1000
# The open matters of a priority, the oldest first.
READ = """
SELECT t.id, t.rank, t.open_time, t.desk, t.priority FROM incidents AS t
WHERE {seen} AND t.state = ANY({states}) AND t.source = {source} AND t.priority = {priority}
  AND t.rank >= {first} AND t.rank < {last} AND (t.rank, t.id) > ({after}, {after_id})
  AND t.open_time <= {until}
ORDER BY t.rank, t.id LIMIT {limit}
"""
DOCUMENTS = f"SELECT {with_proof('t')} FROM incidents AS t WHERE id = ANY($1)"  # noqa: S608  # our names
Place = tuple[int, UUID]


class Teamless:
    """Reads them for the inbox of a desk."""

    def __init__(self, settings: Settings, rows: RowsOf, city: Callable[[], City]) -> None:
        self._token, self._key = settings.token, settings.keyring.lasting
        self._stub = emergency.EmergencyServiceStub(open_channel(settings, EMERGENCY))
        self._rows, self._city = rows, city

    async def page(
        self, request: pb.ListIncidentsRequest, caller: Call, size: int, away: list[str]
    ) -> tuple[list[resources.Incident], str]:
        """A page of what wants a team, the most urgent and oldest first, and the token of the next
        one. Nearly all open matters have a team: of the others alone the documents are read."""
        scope = scope_of(request)
        after: Place | None = read_token(self._key, scope, request.page_token, Place)
        rows = await self._open_ones(caller, after)
        unserved = await self._unserved(rows, caller, away)
        wanting = await self._wanting(unserved, caller) if unserved else set()
        found = [row for row in rows if row["id"] in wanting]
        last = found[size - 1] if len(found) > size else rows[-1] if len(rows) == LOOK else None
        token = sign_token(self._key, scope, (last["rank"], last["id"])) if last else ""
        return [_line(row) for row in found[:size]], token

    async def _open_ones(self, caller: Call, after: Place | None) -> list[Any]:
        policy, found = self._city().policy, list[Any]()
        for priority, minutes in sorted(policy.team_minutes.items()) if policy else ():
            until = clock.now() - timedelta(minutes=minutes)
            statement, values = _statement(caller, priority, until, after, LOOK - len(found))
            found += await self._rows.pool.fetch(statement, *values)
            if len(found) >= LOOK:
                break
        return found

    async def _unserved(self, rows: Sequence[Any], caller: Call, away: list[str]) -> set[UUID]:
        if not rows:
            return set()
        asked = emergency_pb.ListUnservedRequest(
            matter_ids=[str(row["id"]) for row in rows],
            priorities=[row["priority"] for row in rows],
        )
        metadata = metadata_for(self._token, caller.actor)
        call = self._stub.ListUnserved(asked, timeout=PATIENCE, metadata=metadata)
        answer = await heard(call, EMERGENCY, away)
        return {UUID(each) for each in answer.matter_ids} if answer else set()

    async def _wanting(self, ids: set[UUID], caller: Call) -> set[UUID]:
        """Those for which the routing asks for a team, by their proven documents."""
        asked, city = Asked(storage.sights_of(caller.actor)), self._city()
        rows = await self._rows.pool.fetch(DOCUMENTS, list(ids))
        shown = map(self._rows.decider.from_row, await self._rows.listed(rows, asked))
        return {each.id for each in shown if asks(each, city)}


def asks(incident: Incident, city: City) -> bool:
    """Whether the routing asks for a team for an incident that is not handled yet."""
    matter = incident.matter
    dangers = reports.told(incident).heard
    return incident.state in OPEN and asks_for_a_team(
        city, matter.category, matter.priority, dangers, matter.source
    )


def _statement(
    caller: Call, priority: str, until: datetime, after: Place | None, limit: int
) -> tuple[str, Sequence[Any]]:
    parameters = Parameters()
    first, last = urgency_span(priority)
    rank, after_id = after or (first, UUID(int=0))
    statement = READ.format(
        seen=any_of(storage.sights_of(caller.actor), "t", parameters),
        states=parameters.add([*OPEN], "text[]"),
        source=parameters.add(OF_RECEIPTS, "text"),
        priority=parameters.add(priority, "text"),
        first=parameters.add(first, "bigint"),
        last=parameters.add(last, "bigint"),
        after=parameters.add(rank, "bigint"),
        after_id=parameters.add(after_id, "uuid"),
        until=parameters.add(until, "timestamptz"),
        limit=parameters.add(limit, "bigint"),
    )
    return statement, parameters.values


def _line(row: Any) -> resources.Incident:
    item = resources.Incident(id=str(row["id"]), source=OF_RECEIPTS, desk=row["desk"])
    item.open_time.FromDatetime(row["open_time"])
    item.waits.add(unit=row["desk"], reason=TEAM_MISSING, since=item.open_time, overdue=True)
    return item
