"""The batcher: order, bound, who gave up, and what it does with errors."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.door.batcher import CROWD, MOST, Batcher, patiently
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
async def running(recorder: Recorder, most_at_once: int = 1) -> AsyncIterator[Batcher[Command]]:
    batcher = Batcher(recorder.perform, Pulse(), most_at_once)
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


async def test_a_crowd_is_performed_beside_the_batch_that_runs_without_its_aggregates() -> None:
    recorder, first = Recorder(), a_writing()
    again = [replace(a_writing(), aggregate_id=first.aggregate_id) for _ in range(2)]
    few, more = ([a_writing() for _ in range(CROWD - 3)] for _ in range(2))
    recorder.gate.clear()
    async with running(recorder, 2) as batcher:
        answers = [await batcher.put(first)]
        await asyncio.sleep(0.05)
        answers += [await batcher.put(each) for each in (again[0], *few)]
        await asyncio.sleep(0.05)
        assert recorder.batches == [[first]], "few wait for the next batch"
        answers += [await batcher.put(each) for each in (again[1], *more)]
        await asyncio.sleep(0.05)
        [_, beside] = recorder.batches
        assert beside == [*few, *more][: len(beside)] and len(beside) >= CROWD - 2
        recorder.gate.set()
        async with asyncio.timeout(5):
            await asyncio.gather(*answers)
    performed = [each for batch in recorder.batches for each in batch]
    assert [each for each in performed if each.aggregate_id == first.aggregate_id] == [
        first,
        *again,
    ]
    assert len(performed) == len(answers)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=400), st.integers(1, 3), st.integers())
@settings(max_examples=60, deadline=None)
def test_whatever_runs_beside_each_aggregate_keeps_its_order(
    aggregates: list[int], most_at_once: int, seed: int
) -> None:
    chance, ids = Random(seed), [UUID(int=each) for each in range(6)]
    requests = [replace(a_writing(), aggregate_id=ids[each]) for each in aggregates]
    begun: list[Request[Command]] = []
    at_work: set[UUID] = set()

    async def perform(batch: Sequence[Request[Command]]) -> list[Outcome]:
        own = {each.aggregate_id for each in batch}
        assert not own & at_work
        at_work.update(own)
        begun.extend(batch)
        for _ in range(chance.randrange(6)):
            await asyncio.sleep(0)
        at_work.difference_update(own)
        return [answer_to(each) for each in batch]

    async def played() -> None:
        batcher = Batcher(perform, Pulse(), most_at_once)
        running = asyncio.create_task(batcher.run())
        answers = []
        for each in requests:
            answers.append(await batcher.put(each))
            if chance.random() < 0.05:
                await asyncio.sleep(0)
        outcomes = await asyncio.gather(*answers)
        running.cancel()
        assert [each.request_id for each in outcomes] == [each.request_id for each in requests]

    asyncio.run(played())
    for of in ids:
        asked = [each.request_id for each in requests if each.aggregate_id == of]
        assert [each.request_id for each in begun if each.aggregate_id == of] == asked


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
