"""Tables with years of a city's incidents in them, for benches that ask whether size matters."""

from tests.bench.world import World


async def fill(world: World, incidents: int) -> None:
    if incidents:
        raise NotImplementedError
