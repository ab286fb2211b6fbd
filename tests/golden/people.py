"""People at the HTTP face of a city that `make.py` has started; each request has its own key."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

import httpx

POINT = {"longitude": 108.912, "latitude": 34.231}
TOWNSHIP = "990101001"
COMMAND = "990100-command"
POLICE, URBAN, MARKET, HALL, JUSTICE, MEDIATION = (
    f"{TOWNSHIP}-{kind}"
    for kind in ("police", "urban_management", "market", "township", "justice", "mediation")
)
OFFICE, DISCIPLINE, COUNTY = "990101-petition_office", "990101-discipline", "990101-government"
TAKER, DISPATCHER = f"call_taker.{COMMAND}", f"dispatcher.{COMMAND}"
CLERK = f"clerk.{POLICE}"
RETRY = frozenset({429, 502, 503, 504})


class City:
    """One running installation; `told` counts the answers by what was asked and how it ended."""

    def __init__(self, run: Mapping[str, Any], http: httpx.AsyncClient) -> None:
        self._run, self._http = run, http
        self._tokens: dict[str, str] = {}
        self._paths: frozenset[str] = frozenset()
        self.told: Counter[str] = Counter()

    async def post(
        self,
        user: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str = "",
        refused: str = "",
        **headers: str,
    ) -> Any:
        """Ask for a change and return the answer. `refused` is the reason that is expected.

        `purpose` and `seen` are sent as Liandong-Purpose and If-Match. Raises AssertionError for
        any other answer than the expected one.
        """
        sent = {"authorization": f"Bearer {await self._token(user)}"} if user else {}
        sent["idempotency-key"] = key or f"golden-{self.told.total()}"
        if "purpose" in headers:
            sent["liandong-purpose"] = quote(headers["purpose"])
        if "seen" in headers:
            sent["if-match"] = f'"{headers["seen"]}"'
        answer = await self._patiently("POST", path, headers=sent, json=dict(body or {}))
        said = answer.json() if answer.content else {}
        reason = said.get("reason", "") if answer.status_code >= httpx.codes.BAD_REQUEST else ""
        assert reason == refused, f"{user} {path}: {answer.status_code} {answer.text}"
        self.told[f"{path.rpartition(':')[2]} {reason}".strip()] += 1
        return said

    async def has(self, path: str) -> bool:
        """Whether this release has the route, written as in its OpenAPI document."""
        if not self._paths:
            self._paths = frozenset((await self.get("", "/openapi.json"))["paths"])
        return path in self._paths

    async def get(self, user: str, path: str, **query: Any) -> Any:
        """What a person reads; without a user, what all may read."""
        headers = {"authorization": f"Bearer {await self._token(user)}"} if user else {}
        answer = await self._patiently("GET", path, headers=headers, params=query)
        return answer.json()

    async def until(self, look: Callable[[], Awaitable[Any]], seconds: float = 90.0) -> Any:
        """Look again and again until there is something."""
        async with asyncio.timeout(seconds):
            while not (found := await look()):
                await asyncio.sleep(0.3)
        return found

    async def _token(self, user: str) -> str:
        """A person's session, or the API key of a unit's own system, written `unit/role`."""
        if user not in self._tokens:
            self._tokens[user] = await self._signed_in(user)
        return self._tokens[user]

    async def _signed_in(self, user: str) -> str:
        unit, is_system, role = user.partition("/")
        if is_system:
            keys = self._run["api_keys"]
            key: str = next(e["key"] for e in keys if (e["unit"], e["role"]) == (unit, role))
            return key
        account = next(each for each in self._run["accounts"] if each["user"] == user)
        said = {"user": user, "password": account["password"]}
        answer = await self._patiently("POST", "/v1/sessions", json=said)
        token: str = answer.json()["token"]
        return token

    async def _patiently(self, method: str, path: str, **more: Any) -> httpx.Response:
        for _ in range(60):
            answer = await self._http.request(method, path, **more)
            if answer.status_code not in RETRY:
                break
            await asyncio.sleep(0.5)
        return answer
