"""Headers of every answer: no guessing of types, no copies, and HTTPS for good where it is on."""

from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # An endpoint whose answer holds no personal data says otherwise itself.
    "Cache-Control": "no-store",
}
HTTPS_FOR = "max-age=31536000"


class SafeHeaders:
    """Adds the headers that the answer does not have yet."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        secure = scope.get("scheme") == "https"

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                _complete(message, secure=secure)
            await send(message)

        await self._app(scope, receive, answer)


def _complete(message: Any, *, secure: bool) -> None:
    headers = MutableHeaders(raw=message.setdefault("headers", []))
    for name, value in ALWAYS.items():
        headers.setdefault(name, value)
    if secure:
        headers.setdefault("Strict-Transport-Security", HTTPS_FOR)
