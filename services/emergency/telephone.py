"""SMS and voice: the messages of a ladder to people, and the provider that delivers them."""

import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from backbone.process.settings import SettingsError

URL, SECRET = "LIANDONG_TELEPHONE_URL", "LIANDONG_TELEPHONE_SECRET"


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


@dataclass(frozen=True, slots=True)
class Provider:
    """Who calls and writes to people for the city: the address of its webhook, and our secret."""

    url: str
    secret: str


def read_provider(environ: Mapping[str, str]) -> Provider | None:
    """The provider of the settings, None if none is set up. Raises SettingsError for half of it."""
    url, secret = environ.get(URL, ""), environ.get(SECRET, "")
    if not url and not secret:
        return None
    if not url or not secret:
        raise SettingsError(f"emergency cannot start: {URL} and {SECRET} go together")
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise SettingsError(f"emergency cannot start: {URL} is no http or https address")
    return Provider(url, secret)


@asynccontextmanager
async def opened(provider: Provider | None) -> AsyncIterator[Channel | None]:
    """The channel to the provider, closed at the end of the block. A client of HTTP is loaded only
    where there is a provider: it takes 9 MiB."""
    if provider is None:
        yield None
        return
    webhook: Any = importlib.import_module("services.emergency.webhook").Webhook(provider)
    try:
        yield webhook
    finally:
        await webhook.close()
