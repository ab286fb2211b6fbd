"""Tells by readiness what stands still in a service that serves: consumers, events, the clock."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from backbone.kafka.consumer import Consumer
from backbone.kafka.poison import MOST_POISONS
from backbone.postgres.pool import Pool, is_transient, said_by
from backbone.process import clock
from backbone.process.certificates import flaw_in
from backbone.process.clock import HOST, HostClock
from backbone.process.metrics import CLOCK_SKEW
from backbone.process.pulse import Pulse

log = logging.getLogger(__name__)

LOOK = 2.0
# Seconds that an event may wait for Kafka.
UNSENT_LATE = 15.0
# By these words doctor knows it.
WAITED = "waited for Kafka"
PARKED = "SELECT consumer, count(*) AS events FROM parked GROUP BY consumer"


def flaw_of(group: str, consumer: Consumer) -> str:
    """The flaw of a consumer, and the command that mends it; empty if it is well."""
    if consumer.poisons.too_many:
        return (
            f"{group} has stopped after {MOST_POISONS} bad records in a row: mend the cause, then "
            f"`liandong consumers resume {group}`"
        )
    return ""


def parked_flaw(group: str, events: int) -> str:
    return (
        f"{events} events of {group} could not be applied and wait: mend the cause, then "
        "`liandong deadletters replay`"
    )


def unsent_flaw(schema: str, age: float) -> str:
    """The flaw of what Kafka does not take; empty if it takes all."""
    if age <= UNSENT_LATE:
        return ""
    return (
        f"what {schema} tells has {WAITED} for {age:.0f} s; it is kept, and sent as soon as Kafka "
        "takes it"
    )


async def watch_unsent(schema: str, age: Callable[[], float], pulse: Pulse) -> None:
    """Tell for ever of what Kafka does not take, be it away or not; `age` is that of the oldest."""
    async for _ in pulse.rounds("unsent", LOOK):
        pulse.note("unsent", unsent_flaw(schema, age()))


async def watch_standing(pool: Pool, consumers: Mapping[str, Consumer], pulse: Pulse) -> None:
    """Tell for ever. While the database is away, what was told last about its rows stands."""
    async for _ in pulse.rounds("standing", LOOK):
        for group, consumer in consumers.items():
            pulse.note(f"consumer {group}", flaw_of(group, consumer))
        try:
            found = {row["consumer"]: row["events"] for row in await pool.fetch(PARKED)}
        except Exception as error:
            if not is_transient(error):
                raise
        else:
            for group in {*consumers, *found}:
                events = found.get(group, 0)
                pulse.note(f"parked {group}", parked_flaw(group, events) if events else "")


async def compare_clocks(
    pool: Pool,
    schema: str,
    pulse: Pulse,
    host: HostClock = HOST,
    read: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Correct the clock of this host by the database's, and tell if it is off."""
    asked = read()
    told: Any = await pool.fetchval("SELECT clock_timestamp()")
    ahead = host.learn(asked, told, read())
    if ahead is not None:
        CLOCK_SKEW.labels(schema).set(ahead.total_seconds())
        pulse.note("clock", clock.flaw_of(ahead))


async def watch_clock(pool: Pool, schema: str, pulse: Pulse) -> None:
    """Compare the clocks for ever, in a process that has other ways to tell of its database."""
    async for _ in pulse.rounds("clock", LOOK):
        try:
            await compare_clocks(pool, schema, pulse)
        except Exception as error:
            if not is_transient(error):
                raise


async def watch_database(pool: Pool, schema: str, pulse: Pulse) -> None:
    """Report readiness of the database, and compare the clocks, once a second, for ever."""
    async for _ in pulse.rounds("database", 1.0):
        try:
            await compare_clocks(pool, schema, pulse)
            pulse.have("database")
        except Exception as error:  # noqa: BLE001  # reported by readiness
            if not is_transient(error) or flaw_in(error, "PostgreSQL"):
                log.warning("database.refuses", extra={"error": said_by(error)})
            pulse.lack("database", said_by(error))
