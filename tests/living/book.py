"""Every request that people made: how long it waited, and what it was told meanwhile."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import inf
from typing import Any
from uuid import uuid4

from operate.replay.client import Client, NoAnswer, Refused

# An answer that comes later than this is a wait that people notice.
NOTICED = 2.0


@dataclass(slots=True)
class Asked:
    """One request: `missed` are the attempts that had no answer, `refused` why it failed."""

    path: str
    began: float
    ended: float = 0.0
    missed: list[str] = field(default_factory=list)
    refused: str = ""

    @property
    def seconds(self) -> float:
        return (self.ended or time.monotonic()) - self.began

    @property
    def was_noticed(self) -> bool:
        return bool(self.missed or self.refused) or self.seconds > NOTICED


class Book:
    """All requests of all people."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    def client(self, *arguments: Any) -> "Noted":
        """A client of which each request is noted here."""
        return Noted(self, *arguments)

    def between(self, begin: float, end: float = inf) -> Sequence[Asked]:
        """The requests that were made before the end, and had no answer yet at the beginning."""
        return [
            each
            for each in self.asked
            if each.began < end and (not each.ended or each.ended >= begin)
        ]


class Noted(Client):
    """Makes one request at a time."""

    def __init__(self, book: Book, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._book = book
        self._now: Asked | None = None

    async def do(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Write once, under a fresh key, as often as it takes; return the answer."""
        async with self._noting(path):
            return (await self.post(path, uuid4().hex, body or {})).body

    async def look(self, path: str, **query: Any) -> Any:
        async with self._noting(path):
            return await self.get(path, **query)

    @asynccontextmanager
    async def _noting(self, path: str) -> AsyncIterator[None]:
        self._now = asked = Asked(path, time.monotonic())
        self._book.asked.append(asked)
        try:
            yield
        except (Refused, NoAnswer) as error:
            asked.refused = str(error)
            raise
        finally:
            asked.ended = time.monotonic()
            self._now = None

    def _missed(self, said: str) -> None:
        super()._missed(said)
        if self._now is not None:
            self._now.missed.append(said)


def seen(asked: Sequence[Asked]) -> str:
    """What people saw, in words."""
    failed = [each for each in asked if each.refused]
    waited = [each for each in asked if each.was_noticed and not each.refused]
    words = [f"{len(waited)} of {len(asked)} requests waited"] if waited else []
    told = Counter(name_of(each) for one in [*waited, *failed] for each in one.missed)
    words += [f"{name} ×{number}" for name, number in told.most_common(3)]
    words += [f"FAILED: {each.path} {each.refused}" for each in failed]
    return ", ".join(words) or "nothing"


def name_of(said: str) -> str:
    """A failed attempt by its reason: `503 UNAVAILABLE: …` or the error of a connection."""
    return said.partition(":")[0] if said[:3].isdigit() else "no connection"


def longest(asked: Sequence[Asked]) -> float:
    return max((each.seconds for each in asked), default=0.0)
