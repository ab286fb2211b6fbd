"""Progress bars of a replay; they are shown at a terminal only."""

import asyncio

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from operate.cli.screen import console, words
from operate.replay.ledger import Ledger

BEAT = 0.2


def bars() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


async def show(progress: Progress, ledger: Ledger, rows: int) -> None:
    """Redraw the bars every BEAT seconds, for ever."""
    received = progress.add_task(words("received", "接报"), total=rows)
    closed = progress.add_task(words("closed", "办结"), total=None)
    pushed = progress.add_task(words("pushed and cleared", "推送并处置"), total=None)
    while True:
        draw(progress, ledger, received, closed, pushed)
        await asyncio.sleep(BEAT)


def draw(
    progress: Progress, ledger: Ledger, received: TaskID, closed: TaskID, pushed: TaskID
) -> None:
    done, cases = ledger.done, ledger.cases.values()
    sent = [case.cleared for case in cases if case.team]
    progress.update(received, completed=done["receive"] + done["register"])
    progress.update(closed, completed=sum(c.closed for c in cases), total=len(cases) or None)
    progress.update(pushed, completed=sum(sent), total=len(sent) or None)
