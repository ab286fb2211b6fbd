"""A worker of its own process, to be killed, stopped and frozen: `… DSN SEED COUNT [pause]`.

It writes COUNT notes, whose ids follow from SEED, through a patient batcher, and claims each. With
`pause` it lies down inside its transaction, after the write and before the commit.
"""

import asyncio
import signal
import sys
from uuid import UUID, uuid5

from backbone.door.batch import Batch
from backbone.door.batcher import Batcher, patiently
from backbone.door.door import Door
from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.postgres.pool import Connection, open_pool
from backbone.process.pulse import Pulse
from tests.ledger.building import a_request, notes
from tests.ledger.domain import Claim, Command, Write


def commands(seed: str, count: int) -> list[Request[Command]]:
    """The same commands with the same request ids, whenever it is started."""
    found: list[Request[Command]] = []
    for number in range(count):
        note_id = uuid5(UUID(int=0), f"{seed}/{number}")
        for command in (Write(note_id), Claim(f"worker {number}")):
            request_id = uuid5(note_id, type(command).__name__)
            found.append(a_request(note_id, command, request_id=request_id))
    return found


async def lie_down(conn: Connection, batch: Batch) -> None:
    say("inside")
    await asyncio.sleep(1)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def work(dsn: str, seed: str, count: int, pause: bool) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, _stop, asyncio.current_task())
    async with await open_pool(dsn, "ledger") as pool:
        door = Door(pool, [notes], ride=lie_down) if pause else Door(pool, [notes])
        batcher = Batcher(patiently(door.perform, Pulse()), Pulse())
        running = asyncio.create_task(batcher.run())
        answers = [await batcher.put(request) for request in commands(seed, count)]
        for answer in answers:
            outcome: Outcome = await answer
            say(outcome.reason or "ACCEPTED")
        running.cancel()


def _stop(task: "asyncio.Task[None]") -> None:
    task.cancel()


if __name__ == "__main__":
    dsn, seed, count, *pause = sys.argv[1:]
    asyncio.run(work(dsn, seed, int(count), bool(pause)))
