"""A telephone world: a real HTTP server that takes SMS and calls, as a city's provider would.

It can be out of order, slow, or answer an error after it has sent; a repeated key is sent once.
`python -m tests.telephones` shows what arrives, for a demo.
"""

import asyncio
import hmac
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from aiohttp import web

SECRET = "a secret between the city and its provider"


@dataclass
class Telephones:
    """What has arrived: `heard` every request, `sent` the messages that rang, each key once.

    `outage` are the channels that fail, `delay` the seconds before each answer, `double` says that
    a message is sent and its answer lost, so that it is asked for again.
    """

    url: str = ""
    outage: set[str] = field(default_factory=set)
    delay: float = 0.0
    double: bool = False
    heard: list[dict[str, Any]] = field(default_factory=list)
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not is_signed(body, request.headers["Liandong-Signature"]):
            return web.Response(status=401)
        message = json.loads(body)
        assert request.headers["Idempotency-Key"] == message["key"]
        self.heard.append(message)
        await asyncio.sleep(self.delay)
        if message["channel"] in self.outage:
            return web.Response(status=503)
        is_new = message["key"] not in self.sent
        self.sent.setdefault(message["key"], message)
        self._news.set()
        return web.Response(status=500 if self.double and is_new else 200)

    def reached(self, channel: str = "") -> list[str]:
        """Who was reached, in order, by each message once."""
        return [m["recipient"] for m in self.sent.values() if channel in ("", m["channel"])]

    async def until(self, number: int, patience: float = 10.0) -> None:
        """Wait until so many messages were sent."""
        async with asyncio.timeout(patience):
            while len(self.sent) < number:
                self._news.clear()
                await self._news.wait()


def is_signed(body: bytes, header: str) -> bool:
    """Check the signature as a provider would, by its description and not by our code."""
    said = dict(part.split("=", 1) for part in header.split(","))
    wanted = hmac.new(SECRET.encode(), f"{said['t']}.".encode() + body, sha256).hexdigest()
    return hmac.compare_digest(wanted, said["v1"])


@asynccontextmanager
async def telephones() -> AsyncIterator[Telephones]:
    """The world, listening on a port of its own."""
    world = Telephones()
    async with listening(world, 0):
        yield world


@asynccontextmanager
async def listening(world: Telephones, port: int) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_post("/messages", world.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    host, bound = runner.addresses[0][:2]
    world.url = f"http://{host}:{bound}/messages"
    try:
        yield
    finally:
        await runner.cleanup()


async def demonstrate(port: int) -> None:
    """Show what arrives, until Ctrl-C: for a demo beside `make run`."""
    world = Telephones()
    async with listening(world, port):
        sys.stdout.write(
            f"LIANDONG_TELEPHONE_URL={world.url} LIANDONG_TELEPHONE_SECRET='{SECRET}'\n"
        )
        shown = 0
        while True:
            await asyncio.sleep(0.2)
            for message in [*world.sent.values()][shown:]:
                shown += 1
                sys.stdout.write(
                    f"{message['channel']} → {message['recipient']}: {message['text']}\n"
                )
            sys.stdout.flush()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(demonstrate(int(sys.argv[1]) if len(sys.argv) > 1 else 8690))
