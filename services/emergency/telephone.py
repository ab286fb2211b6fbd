"""SMS and voice by a webhook: the city's own provider hears whom to call, and why.

The body holds a login, a code and a priority, never a name, a number, a place or a narrative. It
is signed, so that the provider can tell our calls from others.
"""

import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp

from backbone.process.settings import SettingsError

URL, SECRET = "LIANDONG_TELEPHONE_URL", "LIANDONG_TELEPHONE_SECRET"
# Seconds that one try may take.
BUDGET = 2.0


class NotSent(Exception):
    """The channel has not taken the message, or has not said so in time."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message to one person: a mission waits for an answer. `key` names the message."""

    key: str
    channel: str
    recipient: str
    code: str
    priority: str
    rung: int
    state: str


class Channel(Protocol):
    """A way to reach a person beside our own stream."""

    async def send(self, message: Message) -> None:
        """Hand the message over. Raises NotSent; the same message may be handed over again."""


class Webhook:
    """Posts each message to the provider's address."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._secret = secret.encode()
        self._session: aiohttp.ClientSession | None = None

    async def send(self, message: Message) -> None:
        body = body_of(message)
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.key,
            "Liandong-Signature": sign(self._secret, body, int(time.time())),
        }
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(BUDGET))
        try:
            async with self._session.post(self._url, data=body, headers=headers) as answer:
                if answer.status >= 300:
                    raise NotSent(f"HTTP {answer.status}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NotSent(type(error).__name__) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


@asynccontextmanager
async def closing(webhook: Webhook | None) -> AsyncIterator[None]:
    """Close its connections at the end of the block."""
    try:
        yield
    finally:
        if webhook is not None:
            await webhook.close()


def body_of(message: Message) -> bytes:
    refused = message.state == "REFUSED"
    said = "被拒绝" if refused else "无人签收"
    text = f"{message.priority} 出警任务 {message.code} {said}，请立即登录处理。"
    whole = {
        "key": message.key,
        "channel": message.channel,
        "recipient": message.recipient,
        "code": message.code,
        "priority": message.priority,
        "rung": message.rung,
        "reason": "REFUSED" if refused else "UNANSWERED",
        "text": text,
    }
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def sign(secret: bytes, body: bytes, moment: int) -> str:
    """`t=…,v1=…`: HMAC-SHA256 over the second of sending, a full stop and the body."""
    signature = hmac.new(secret, f"{moment}.".encode() + body, sha256).hexdigest()
    return f"t={moment},v1={signature}"


def read_webhook(environ: Mapping[str, str]) -> Webhook | None:
    """The webhook of the settings, None if none is set up. Raises SettingsError for half of it."""
    url, secret = environ.get(URL, ""), environ.get(SECRET, "")
    if not url and not secret:
        return None
    if not url or not secret:
        raise SettingsError(f"emergency cannot start: {URL} and {SECRET} go together")
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise SettingsError(f"emergency cannot start: {URL} is no http or https address")
    return Webhook(url, secret)
