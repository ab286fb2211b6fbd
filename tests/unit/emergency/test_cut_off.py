"""A direct call that is cut off after any of its requests leaves nothing undone: the event that
comes over Kafka once more asks for the rest."""

from typing import Any

import pytest

from tests.unit.emergency.roads import World
from tests.unit.emergency.test_roads import flaws, until_quiet


async def linked() -> World:
    """Two teams that a receipt has sent to an incident which drives elsewhere."""
    world = World(0)
    world.take()
    world.take()
    first, second = world.receipts.values()
    choose: Any = world
    choose.any_receipt = lambda: second
    await world.open()
    choose.any_receipt = lambda: first
    while len(first.orders) < 2:
        await world.order()
    await world.link()
    await until_quiet(world)
    assert not [*flaws(world)] and world.store.live()
    return world


@pytest.mark.parametrize("done", range(5))
@pytest.mark.parametrize("act", ["unlink", "merge", "void"])
async def test_a_call_that_is_cut_off(act: str, done: int) -> None:
    world = await linked()
    ask = world.orders.requests

    async def cut_off(events: Any) -> Any:
        return (await ask(events))[:done]

    world.chance.random.seed(1)
    await getattr(world, act)()
    for (kind, _), events in [*world.topics.items()]:
        if kind == "AlarmEvent":
            known = world.orders.subscription.kinds
            await world.hearing._perform(cut_off, events, known)
    await until_quiet(world)
    found = [*flaws(world)]
    assert not found, "\n".join([*found, *world.log])
