"""Rate limits: one token bucket per principal, in memory, of bounded number."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from services.gateway.http.problems import Problem
from services.gateway.metrics import LIMITED

# Above this number, full (idle) buckets are deleted.
SWEEP = 10_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    time: float


class Limit:
    """A token bucket for each name: requests per second, and a burst."""

    def __init__(
        self, kind: str, rate: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._kind, self._rate, self._burst, self._clock = kind, rate, burst, clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, name: str) -> None:
        """Take one token. Raises Problem 429 with the seconds to wait."""
        bucket = self._refilled(name)
        if bucket.tokens < 1:
            self._refuse(bucket)
        bucket.tokens -= 1

    def _refilled(self, name: str) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.get(name)
        if bucket is None:
            if len(self._buckets) >= SWEEP:
                self._sweep(now)
            bucket = self._buckets[name] = _Bucket(self._burst, now)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.time) * self._rate)
        bucket.time = now
        return bucket

    def _sweep(self, now: float) -> None:
        full = self._burst / self._rate
        self._buckets = {n: b for n, b in self._buckets.items() if now - b.time < full}

    def _refuse(self, bucket: _Bucket) -> None:
        LIMITED.labels(self._kind).inc()
        seconds = max(1, math.ceil((1 - bucket.tokens) / self._rate))
        facts = {"seconds": seconds, "rate": self._rate}
        raise Problem(429, "RATE_LIMITED", facts, headers={"Retry-After": str(seconds)})
