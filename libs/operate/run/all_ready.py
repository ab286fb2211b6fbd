"""Waits until processes are ready, and tells which are not."""

import asyncio
from collections.abc import Sequence

from operate.home.trouble import Trouble
from operate.run.child import Child, State


async def all_ready(children: Sequence[Child], patience: float) -> None:
    """Wait until all are ready. Raises Trouble if one cannot start, or after `patience` s."""
    waiting = [asyncio.create_task(child.ready()) for child in children]
    try:
        async with asyncio.timeout(patience):
            await asyncio.gather(*waiting)
    except TimeoutError:
        raise await too_slow(children, patience) from None
    finally:
        for task in waiting:
            task.cancel()


async def too_slow(children: Sequence[Child], patience: float) -> Trouble:
    late = [child.program for child in children if child.state is not State.READY]
    told = [f"{program.label}: {', '.join(await program.flaws())}" for program in late]
    return Trouble(
        f"Not ready after {patience:.0f} s: {'; '.join(told)}. See the logs.",
        f"{patience:.0f} 秒后仍未就绪：{'; '.join(told)}。详见日志。",
    )
