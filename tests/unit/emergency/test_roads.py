"""Orders, corrections, links, merges and ends in any order over two roads: in the end each open
mission belongs to the right matter, has its facts, and none is open for a matter that has ended."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

import pytest

from services.emergency.mission.record import Mission
from tests.unit.emergency.roads import World

ACTS = 40
SEEDS = 150


async def played(seed: int) -> World:
    world = World(seed)
    chance = world.chance
    acts = {
        world.order: 6,
        world.amend: 6,
        world.correct: 4,
        world.open: 3,
        world.link: 5,
        world.unlink: 4,
        world.merge: 2,
        world.part: 2,
        world.invalid: 1,
        world.reinstate: 1,
        world.void: 1,
    }
    for _ in range(3):
        world.take()
    for act in chance.random.choices([*acts], [*acts.values()], k=ACTS):
        if len(world.receipts) < 6 and chance.random.random() < 0.1:
            world.take()
        world.run(act())
        world.run(some_turns(world))
        await chance.pause(10)
    await until_quiet(world)
    return world


async def some_turns(world: World) -> None:
    """Now and then Kafka's consumers and the catching up take a turn; each topic has one reader."""
    await world.chance.pause(40)
    if world.chance.random.random() < 0.5:
        async with world.reading:
            for topic in [*world.topics]:
                await world.consume(topic)
    else:
        async with world.looking:
            await world.catch_up()


async def until_quiet(world: World) -> None:
    while world.running:
        await asyncio.gather(*world.running)
    for topic in [*world.topics]:
        while await world.consume(topic):
            pass
    for _ in range(200):
        if not any(each.is_behind for each in world.store.every.values()) and world.is_compared:
            return
        await world.catch_up()
    raise AssertionError("still behind")


def flaws(world: World) -> Iterator[str]:
    live = [each for each in world.store.every.values() if each.ending is None]
    for pair, number in Counter((m.order.matter_id, m.order.team) for m in live).items():
        if number > 1:
            yield f"{number} open missions of {pair}"
    for mission in live:
        yield from (f"{mission.id}: {words}" for words in _apart(world, mission))


def _apart(world: World, mission: Mission) -> Iterator[str]:
    right, has = right_matter(world, mission), mission.order
    if has.matter_id != right:
        yield f"is of {has.matter_id}, and should be of {right}"
        return
    flow = world.flows.get(right)
    matter = flow or world.receipts[right]
    if flow is not None and flow.state == "VOIDED":
        yield "its incident has ended"
    if flow is None and world.receipts[right].is_invalid:
        yield "its receipt is invalid"
    if has.place.text != matter.text:
        yield f"drives to {has.place.text}, and should drive to {matter.text}"


def right_matter(world: World, mission: Mission) -> UUID:
    """What a receipt has ordered goes where it goes, whatever it belonged to at the order."""
    of = UUID(mission.order.receipt)
    of = world.receipts[of].incident or of
    flow = world.flows.get(of)
    return flow.into if flow and flow.into else of


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_whatever_comes_first(seed: int) -> None:
    world = await played(seed)
    found = [*flaws(world)]
    assert not found, "\n".join([*found, *world.log])
