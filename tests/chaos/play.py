"""Replays days in this process against a city, so that faults can be timed against them."""

from collections.abc import Callable

from operate.replay.city import City, read_city, read_keys
from operate.replay.client import Connection
from operate.replay.play import Play, Width
from operate.replay.report import Report
from operate.replay.rows import Day
from tests.servers import Installed

CONNECTIONS = 32


async def replayed(
    city: Installed, choose: Callable[[City], Day], speed: float | None = None
) -> Report:
    """Raises what breaks the replay itself; whatever the city does wrong stands in the report."""
    run = city.run
    keys = read_keys(run)
    async with Connection(run["gateway"], CONNECTIONS) as connection:
        known = await read_city(connection, keys)
        return await Play(connection, keys, known, choose(known)).run(speed, Width())
