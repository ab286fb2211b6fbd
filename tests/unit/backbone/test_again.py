"""What could not be asked is asked again, until it is settled, and only once at a time."""

import asyncio
from uuid import UUID, uuid4

from backbone import again
from backbone.again import Again


async def test_it_is_asked_until_it_is_settled() -> None:
    asked = 0
    settled = asyncio.Event()

    async def ask() -> bool:
        nonlocal asked
        asked += 1
        if asked == 3:
            settled.set()
        return asked == 3

    asking, request_id = Again(pauses=(0.0, 0.001)), uuid4()
    for _ in range(2):
        asking.later(request_id, ask)
    async with asyncio.timeout(5):
        await settled.wait()
    await asyncio.sleep(0.02)
    assert asked == 3
    asking.later(request_id, ask)
    await asyncio.sleep(0.02)
    assert asked >= 4, "what was settled once may be asked anew"


async def test_only_so_many_are_kept() -> None:
    async def never() -> bool:
        return False

    asking = Again(pauses=(60.0,))
    before = len(asyncio.all_tasks())
    for number in range(again.MOST + 5):
        asking.later(UUID(int=number), never)
    assert len(asyncio.all_tasks()) == before + again.MOST
