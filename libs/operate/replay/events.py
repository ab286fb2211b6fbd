"""Reads server-sent events for ever: reconnects with the last id, so that nothing is missed."""

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
    """Every event of a stream; `lost` stands for each time that the link broke."""
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
    """Name, data and id of each frame; comments are heartbeats, and an empty line ends a frame."""
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
