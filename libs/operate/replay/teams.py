"""The simulated teams: each holds a stream open, and answers the missions pushed to it."""

import time
from typing import Any

from operate.replay.city import Keys
from operate.replay.client import Client, Connection, NoAnswer, Refused
from operate.replay.crew import Crew
from operate.replay.events import events
from operate.replay.ledger import Case, Ledger

MISSIONS = "/v1/missions"
STEPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("acknowledge", {}),
    ("enRoute", {}),
    ("onScene", {}),
    ("clear", {"result": "现场处置完毕，移交属地。"}),
)
# A step that crosses a recall is recorded and answered so.
CROSSED = ("RECALLED_MEANWHILE", "SAME_MATTER")


class Teams:
    """Answers each mission once, and counts repeated pushes."""

    def __init__(self, connection: Connection, keys: Keys, ledger: Ledger, crew: Crew) -> None:
        self._connection, self._keys = connection, keys
        self._ledger, self._crew = ledger, crew
        self._listening: set[str] = set()
        self._answering: set[str] = set()
        self.pushed: set[str] = set()

    def connect(self, team: str) -> None:
        """Open the team's stream, once."""
        if team not in self._listening:
            self._listening.add(team)
            self._crew.hire(self._listen(team))

    async def _listen(self, team: str) -> None:
        client = Client(self._connection, self._keys.teams[team])
        async for event in events(client, f"/v1/teams/{team}/stream"):
            if event.name == "mission":
                case = self._ledger.of_code(event.data["code"])
                if case is not None:
                    self._take(client, case, event.data)

    def _take(self, client: Client, case: Case, push: dict[str, Any]) -> None:
        mission = push["mission"]
        if mission not in self.pushed:
            self.pushed.add(mission)
            self._ledger.since("call_to_terminal", case.start)
            self._ledger.done["pushed"] += 1
        else:
            self._ledger.done["pushed_again"] += 1
        if mission not in self._answering and not case.cleared:
            self._answering.add(mission)
            self._crew.hire(self._answer(client, case, push))

    async def _answer(self, client: Client, case: Case, push: dict[str, Any]) -> None:
        mission, start = push["mission"], time.perf_counter()
        try:
            await self._say(client, mission, "received", {"seq": push["seq"]})
            try:
                for verb, body in STEPS:
                    await self._say(client, mission, verb, body)
                    if verb == "acknowledge":
                        self._ledger.since("terminal_to_acknowledged", start)
                case.cleared = True
            except Refused as error:
                if error.reason not in CROSSED:
                    raise
                await self._say(client, mission, "confirmRecall", {})
        except (Refused, NoAnswer) as error:
            self._ledger.trouble(f"mission {case.code}: {error}")
        finally:
            self._answering.discard(mission)

    async def _say(self, client: Client, mission: str, verb: str, body: dict[str, Any]) -> None:
        path = f"{MISSIONS}/{mission}:{verb}"
        self._ledger.took(verb, await client.post(path, f"{mission}/{verb}", body))
