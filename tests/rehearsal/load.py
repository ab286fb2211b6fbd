"""People at work: matters from the call to the file, one request after the other, none repeated.

Each caller keeps a connection and knows one address, the balancer's. An answer that is not the
expected one is a failed request. What was answered is kept, to be compared with what is stored.
"""

import asyncio
import json
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp

from tests.people import CALL

REPORT = {"text": "已到现场,正在疏导", "public": True}
RESOLVE = {"outcome": "SOLVED", "reply": "双方自行协商,道路已恢复"}
# Seconds after which an answer comes too late for any person.
PATIENCE = 30.0


class Failed(Exception):
    """A request that did not get its answer."""


@dataclass(slots=True)
class Phase:
    """What was asked in one part of the rehearsal, and how far each matter was answered."""

    name: str
    sent: int = 0
    longest: float = 0.0
    failed: Counter[str] = field(default_factory=Counter)
    steps: dict[str, list[str]] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)


class Keys:
    """The API keys of the systems of desks and units, from run.json."""

    def __init__(self, run: Mapping[str, Any]) -> None:
        self._rows = [row for row in run["api_keys"] if not row.get("team")]

    def of(self, unit: str, role: str) -> str:
        return str(next(r["key"] for r in self._rows if (r["unit"], r["role"]) == (unit, role)))


class Caller:
    """One desk with its connection."""

    def __init__(self, http: aiohttp.ClientSession, keys: Keys) -> None:
        self._http, self._keys = http, keys

    async def matter(self, phase: Phase, pause: float) -> None:
        """Take a call and bring it to its file. Raises Failed."""
        taker = self._keys.of("990100-command", "call_taker")
        receipt = await self.post(phase, taker, "/v1/receipts", CALL)
        steps = phase.steps[receipt["id"]] = ["received"]
        opened = await self.post(phase, taker, f"/v1/receipts/{receipt['id']}:open")
        incident = opened["incident"]
        steps.append("opened")
        clerk = self._keys.of(incident["unit"], "clerk")
        verbs: list[tuple[str, str, Mapping[str, Any]]] = [
            (clerk, "claim", {}),
            (clerk, "report", REPORT),
            (clerk, "resolve", RESOLVE),
            (taker, "verify", {"solved": "YES"}),
            (taker, "close", {}),
        ]
        for key, verb, body in verbs:
            await self.post(phase, key, f"/v1/incidents/{incident['id']}:{verb}", body)
            steps.append(verb)
            await asyncio.sleep(pause)

    async def post(
        self, phase: Phase, key: str, path: str, body: Mapping[str, Any] | None = None
    ) -> Any:
        headers = {"authorization": f"Bearer {key}", "idempotency-key": uuid4().hex}
        phase.sent += 1
        began = time.monotonic()
        try:
            async with self._http.post(path, json=body or {}, headers=headers) as answer:
                said, status = await answer.read(), answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            phase.failed[f"{path.rpartition(':')[2]} {error!r}"] += 1
            raise Failed from error
        finally:
            phase.longest = max(phase.longest, time.monotonic() - began)
        if status >= 300:
            reason = f"{path.rpartition(':')[2]} {status} {said.decode()[:200]}"
            phase.failed[reason] += 1
            raise Failed(reason)
        return json.loads(said)


class Load:
    """Callers at work; `phase` is where they count now, `spare` one more for other work."""

    def __init__(self, callers: list[Caller], pause: float) -> None:
        self.phase = Phase("")
        self.spare = callers.pop()
        self._callers, self._pause = callers, pause
        self._over = False

    async def run(self) -> None:
        """Work until `end`."""
        await asyncio.gather(*(self._work(each) for each in self._callers))

    def enter(self, name: str) -> Phase:
        self.phase = Phase(name)
        return self.phase

    async def _work(self, caller: Caller) -> None:
        while not self._over:
            try:
                await caller.matter(self.phase, self._pause)
            except Failed:
                await asyncio.sleep(0.2)

    def end(self) -> None:
        """Every caller finishes the matter in hand."""
        self._over = True


@asynccontextmanager
async def at_work(
    run: Mapping[str, Any], port: int, callers: int, pause: float
) -> AsyncIterator[Load]:
    """Callers at the balancer's port, who finish what they have begun before the end."""
    trust = ssl.create_default_context(cafile=run["ca"]) if "ca" in run else None
    base = f"{'https' if trust else 'http'}://127.0.0.1:{port}"
    sessions = [
        aiohttp.ClientSession(
            base,
            connector=aiohttp.TCPConnector(limit=1, ssl=trust or True),
            timeout=aiohttp.ClientTimeout(total=PATIENCE),
        )
        for _ in range(callers + 1)
    ]
    load = Load([Caller(each, Keys(run)) for each in sessions], pause)
    working = asyncio.create_task(load.run())
    try:
        yield load
        load.end()
        await working
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        for session in sessions:
            await session.close()
