"""A gateway that is about to stop leads its connections to the others first.

It serves on, says at /readyz?serving that it does not, and ends each connection with its next
answer: so clients and balancers find another gateway, and no request fails.
"""

import asyncio
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from backbone.process.pulse import Pulse

LAST_ANSWER = (b"connection", b"close")


class Parting:
    """The application of a gateway, until it parts."""

    def __init__(self, app: ASGIApp, pulse: Pulse, seconds: float) -> None:
        """`seconds` must be longer than balancers take to see that it is not ready; 0 for none."""
        self._app, self._pulse, self._seconds = app, pulse, seconds
        self._begun = False

    async def part(self) -> None:
        self._pulse.lack("server", "it is stopping")
        self._begun = True
        await asyncio.sleep(self._seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Any) -> None:
            if self._begun and message["type"] == "http.response.start":
                message.setdefault("headers", []).append(LAST_ANSWER)
            await send(message)

        await self._app(scope, receive, answer)
