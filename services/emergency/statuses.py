"""Team statuses: set through the door, listed with their terminals and open missions."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from backbone.directory.replica import Replica
from backbone.postgres import paging as pages
from backbone.postgres.asking import Asked
from backbone.postgres.conditions import Parameters, any_of
from backbone.postgres.states import with_proof
from backbone.postgres.turns import Turns
from backbone.rpc.caller import caller_of
from backbone.shell.shell import Shell
from backbone.wire import to_message
from backbone.words.city import Team
from backbone.words.sight import ORDER, Facts
from liandong.emergency.v1 import emergency_pb2 as resources
from liandong.emergency.v1 import emergency_service_pb2 as pb
from services.emergency import codec, staffing, storage
from services.emergency.deciders import missions, statuses
from services.emergency.scope import Scope
from services.emergency.team.status import TeamStatus, status_id
from services.emergency.terminals import Terminals

# Read whole, so that the document says which of them the caller may see.
OPEN = """
SELECT {state} FROM missions AS t WHERE t.end_time IS NULL AND t.team = ANY($1) AND {seen}
"""


class Statuses:
    """The states that teams report of themselves, with their missions and terminals."""

    def __init__(
        self, shell: Shell, replica: Replica, terminals: Terminals, hurry: Callable[[], None]
    ) -> None:
        self._shell = shell
        self._replica = replica
        self._terminals = terminals
        self._hurry = hurry
        self._turns = Turns(shell.pool, "team_statuses")

    async def set(self, body: pb.SetTeamStatusRequest, context: Any) -> resources.TeamStatus:
        caller = caller_of(context)
        city = self._replica.city
        command = codec.to_status_command(body, caller.actor, caller.team, city)
        of = status_id(body.team)
        status = await self._shell.perform(statuses, context, command, body, of, caller)
        self._hurry()
        team = city.teams.get(status.team)
        return to_message(status, resources.TeamStatus, name=team.name if team else "")

    async def list(
        self, request: pb.ListTeamStatusesRequest, sight: Scope
    ) -> pb.ListTeamStatusesResponse:
        """A page of the teams that may be seen, by code; without names all of them. Raises TooSlow;
        Unavailable for a status of a newer release, as a team may be out of service."""
        key, scope = self._shell.settings.keyring.lasting, pages.scope_of(request)
        last = pages.read_token(key, scope, request.page_token, str) or ""
        known = self._replica.city.teams
        codes = sorted(set(request.teams) & known.keys() if request.teams else known)
        seen = [code for code in codes if sight.sees(code, _facts_of(known[code]))]
        after = [code for code in seen if code > last]
        codes = after[: pages.size_of(request.page_size)]
        asked = Asked(sight.conditions)
        statement, values = _open_missions(codes, asked)
        async with self._turns.take() as conn:
            found = await conn.fetch(storage.READ_STATUSES, codes)
            open_ones = await conn.fetch(statement, *values)
        rows = await self._shell.rows.of(statuses).sound(found)
        said = {status.team: status for status in map(statuses.from_row, rows)}
        shown = await self._shell.rows.of(missions).all_shown(open_ones, asked)
        loads = Counter(missions.from_row(each).order.team for each in shown)
        return pb.ListTeamStatusesResponse(
            items=[self._resource(known[code], said, loads) for code in codes],
            next_page_token=pages.sign_token(key, scope, codes[-1])
            if len(after) > len(codes)
            else "",
            total_size=len(seen) if request.count else None,
        )

    def _resource(
        self, team: Team, said: dict[str, TeamStatus], loads: Counter[str]
    ) -> resources.TeamStatus:
        """A team that has said nothing is available."""
        message = resources.TeamStatus(team=team.code, duty=resources.TeamStatus.DUTY_AVAILABLE)
        if team.code in said:
            message = to_message(said[team.code], resources.TeamStatus)
        message.name, message.unit, message.area = team.name, team.unit, team.area
        message.terminals = self._terminals.connected(team.code)
        message.open_missions = loads[team.code]
        there = staffing.on_duty(self._replica.city, team.code)
        if there is not None:
            message.on_duty = there
        return message


def _facts_of(team: Team) -> Facts:
    return Facts(ORDER, (team.unit,), team.area)


def _open_missions(teams: Sequence[str], asked: Asked) -> tuple[str, list[Any]]:
    """The missions of these teams that have not ended, of those that the caller may see."""
    parameters = Parameters()
    parameters.add(list(teams), "text[]")
    seen = any_of(asked.sights, "t", parameters)
    return OPEN.format(state=with_proof("t"), seen=seen), parameters.values
