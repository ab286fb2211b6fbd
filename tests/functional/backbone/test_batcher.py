"""The batcher: order, bound, who gave up, and what it does with errors."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from backbone.door.batcher import MOST, Batcher, patiently
from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.process.pulse import Pulse
from tests.ledger.building import a_writing
from tests.ledger.domain import Command


class Recorder:
    """Stands where the door is: answers in order, and remembers the batches."""

    def __init__(self, *errors: Exception) -> None:
        self.batches: list[list[Request[Command]]] = []
        self.errors = list(errors)
        self.gate = asyncio.Event()
        self.gate.set()

    async def perform(self, requests: Sequence[Request[Command]]) -> list[Outcome]:
        self.batches.append(list(requests))
        await self.gate.wait()
        if self.errors:
            raise self.errors.pop(0)
        return [answer_to(request) for request in requests]


def answer_to(request: Request[Command]) -> Outcome:
    now = datetime.now(UTC)
    return Outcome(request.request_id, "", request.aggregate_id, 1, "", "", {}, now)


@asynccontextmanager
async def running(recorder: Recorder) -> AsyncIterator[Batcher[Command]]:
    batcher = Batcher(recorder.perform, Pulse())
    task = asyncio.create_task(batcher.run())
    yield batcher
    task.cancel()
    await asyncio.wait([task])


async def test_what_arrives_together_goes_together_in_order() -> None:
    recorder, requests = Recorder(), [a_writing() for _ in range(MOST + 50)]
    async with running(recorder) as batcher:
        outcomes = await asyncio.gather(*(batcher.submit(request) for request in requests))
    assert [outcome.request_id for outcome in outcomes] == [each.request_id for each in requests]
    assert [request for batch in recorder.batches for request in batch] == requests
    assert max(map(len, recorder.batches)) <= MOST
    assert len(recorder.batches) <= 4


async def test_the_queue_is_bounded_and_says_so_by_waiting() -> None:
    recorder = Recorder()
    recorder.gate.clear()
    async with running(recorder) as batcher:
        await batcher.put(a_writing())
        await asyncio.sleep(0.05)  # it is at work on the first
        for _ in range(5 * MOST):
            async with asyncio.timeout(1):
                last = await batcher.put(a_writing())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await batcher.put(a_writing())
        recorder.gate.set()
        async with asyncio.timeout(5):
            await last


async def test_who_gave_up_before_its_turn_is_not_performed() -> None:
    recorder, gone, stays = Recorder(), a_writing(), a_writing()
    recorder.gate.clear()
    async with running(recorder) as batcher:
        first = asyncio.create_task(batcher.submit(a_writing()))
        await asyncio.sleep(0.05)
        caller = asyncio.create_task(batcher.submit(gone))
        other = asyncio.create_task(batcher.submit(stays))
        await asyncio.sleep(0)
        caller.cancel()
        recorder.gate.set()
        await asyncio.gather(first, other)
        lonely = asyncio.create_task(batcher.submit(gone))
        await asyncio.sleep(0)
        lonely.cancel()
        await asyncio.sleep(0.05)
    assert recorder.batches[1:] == [[stays]]


async def test_what_is_transient_is_told_to_all_and_the_next_batch_goes_on() -> None:
    recorder = Recorder(TimeoutError("away"))
    recorder.gate.clear()
    async with running(recorder) as batcher:
        calls = [asyncio.create_task(batcher.submit(a_writing())) for _ in range(3)]
        await asyncio.sleep(0.05)
        calls[0].cancel()
        recorder.gate.set()
        told = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(each) for each in told] == [asyncio.CancelledError, TimeoutError, TimeoutError]
        assert (await batcher.submit(a_writing())).reason == ""


async def test_a_bug_ends_the_batcher_and_with_it_the_process() -> None:
    batcher = Batcher(Recorder(ZeroDivisionError()).perform, Pulse())
    task = asyncio.create_task(batcher.run())
    await batcher.put(a_writing())
    with pytest.raises(ZeroDivisionError):
        await task


async def test_the_patient_road_repeats_in_place_and_stays_alive() -> None:
    recorder, request = Recorder(TimeoutError(), ConnectionError()), a_writing()
    pulse = Pulse()
    [outcome] = await patiently(recorder.perform, pulse, pause=0)([request])
    assert outcome.request_id == request.request_id
    assert recorder.batches == [[request]] * 3
    assert pulse.dead() == []
    with pytest.raises(ZeroDivisionError):
        await patiently(Recorder(ZeroDivisionError()).perform, pulse)([request])
