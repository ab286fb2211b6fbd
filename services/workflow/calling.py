"""One call over both roads: the state afterwards, or its refusal."""

from typing import Any

from backbone.rpc.caller import Call
from backbone.shell.shell import Shell
from services.workflow import codec
from services.workflow.roads import Roads


class Calls:
    """Sends the verbs of all aggregates; `front` is the channel that hears their outcomes."""

    def __init__(self, shell: Shell, roads: Roads, front: str) -> None:
        self._shell = shell
        self._roads = roads
        self._front = front
        self._key = shell.settings.keyring.lasting

    async def perform(self, body: Any, context: Any, caller: Call) -> Any:
        """Return the aggregate as it is afterwards. Raises its Refusal."""
        request = codec.request_of(caller, body, self._key, self._front)
        outcome, road = await self._roads.perform(request, codec.to_value(request, body))
        self._shell.report(context, caller, request.command, outcome, road.value)
        return outcome.state
