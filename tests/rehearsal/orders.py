"""A team with a terminal behind the balancer: every order reaches it, once, wherever it hangs."""

import asyncio
import time
from collections import Counter
from contextlib import aclosing, suppress
from typing import Any

from operate.replay.client import Client, Connection
from operate.replay.events import events
from tests.people import CALL, TOWNSHIP
from tests.rehearsal.load import Caller, Failed, Phase

UNIT, TEAM = f"{TOWNSHIP}-emergency", f"{TOWNSHIP}-emergency-team"
FLOOD = {**CALL, "category": "hazard.flood", "priority": "P1", "narrative": "长风路内涝,水还在涨"}
# Seconds after which an order that has not come is lost: a terminal that reconnects may take some.
PATIENCE = 30.0


class Terminal:
    """The team's stream, which reconnects with the id of its last event as terminals do."""

    def __init__(self, connection: Connection, key: str) -> None:
        self._client = Client(connection, key)
        self.pushed: Counter[tuple[int, int]] = Counter()
        self.codes: dict[str, asyncio.Event] = {}
        self.welcomes = 0
        self.connected = asyncio.Event()

    async def listen(self) -> None:
        async with aclosing(self._events()) as stream:
            async for event in stream:
                if event.name == "welcome":
                    self.welcomes += 1
                    self.connected.set()
                elif event.name == "mission":
                    self.pushed[event.data["seq"], event.data["attempt"]] += 1
                    self.of(event.data["code"]).set()

    def _events(self) -> Any:
        return events(self._client, f"/v1/teams/{TEAM}/stream?device=cab")

    def of(self, code: str) -> asyncio.Event:
        return self.codes.setdefault(code, asyncio.Event())


class Orders:
    """A desk that sends the team again and again, and what did not come of it."""

    def __init__(self, caller: Caller, terminal: Terminal, desk: str, leader: str) -> None:
        self._caller, self.terminal = caller, terminal
        self._desk, self._leader = desk, leader
        self.sent = self.unheard = 0
        self.lost: list[str] = []
        self.longest = 0.0

    @property
    def doubled(self) -> list[str]:
        return [f"push {key} ×{n}" for key, n in self.terminal.pushed.items() if n > 1]

    async def once(self, phase: Phase) -> None:
        """Send the team, see the order at its terminal, and have it done. Raises Failed."""
        receipt = await self._caller.post(phase, self._desk, "/v1/receipts", FLOOD)
        began, path = time.monotonic(), f"/v1/receipts/{receipt['id']}:dispatch"
        order = await self._caller.post(phase, self._desk, path, {"team": TEAM})
        self.sent += 1
        self.unheard += not order["reachable"]
        try:
            await asyncio.wait_for(self.terminal.of(receipt["code"]).wait(), PATIENCE)
        except TimeoutError:
            self.lost.append(f"order {receipt['code']}")
        self.longest = max(self.longest, time.monotonic() - began)
        done = f"/v1/missions/{order['mission']['id']}:clear"
        with suppress(Failed):
            await self._caller.post(phase, self._leader, done, {"result": "积水排除"})
