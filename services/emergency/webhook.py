"""Posts messages to the provider of the city, which calls and writes to people.

The body holds a login, a code and a priority, never a name, a number, a place or a narrative. It
is signed, so that the provider can tell our calls from others.
"""

import hmac
import json
import time
from hashlib import sha256

import aiohttp

from services.emergency.telephone import Message, NotSent, Provider

# Seconds that one try may take.
BUDGET = 2.0


class Webhook:
    """Posts each message to the provider's address."""

    def __init__(self, provider: Provider) -> None:
        self._url = provider.url
        self._secret = provider.secret.encode()
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
