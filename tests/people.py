"""People and departments' systems at the public door of a whole city, for stories and chaos."""

import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest

from operate.replay.client import Client, Connection, Refused
from operate.replay.events import Event, events
from tests.servers import PLAIN, Installed
from tests.unnamed import require_field

POINT = {"longitude": 108.912, "latitude": 34.231}
TOWNSHIP = "990101001"
CALL: dict[str, Any] = {
    "kind": "CALL",
    "caller": {"number": "13800000000", "name": "王某", "protected": False},
    "place": {"text": "青山镇长风路12号", "point": POINT},
    "category": "traffic.accident",
    "priority": "P2",
    "narrative": "两车相撞,无人受伤",
}


class Visit:
    """One visitor's connections to the city; all people speak through it."""

    def __init__(
        self,
        city: Installed,
        connection: Connection,
        http: httpx.AsyncClient,
        client: Callable[..., Client] = Client,
    ) -> None:
        self.city, self.connection, self.http = city, connection, http
        self._run, self._client = city.run, client

    async def person(self, user: str) -> Client:
        """Sign in with a demo account."""
        account = next(row for row in self._run["accounts"] if row["user"] == user)
        said = {"user": user, "password": account["password"]}
        answer = await self.http.post("/v1/sessions", json=said)
        assert answer.status_code in (200, 201), answer.text
        return self._client(self.connection, answer.json()["token"])

    def system(self, unit: str, role: str = "", person: str = "", team: str = "") -> Client:
        """A department's own system, with its API key."""
        key = next(
            row["key"]
            for row in self._run["api_keys"]
            if row["unit"] == unit
            and (not role or row["role"] == role)
            and (row.get("team") or "") == team
        )
        return self._client(self.connection, key, person)

    def citizen(self) -> httpx.AsyncClient:
        """A person without an account."""
        return self.http


@asynccontextmanager
async def visiting(city: Installed, client: Callable[..., Client] = Client) -> AsyncIterator[Visit]:
    base, ca = city.run["gateway"], city.run.get("ca")
    trust = ssl.create_default_context(cafile=ca) if ca else PLAIN
    async with (
        Connection(base, 16, ca=ca) as connection,
        httpx.AsyncClient(base_url=base, verify=trust) as http,
    ):
        yield Visit(city, connection, http, client)


async def act(
    client: Client, path: str, body: Mapping[str, Any] | None = None, version: int | None = None
) -> Any:
    """Do it once, under a fresh key, and return the answer."""
    return (await client.post(path, uuid4().hex, body or {}, version)).body


async def refused(call: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        await call
    require_field(caught.value.problem)
    return caught.value


async def take_call(desk: Client, **parts: Any) -> Any:
    return await act(desk, "/v1/receipts", CALL | parts)


async def open_incident(desk: Client, **parts: Any) -> Any:
    """Take a call, open its incident, and return the incident as its desk sees it."""
    receipt = await take_call(desk, **parts)
    opened = await act(desk, f"/v1/receipts/{receipt['id']}:open")
    assert opened["outcome"] == "OPENED"
    return opened["incident"]


class Listener:
    """What came over an event stream so far; waits for what has not come yet."""

    def __init__(self, client: Client, path: str) -> None:
        self.seen: list[Event] = []
        self._events = events(client, path)

    async def until(self, name: str, **facts: Any) -> Any:
        """The next event of this name with these facts."""
        async for event in self._events:
            self.seen.append(event)
            said = event.data if isinstance(event.data, dict) else {}
            if event.name == name and facts.items() <= said.items():
                return event.data
        raise AssertionError("the stream ended")

    def named(self, name: str) -> list[Any]:
        return [event.data for event in self.seen if event.name == name]

    async def close(self) -> None:
        await self._events.aclose()  # type: ignore[attr-defined]
