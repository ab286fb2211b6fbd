"""Alerts, for the people told of them: missions that teams have not answered or have refused.

A recall that a team has not confirmed is one of them.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from backbone.postgres import paging as pages
from backbone.postgres.asking import Asked
from backbone.postgres.conditions import AnyOf, Parameters, Sight, all_of, any_of, equal
from backbone.postgres.states import with_proof
from backbone.postgres.turns import Turns
from backbone.shell.shell import Shell
from backbone.wire import fill, to_message
from backbone.words.city import City
from liandong.emergency.v1 import emergency_pb2 as resources
from liandong.emergency.v1 import emergency_service_pb2 as pb
from services.emergency import attempts
from services.emergency.accusing import without_accused
from services.emergency.deciders import missions
from services.emergency.mission.recalling import lacks_team
from services.emergency.mission.record import Mission, State
from services.emergency.mission.rungs import Ladder
from services.emergency.scope import Scope

# The alert of a recall has a time to come, until which the team may confirm it.
# A refused mission is seen to when the matter was given to a team after it, and so is one that was
# recalled for the same matter as another and parted from it again, or with a matter that is open
# again; those stand for a day.
READ = """
SELECT {state}, m.alert_time FROM missions AS m
WHERE m.alert_time <= statement_timestamp() AND {seen} AND {filters} AND {after}
  AND NOT (m.state = 'REFUSED' AND EXISTS (
      SELECT FROM missions AS n WHERE n.matter_id = m.matter_id AND n.dispatch_time > m.end_time))
  AND (m.state <> 'RECALLED' OR m.due_time IS NOT NULL OR (
      greatest(m.end_time, (m.doc -> 'recall' ->> 'reopen_time')::timestamptz)
          > statement_timestamp() - interval '1 day'
      AND ((m.doc -> 'hidden' ->> 'accused')::boolean
           OR m.doc -> 'recall' ->> 'reopen_time' IS NOT NULL
           OR EXISTS (SELECT FROM missions AS s WHERE s.matter_id <> m.matter_id
                      AND s.id = (m.doc -> 'recall' ->> 'stays')::uuid))
      AND NOT EXISTS (SELECT FROM missions AS n
                      WHERE n.matter_id = m.matter_id AND n.dispatch_time > m.end_time)))
ORDER BY m.alert_time, m.id LIMIT {limit}
"""
MINE = """EXISTS (SELECT FROM json_array_elements(m.doc -> 'ladder' -> 'told') AS t
WHERE (t -> 'users')::jsonb ? {user})"""

Place = tuple[datetime, UUID]


class Alerts:
    """Reads them; the missions themselves are the truth."""

    def __init__(
        self, shell: Shell, city: Callable[[], City], channels_down: Callable[[], Sequence[str]]
    ) -> None:
        self._city = city
        self._pool, self._turns = shell.pool, Turns(shell.pool, "alerts")
        self._rows = shell.rows.of(missions)
        self._key = shell.settings.keyring.lasting
        self._channels_down = channels_down

    async def list(
        self, request: pb.ListAlertsRequest, sight: Scope, user: str
    ) -> pb.ListAlertsResponse:
        """A page of what the caller may see, the oldest first. Raises TooSlow."""
        scope, size = pages.scope_of(request), pages.size_of(request.page_size)
        after: Place | None = pages.read_token(self._key, scope, request.page_token, Place)
        statement, values = _statement(request, sight.conditions, user, after, size + 1)
        async with self._turns.take() as conn:
            rows = await conn.fetch(statement, *values)
        shown = rows[:size]
        lost = await attempts.undelivered(self._pool, [row["id"] for row in shown])
        response = pb.ListAlertsResponse(channels_down=self._channels_down())
        for row in await self._rows.listed(shown, Asked(sight.conditions)):
            mission = without_accused(missions.from_row(row), self._city())
            alert = _resource(mission, row["alert_time"], user)
            alert.undelivered = lost.get(row["id"], 0)
            response.items.append(alert)
        if len(rows) > size:
            last = (shown[-1]["alert_time"], shown[-1]["id"])
            response.next_page_token = pages.sign_token(self._key, scope, last)
        return response


def _resource(mission: Mission, since: datetime, user: str) -> resources.Alert:
    order, release = mission.order, mission.release
    ladder = mission.ladder or Ladder((), 0)
    alert = to_message(
        mission,
        resources.Alert,
        mission_id=str(mission.id),
        reason=_reason(mission),
        refuse_reason=mission.ending.refuse_reason if mission.ending else "",
        told_me=any(user in told.users for told in ladder.told),
    )
    for part in (order, release, ladder):
        fill(alert, part)
    alert.unit, alert.ordered_unit = mission.unit, mission.desk
    alert.matter_area = order.place.area
    if mission.recall is not None:
        alert.ClearField("next_teams")
    alert.since.FromDatetime(since)
    if ladder.due_time is not None:
        alert.next_due_time.FromDatetime(ladder.due_time)
    return alert


def _reason(mission: Mission) -> str:
    if mission.accused_since is not None:
        return "ACCUSED"
    if mission.recall is not None:
        if mission.recall.confirm_time is None:
            return "RECALL_UNCONFIRMED"
        return "MATTER_REOPENED" if lacks_team(mission) else "MATTER_PARTED"
    if mission.ending is None and mission.left is not None and mission.left.since is not None:
        return "MATTER_LEFT"
    if mission.state is not State.REFUSED:
        return "UNANSWERED"
    return "UNABLE" if mission.progress.acknowledge_time else "REFUSED"


def _statement(
    request: pb.ListAlertsRequest,
    sights: Sequence[Sight],
    user: str,
    after: Place | None,
    limit: int,
) -> tuple[str, list[Any]]:
    parameters = Parameters()
    filters = [_equal(name, getattr(request, name)) for name in ("priority", "team")]
    wanted = all_of([each for each in filters if each is not None], "m", parameters)
    if request.mine:
        wanted += " AND " + MINE.format(user=parameters.add(user, "text"))
    later = "true"
    if after is not None:
        time, last = parameters.add(after[0], "timestamptz"), parameters.add(after[1], "uuid")
        later = f"(m.alert_time, m.id) > ({time}, {last})"
    statement = READ.format(
        state=with_proof("m"),
        seen=any_of(sights, "m", parameters),
        filters=wanted,
        after=later,
        limit=parameters.add(limit, "bigint"),
    )
    return statement, parameters.values


def _equal(column: str, value: str) -> AnyOf | None:
    return equal(column, value) if value else None
