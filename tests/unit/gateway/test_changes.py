"""The ring of changes: any gateway resumes from any other's id, without a gap or a repeat."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.words.actor import Actor
from services.gateway.live.changes import Change, Reader, Ring
from services.gateway.live.event_ids import EventId, decode
from services.gateway.live.visibility import Scope, may_see

SCOPE = Scope("ALARM", frozenset({"u"}), "990101")
CLERK, STRANGER = Actor("wang", "u", "clerk", "990101"), Actor("li", "v", "clerk", "990102")
WATCHER = Actor("zhao", "c", "dispatcher", "9901")


def a_change(partition: int, offset: int, timestamp: int = 7, scope: Scope = SCOPE) -> Change:
    return Change(partition, offset, timestamp, scope, lambda: b"%d/%d" % (partition, offset))


def a_ring(order: list[int], most: int = 1_000, timestamp: int = 7) -> Ring:
    """A ring of three partitions whose records arrived in this order."""
    ring = Ring(most)
    ring.begin(epoch=5, offsets=[0, 0, 0])
    for partition in order:
        ring.append(a_change(partition, ring.head[partition], timestamp))
    return ring


def frames(reader: Reader) -> list[tuple[EventId, str]]:
    """The ids and texts of the next changes."""
    parts = [frame.decode().splitlines() for frame in reader.take()]
    return [
        (decode(name.removeprefix("id: ")), data.removeprefix("data: "))
        for name, _, data, _ in parts
    ]


def read(reader: Reader) -> list[str]:
    return [data for _, data in frames(reader)]


@given(st.integers(0, 2**40), st.lists(st.integers(0, 2**40), max_size=60), st.integers(0, 2**43))
def test_ids_round_trip(epoch: int, vector: list[int], timestamp: int) -> None:
    at = EventId(epoch, tuple(vector), len(vector) - 1 if vector else None, timestamp)
    assert decode(at.encode()) == at


@pytest.mark.parametrize("text", ["", "x", "41", "!!!", "é", "A" * 5_000, "gICAgICAgICAgICA"])
def test_foreign_ids_are_no_ids(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of its kinds
        decode(text)


@given(st.lists(st.integers(0, 2), max_size=40), st.data())
def test_another_gateway_resumes_without_gap_or_repeat(
    order: list[int], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(order)))
    other = data.draw(st.permutations(order))
    ring = Ring(1_000)
    ring.begin(epoch=5, offsets=[0, 0, 0])
    reader, shown, last = Reader(ring, CLERK, EventId(5, (0, 0, 0))), [], EventId(5, (0, 0, 0))
    for partition in order[:cut]:
        ring.append(a_change(partition, ring.head[partition]))
        [(last, change)] = frames(reader)
        shown.append(change)
    second = a_ring(other)
    assert second.knows(last)
    shown += read(Reader(second, WATCHER, last))
    everything = {f"{p}/{n}" for p in range(3) for n in range(order.count(p))}
    assert sorted(shown) == sorted(everything)


def test_ids_while_catching_up_never_go_back() -> None:
    ring = a_ring([0, 0, 1, 1, 2])
    taken = frames(Reader(ring, CLERK, EventId(5, (0, 2, 1))))
    assert [data for _, data in taken] == ["0/0", "0/1"]
    assert [at.vector for at, _ in taken] == [(1, 2, 1), (2, 2, 1)]


def test_what_is_no_longer_here_cannot_be_resumed() -> None:
    ring = a_ring([0] * 100, most=10)
    assert not ring.knows(EventId(5, (0, 0, 0)))
    assert ring.knows(EventId(5, (98, 0, 0), partition=0, timestamp=7))
    assert len(ring.after(0, 1_000)) <= 20


def test_a_log_made_anew_is_not_the_same_log() -> None:
    shown = EventId(5, (3, 0, 0), partition=0, timestamp=7)
    assert a_ring([0, 0, 0, 0]).knows(shown)
    assert not a_ring([0, 0, 0, 0], timestamp=8).knows(shown)
    assert not a_ring([0]).knows(shown)
    assert not a_ring([0, 0, 0, 0]).knows(EventId(6, (3, 0, 0)))


def test_a_reader_who_is_too_slow_or_met_a_new_log_is_lost() -> None:
    ring = a_ring([0], most=10)
    slow = Reader(ring, CLERK, EventId(5, (0, 0, 0)))
    for _ in range(30):
        ring.append(a_change(0, ring.head[0]))
    assert slow.is_lost
    fresh = Reader(ring, CLERK, None)
    assert not fresh.is_lost
    ring.begin(6, [0, 0])
    assert fresh.is_lost


def test_each_sees_only_what_concerns_them() -> None:
    ring = a_ring([0, 1])
    reader = Reader(ring, STRANGER, EventId(5, (0, 0, 0)))
    assert read(reader) == []
    assert decode(reader.here()) == EventId(5, (1, 1, 0), partition=1, timestamp=7)
    assert read(Reader(ring, CLERK, EventId(5, (0, 0, 0)))) == ["0/0", "1/0"]


@given(st.data())
def test_readers_of_one_audience_each_see_everything_once(data: st.DataObject) -> None:
    """Readers come at any moment and resume at any; some have colleagues, some do not."""
    ring, readers = a_ring([], most=1_000), []
    for _ in range(data.draw(st.integers(1, 30))):
        if data.draw(st.booleans()):
            partition = data.draw(st.integers(0, 2))
            scope = data.draw(st.sampled_from([SCOPE, Scope("ALARM", frozenset(), "990102")]))
            offset = ring.head[partition]
            ring.append(
                Change(partition, offset, 7, scope, lambda at=(partition, offset): b"%d/%d" % at)
            )
        else:
            actor = data.draw(st.sampled_from([CLERK, STRANGER, WATCHER]))
            start = data.draw(st.sampled_from([None, EventId(5, (0, 0, 0))]))
            readers.append((actor, start and ring.first, ring.next, Reader(ring, actor, start), []))
        for _, _, _, reader, shown in readers:
            shown += read(reader) if data.draw(st.booleans()) else []
    for actor, first, begun, reader, shown in readers:
        shown += read(reader)
        start = begun if first is None else first
        expected = [
            each.written.decode() for each in ring.after(start, 1_000) if may_see(actor, each.scope)
        ]
        assert shown == expected


async def test_only_those_are_woken_who_see_something() -> None:
    ring = a_ring([0])
    clerk, stranger = (
        asyncio.create_task(Reader(ring, each, None).wait()) for each in (CLERK, STRANGER)
    )
    await asyncio.sleep(0)
    ring.append(a_change(0, 1))
    ring.wake()
    await asyncio.wait_for(clerk, 1)
    await asyncio.sleep(0)
    assert not stranger.done()
    ring.begin(6, [0, 0])
    await asyncio.wait_for(stranger, 1)
