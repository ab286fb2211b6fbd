"""An HTTP client that retries as a department's own system should: with the same key.

After a lost connection, 429, 502, 503 and 504 the effect is unknown: the request is sent again with
the same Idempotency-Key, and a request that had taken effect gets its first answer. EXPIRED means
that the request had no effect and never will: a new key is derived from the first one.
"""

import asyncio
import random
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson

from backbone.process.current import trusting
from operate.home.trouble import Trouble

FIRST_FAILURE = 300
JSON = {"content-type": "application/json"}
UNKNOWN = frozenset({429, 502, 503, 504})
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
PATIENCE = 600.0
# Seconds for the first request, so that a person soon learns that the city does not answer.
FIRST_LOOK = 12.0
NOTHING: Mapping[str, str] = {}
LONGEST_ATTEMPT = 15.0
# Seconds in which the ends of TLS connections are exchanged.
TLS_GRACE = 0.25
# A stream sends a heartbeat every ten seconds; one that is silent for 30 s is dead.
STREAMING = aiohttp.ClientTimeout(total=None, sock_connect=3.0, sock_read=30.0)
LOST = (aiohttp.ClientError, TimeoutError, ConnectionError)


class Refused(Exception):
    """The city refused the request; a repeat would be refused again."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status, self.problem = status, problem
        self.reason = str(problem.get("reason", ""))
        super().__init__(f"{status} {self.reason}: {problem.get('detail', '')}")


class NoAnswer(Trouble):
    """The city did not answer within the patience of the connection."""

    def __init__(self, what: str, said: str, seconds: float) -> None:
        super().__init__(
            f"The city has not answered {what} for {seconds:.0f} s ({said}): `liandong status` "
            "shows what is missing. Then run the same command again; nothing is done twice.",
            f"{seconds:.0f} 秒内没有收到 {what} 的应答（{said}）：请用 liandong status 查看，"
            "然后重新执行同一命令，不会重复办理。",
        )


class Connection:
    """The HTTP connections of a replay, and the number of retries.

    `ca` is the file with the authority of a gateway that speaks TLS.
    """

    def __init__(
        self, base: str, width: int, patience: float = PATIENCE, ca: str | None = None
    ) -> None:
        self.base, self.retries, self.patience, self._width = base, 0, patience, width
        self._trust: ssl.SSLContext | bool = trusting(Path(ca)) if ca else True

    async def __aenter__(self) -> "Connection":
        attempt = min(LONGEST_ATTEMPT, self.patience)
        self.http = opened(self.base, self._width, attempt, self._trust)
        # Streams stay open, so they have a session of their own without a limit.
        self.streams = opened(self.base, 0, attempt, self._trust)
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.http.close()
        await self.streams.close()
        if self._trust is not True:  # aiohttp ends TLS connections behind its answer
            await asyncio.sleep(TLS_GRACE)


def opened(
    base: str, width: int, attempt: float, trust: ssl.SSLContext | bool
) -> aiohttp.ClientSession:
    """A session with at most `width` connections, 0 for no limit."""
    connector = aiohttp.TCPConnector(limit=width, ssl=trust)
    timeout = aiohttp.ClientTimeout(total=attempt, sock_connect=3.0)
    return aiohttp.ClientSession(base, connector=connector, timeout=timeout)


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a write; `seconds` counts from the first attempt."""

    body: Any
    replayed: bool
    seconds: float


class Client:
    """A client with one API key, which acts for one person of the unit if `person` is given."""

    def __init__(self, connection: Connection, key: str, person: str = "") -> None:
        self._connection = connection
        self._headers = {"authorization": f"Bearer {key}", "accept-language": "en"}
        if person:
            self._headers["liandong-person"] = quote(person)

    async def get(self, path: str, **query: Any) -> Any:
        """Return the JSON of a resource. Raises Refused and NoAnswer."""
        return orjson.loads((await self._send("GET", path, params=query)).content)

    async def items(self, path: str, **query: Any) -> AsyncIterator[dict[str, Any]]:
        """Every item of a list, page after page."""
        token = ""
        while True:
            page = await self.get(path, **query, **({"page_token": token} if token else {}))
            for item in page["items"]:
                yield item
            token = page["next_page_token"]
            if not token:
                return

    async def every(self, path: str, **query: Any) -> AsyncIterator[dict[str, Any]]:
        """Every item of a list, open ones and those that are over, each as it was seen last.

        One that ends between the two lists stands in both.
        """
        found: dict[str, dict[str, Any]] = {}
        for closed in ("false", "true"):
            async for item in self.items(path, closed=closed, **query):
                found[item["id"]] = item
        for item in found.values():
            yield item

    async def count(self, path: str, **query: Any) -> int:
        return int((await self.get(path, **query, count="true", page_size=1))["total_size"])

    async def post(
        self, path: str, key: str, body: Mapping[str, Any], version: int | None = None
    ) -> Answer:
        """Send a write until it is answered; it takes effect once. Raises Refused and NoAnswer."""
        seen = {} if version is None else {"if-match": f'"{version}"'}
        start, name, renewed = time.perf_counter(), key, 1
        while True:
            try:
                keyed = {"idempotency-key": name, **seen, **JSON}
                reply = await self._send("POST", path, keyed, data=orjson.dumps(body))
            except Refused as refused:
                if refused.reason != "EXPIRED":
                    raise
                renewed += 1
                name = f"{key}~{renewed}"
                continue
            replayed = reply.headers.get("idempotency-replayed") == "true"
            said = orjson.loads(reply.content) if reply.content else None
            return Answer(said, replayed, time.perf_counter() - start)

    async def _send(
        self, method: str, path: str, more: Mapping[str, str] = NOTHING, **what: Any
    ) -> Reply:
        headers = {**self._headers, **more}
        patience, pause = self._connection.patience, FIRST_PAUSE
        deadline = time.monotonic() + patience
        while True:
            try:
                reply = await self._once(method, path, headers, what)
                if reply.status < FIRST_FAILURE:
                    return reply
                refused = Refused(reply.status, problem_of(reply.content))
                if reply.status not in UNKNOWN or refused.reason == "EXPIRED":
                    raise refused
                said = str(refused)
            except LOST as error:
                said = str(error) or repr(error)
            if time.monotonic() + pause > deadline:
                raise NoAnswer(f"{method} {path}", said, patience)
            self._missed(said)
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
            pause = min(2 * pause, LONGEST_PAUSE)

    def _missed(self, said: str) -> None:
        """Count an attempt without an answer; `said` is its error. Another attempt follows."""
        self._connection.retries += 1

    async def _once(
        self, method: str, path: str, headers: Mapping[str, str], what: Mapping[str, Any]
    ) -> Reply:
        http = self._connection.http
        async with http.request(method, path, headers=headers, **what) as response:
            return Reply(response.status, response.headers, await response.read())

    def stream(self, path: str, cursor: str) -> Any:
        """Open an event stream after a cursor; return aiohttp's response context."""
        headers = {**self._headers, "accept": "text/event-stream"}
        if cursor:
            headers["last-event-id"] = cursor
        return self._connection.streams.get(path, headers=headers, timeout=STREAMING)


def problem_of(content: bytes) -> Mapping[str, Any]:
    try:
        problem: Mapping[str, Any] = orjson.loads(content)
    except ValueError:
        return {"reason": "NOT_JSON", "detail": content[:200].decode(errors="replace")}
    return problem
