"""One call over both roads: the state afterwards, or its refusal."""

from typing import Any

from backbone.intake import teams
from backbone.rpc.caller import Call
from backbone.shell.shell import Shell
from services.workflow import codec
from services.workflow.roads import Roads

# The calls that may cause what missions of an incident follow.
TOLD = frozenset(
    f"{name}Request"
    for name in (
        "AmendMatter",
        "LinkCaller",
        "UnlinkCaller",
        "SetPriority",
        "VoidIncident",
        "CloseIncident",
        "SettleIncident",
    )
)


class Calls:
    """Sends the verbs of all aggregates; `front` is the channel that hears their outcomes."""

    def __init__(self, shell: Shell, roads: Roads, front: str) -> None:
        self._shell = shell
        self._roads = roads
        self._front = front
        self._teams = teams.of_incidents(shell.settings, shell.pool)
        self._key = shell.settings.keyring.lasting

    async def perform(self, body: Any, context: Any, caller: Call) -> Any:
        """Return the aggregate as it is afterwards. Raises its Refusal."""
        request = codec.request_of(caller, body, self._key, self._front)
        outcome, road = await self._roads.perform(request, codec.to_value(request, body))
        if body.DESCRIPTOR.name in TOLD:
            await self._teams.tell(request.aggregate_id, caller.request_id)
        self._shell.report(context, caller, request.command, outcome, road.value)
        return outcome.state
