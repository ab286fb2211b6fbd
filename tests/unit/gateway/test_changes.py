"""The ring of changes: any gateway resumes from any other's id, without a gap or a repeat."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.live.changes import Change, Reader, Ring
from services.gateway.live.event_ids import EventId, decode
from services.gateway.live.visibility import Scope

EVERYWHERE = Scope("incident", frozenset({"u"}), "990101")


def a_change(partition: int, offset: int, timestamp: int = 7) -> Change:
    return Change(partition, offset, timestamp, EVERYWHERE, lambda: b"%d/%d" % (partition, offset))


def a_ring(order: list[int], most: int = 1_000, timestamp: int = 7) -> Ring:
    """A ring of three partitions whose records arrived in this order."""
    ring = Ring(most)
    ring.begin(epoch=5, offsets=[0, 0, 0])
    for partition in order:
        ring.append(a_change(partition, ring.head[partition], timestamp))
    return ring


def read(reader: Reader, sees: Callable[[Scope], bool] = lambda scope: True) -> list[str]:
    return [data.decode() for _, data in reader.take(sees)]


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
    reader, shown, last = Reader(ring, EventId(5, (0, 0, 0))), [], EventId(5, (0, 0, 0))
    for partition in order[:cut]:
        ring.append(a_change(partition, ring.head[partition]))
        [(at, change)] = reader.take(lambda scope: True)
        shown.append(change.decode())
        last = decode(at)
    second = a_ring(other)
    assert second.knows(last)
    shown += read(Reader(second, last))
    everything = {f"{p}/{n}" for p in range(3) for n in range(order.count(p))}
    assert sorted(shown) == sorted(everything)


def test_ids_while_catching_up_never_go_back() -> None:
    ring = a_ring([0, 0, 1, 1, 2])
    reader = Reader(ring, EventId(5, (0, 2, 1)))
    taken = reader.take(lambda scope: True)
    assert [data for _, data in taken] == [b"0/0", b"0/1"]
    assert [decode(at).vector for at, _ in taken] == [(1, 2, 1), (2, 2, 1)]


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
    slow = Reader(ring, EventId(5, (0, 0, 0)))
    for _ in range(30):
        ring.append(a_change(0, ring.head[0]))
    assert slow.is_lost
    fresh = Reader(ring, None)
    assert not fresh.is_lost
    ring.begin(6, [0, 0])
    assert fresh.is_lost


def test_each_sees_only_what_concerns_him() -> None:
    ring = a_ring([0, 1])
    reader = Reader(ring, EventId(5, (0, 0, 0)))
    assert read(reader, lambda scope: False) == []
    assert read(reader) == []
    assert decode(reader.here()) == EventId(5, (1, 1, 0), partition=1, timestamp=7)
