"""Team statuses: aggregates of their own beside the missions, through a door of their own."""

from collections.abc import Sequence
from typing import Any

import msgspec

from backbone.city import Team
from backbone.context import caller_of
from backbone.decider import Decider
from backbone.door import Door
from backbone.replica import Replica
from backbone.shell import Shell
from backbone.wire import to_message
from liandong.emergency.v1 import emergency_pb2 as resources
from liandong.emergency.v1 import emergency_service_pb2 as pb
from liandong.emergency.v1.emergency_events_pb2 import EmergencyEvent
from services.emergency import codec, storage
from services.emergency.domain import status
from services.emergency.domain.status import SetTeamStatus, TeamStatus, TeamStatusSet, status_id
from services.emergency.scope import Sight
from services.emergency.terminals import Terminals

DECIDER: Decider[TeamStatus, SetTeamStatus, TeamStatusSet] = Decider(
    table=storage.STATUSES,
    record=TeamStatus,
    event=EmergencyEvent,
    kind="liandong.emergency",
    decide=status.decide,
    evolve=status.evolve,
    scope=codec.status_scope,
)


class Statuses:
    """What teams say of themselves, with what this service knows of them."""

    def __init__(self, shell: Shell[Any, Any, Any], replica: Replica, terminals: Terminals) -> None:
        self._shell = shell
        self._replica = replica
        self._terminals = terminals
        self._door = Door(shell.pool, DECIDER, shell.relay.wake)

    async def set(self, body: pb.SetTeamStatusRequest, context: Any) -> resources.TeamStatus:
        caller = caller_of(context)
        city = self._replica.city
        command = codec.to_status_command(body, caller.actor, caller.team, city)
        request = self._shell.request(caller, command, body, status_id(body.team))
        [outcome] = await self._door.perform([request])
        self._shell.report(context, caller, command, outcome)
        found = DECIDER.from_row(outcome.answer)
        return to_message(found, resources.TeamStatus, name=city.teams[found.team].name)

    async def list(self, teams: Sequence[str], sight: Sight) -> Sequence[resources.TeamStatus]:
        """The teams that may be seen, by code; without names all of them."""
        known = self._replica.city.teams
        codes = sorted(set(teams) & known.keys() if teams else known)
        seen = [known[c] for c in codes if sight.sees(c, known[c].unit, known[c].area)]
        codes = [team.code for team in seen]
        rows = await self._shell.pool.fetch(storage.READ_STATUSES, codes)
        said = {row[0]["team"]: msgspec.convert(row[0], TeamStatus) for row in rows}
        missions = await storage.open_by_team(self._shell.pool, codes)
        return [self._resource(team, said, missions) for team in seen]

    def _resource(
        self, team: Team, said: dict[str, TeamStatus], missions: dict[str, int]
    ) -> resources.TeamStatus:
        """Who has said nothing is available."""
        message = resources.TeamStatus(team=team.code, duty=resources.TeamStatus.DUTY_AVAILABLE)
        if team.code in said:
            message = to_message(said[team.code], resources.TeamStatus)
        message.name, message.unit, message.area = team.name, team.unit, team.area
        message.terminals = self._terminals.connected(team.code)
        message.open_missions = missions.get(team.code, 0)
        return message
