"""Sends the messages that wait, never inside a transaction; a failing channel is left out."""

import asyncio
import logging
import random
from typing import Any

from backbone.postgres.pool import Pool, is_transient
from backbone.process.pulse import Pulse
from services.emergency import attempts
from services.emergency.attempts import Attempt
from services.emergency.metrics import BREAKER, CALLS
from services.emergency.telephone import Channel, Message, NotSent

log = logging.getLogger(__name__)

CHANNELS = ("SMS", "VOICE")
PAUSES = (0.5, 1.0, 2.0, 4.0)
# Messages that are on their way at once.
MOST = 32
PAUSE = 0.2


class Breaker:
    """After two failures in a row a channel is left out for a while, then tried again."""

    def __init__(self, channel: str, rest: float) -> None:
        self._channel = channel
        self._rest = rest
        self._failures = 0
        self._until = 0.0

    @property
    def is_down(self) -> bool:
        """Down until a message gets through, also while one is tried again."""
        return self._failures >= 2

    def admits(self) -> bool:
        """Whether a message may be tried now; while it is down, one for each rest."""
        now = asyncio.get_running_loop().time()
        if self.is_down and now < self._until:
            return False
        self._until = now + self._rest
        return True

    def heard(self, *, well: bool) -> None:
        was_down = self.is_down
        self._failures = 0 if well else self._failures + 1
        self._until = asyncio.get_running_loop().time() + self._rest
        BREAKER.labels(self._channel).set(self.is_down)
        if self.is_down != was_down:
            state = "down" if self.is_down else "up"
            log.warning("telephone.%s", state, extra={"channel": self._channel})


class Sender:
    """`telephone` is None where none is set up: then no message is written and none is sent."""

    def __init__(self, pool: Pool, telephone: Channel | None, rest: float = 5.0) -> None:
        self._pool = pool
        self._telephone = telephone
        self._breakers = {channel: Breaker(channel, rest) for channel in CHANNELS}
        self._running: set[asyncio.Task[None]] = set()

    def channels(self) -> tuple[str, ...]:
        """The channels that are set up."""
        return CHANNELS if self._telephone is not None else ()

    def down(self) -> tuple[str, ...]:
        """The channels that fail at present."""
        return tuple(name for name, breaker in self._breakers.items() if breaker.is_down)

    async def run(self, pulse: Pulse) -> None:
        """Send what waits, until cancelled."""
        while True:
            pulse.beat("telephone")
            try:
                if self._telephone is not None:
                    await self._send_due(self._telephone)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("telephone.away", extra={"error": str(error)})
            await asyncio.sleep(PAUSE)

    async def _send_due(self, telephone: Channel) -> None:
        room = MOST - len(self._running)
        rows = await self._pool.fetch(attempts.CLAIM, room) if room > 0 else []
        for row in rows:
            task = asyncio.create_task(self._settle(telephone, row))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _settle(self, telephone: Channel, row: Any) -> None:
        """One message from its claim to its next state; a lost database means that it is due."""
        try:
            await self._try(telephone, row)
        except Exception as error:
            if not is_transient(error):
                log.exception("telephone.broken", extra={"mission": row["mission"]})
            log.warning("telephone.unsettled", extra={"error": str(error)})

    async def _try(self, telephone: Channel, row: Any) -> None:
        channel = row["channel"]
        if not row["wanted"]:
            await self._end(row, "DROPPED", "")
            return
        breaker = self._breakers[channel]
        if not breaker.admits():
            await self._detour(row)
            return
        try:
            await telephone.send(_message(row))
        except NotSent as error:
            breaker.heard(well=False)
            await self._fail(row, str(error))
            if breaker.is_down:
                await self._elsewhere(row)
            return
        breaker.heard(well=True)
        await self._end(row, "SENT", "")

    async def _fail(self, row: Any, error: str) -> None:
        if row["tries"] > len(PAUSES):
            await self._end(row, "FAILED", error)
            return
        pause = PAUSES[row["tries"] - 1] * random.uniform(0.9, 1.1)  # noqa: S311  # jitter
        CALLS.labels(row["channel"], "RETRY").inc()
        await self._pool.execute(attempts.AGAIN, row["key"], row["tries"], error, pause)

    async def _detour(self, row: Any) -> None:
        """The other channel at once; this one when it works again, without counting this try."""
        await self._elsewhere(row)
        await self._pool.execute(attempts.AGAIN, row["key"], row["tries"] - 1, "DOWN", 1.0)

    async def _elsewhere(self, row: Any) -> None:
        """The same message on the other channel, once."""
        other = next(name for name in CHANNELS if name != row["channel"])
        CALLS.labels(row["channel"], "DETOUR").inc()
        known = (row["mission"], row["revision"], row["recipient"], other, row["rung"])
        await attempts.add(self._pool, [Attempt(*known)])

    async def _end(self, row: Any, state: str, error: str) -> None:
        CALLS.labels(row["channel"], state).inc()
        await self._pool.execute(attempts.END, row["key"], state, error)


def _message(row: Any) -> Message:
    return Message(
        key=row["key"],
        channel=row["channel"],
        recipient=row["recipient"],
        code=row["code"],
        priority=row["priority"],
        rung=row["rung"],
        state=row["state"],
    )
