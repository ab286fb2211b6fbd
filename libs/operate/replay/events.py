"""Reads server-sent events, reconnecting with the last id so that none is missed."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp

from operate.replay.client import LOST, Client

PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    data: Any


async def events(client: Client, path: str) -> AsyncIterator[Event]:
    """Yield the events of a stream for ever, and an event named `lost` at each reconnection."""
    cursor = ""
    while True:
        try:
            async with client.stream(path, cursor) as response:
                if response.ok:
                    async for name, data, at in frames(response):
                        cursor = at or cursor
                        yield Event(name, json.loads(data or "null"))
        except LOST:
            pass
        yield Event("lost", None)
        await asyncio.sleep(PAUSE)


async def frames(response: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, str, str]]:
    """Yield name, data and id of each frame; comments are heartbeats and are skipped."""
    name, data, at = "message", "", ""
    async for written in response.content:
        line = written.decode().rstrip("\n")
        kind, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if kind == "event":
            name = value
        elif kind == "data":
            data += value
        elif kind == "id":
            at = value
        elif not line:
            if data or at:
                yield name, data, at
            name, data, at = "message", "", ""
