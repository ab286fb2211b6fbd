"""Open-loop arrivals: requests go out when they are due, also while others still wait."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Timed(Generic[R]):
    """Seconds from the moment that was meant, and what came of it."""

    seconds: float
    result: R


async def offered(
    rate: float, items: Sequence[T], work: Callable[[T], Awaitable[R]]
) -> list[Timed[R]]:
    """Work on every item, `rate` of them a second. Raises what the work raises."""
    start = time.perf_counter() + 0.1

    async def one(number: int, item: T) -> Timed[R]:
        due = start + number / rate
        await asyncio.sleep(due - time.perf_counter())
        result = await work(item)
        return Timed(time.perf_counter() - due, result)

    tasks = [asyncio.create_task(one(number, item)) for number, item in enumerate(items)]
    return list(await asyncio.gather(*tasks))
