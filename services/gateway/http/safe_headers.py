"""Headers of every answer: no guessing of types, no copies, and HTTPS for good where it is on."""

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    # A browser that shows an answer as a page runs nothing in it, and puts it into no other page.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    # An endpoint whose answer holds no personal data says otherwise itself.
    (b"cache-control", b"no-store"),
)
OF_HTTPS = (*ALWAYS, (b"strict-transport-security", b"max-age=31536000; includeSubDomains"))


class SafeHeaders:
    """Adds the headers that the answer does not have yet."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted: Any = OF_HTTPS if scope.get("scheme") == "https" else ALWAYS

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                given = {name for name, _ in headers}
                headers.extend(header for header in wanted if header[0] not in given)
            await send(message)

        await self._app(scope, receive, answer)
