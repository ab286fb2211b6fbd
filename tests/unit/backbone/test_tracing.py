"""The trace context: read as W3C wants it, carried through blocks and tasks, in each log line."""

import asyncio
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.process import tracing
from backbone.process.logs import JsonLines
from backbone.process.spans import flaw_of_address
from backbone.process.tracing import Span, Trace

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    "text",
    [
        "",
        GIVEN.upper(),
        GIVEN + "\n",
        "01" + GIVEN[2:],
        "00-" + "0" * 32 + GIVEN[35:],
        GIVEN[:36] + "0" * 16 + "-01",
        GIVEN[:-1],
        "13790900417",
    ],
)
def test_a_malformed_context_is_none(text: str) -> None:
    assert tracing.read(text) is None
    assert tracing.id_of(text) == ""


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.integers(0, 255))
def test_what_is_written_is_read_again(trace: int, span: int, flags: int) -> None:
    said = Trace(f"{trace:032x}", f"{span:016x}", flags)
    assert tracing.read(said.traceparent) == said


def test_a_block_goes_on_with_the_trace_it_is_given_or_with_the_present_one() -> None:
    assert tracing.traceparent() == ""
    with tracing.span("outer", GIVEN) as outer:
        assert outer.trace.trace_id == GIVEN[3:35]
        assert (outer.parent and outer.parent.traceparent) == GIVEN
        with tracing.span("inner") as inner:
            assert tracing.traceparent() == inner.trace.traceparent
            assert inner.parent == outer.trace
        assert tracing.here() == outer.trace
    assert tracing.here() is None
    with tracing.span("another") as another:
        assert another.parent is None


async def test_tasks_that_are_begun_inside_belong_to_the_trace() -> None:
    async def later() -> str:
        await asyncio.sleep(0)
        return tracing.traceparent()

    with tracing.span("call", GIVEN) as call:
        task = asyncio.create_task(later())
    assert await task == call.trace.traceparent


def test_spans_are_told_once_they_end_unless_their_trace_is_not_sampled() -> None:
    told: list[Span] = []
    with tracing.exporting(told.append):
        with pytest.raises(ZeroDivisionError), tracing.span("broken", GIVEN):
            raise ZeroDivisionError
        tracing.note("of a batch", GIVEN, 5, {"reason": ""})
        tracing.note("without a trace", "", 5, {})
        with tracing.span("not sampled", GIVEN[:-1] + "0"):
            pass
    assert [(each.name, each.failed) for each in told] == [("broken", True), ("of a batch", False)]
    assert told[0].ended >= told[0].began


def test_each_log_line_names_its_trace() -> None:
    record = logging.makeLogRecord({"msg": "said"})
    with tracing.span("call", GIVEN):
        assert json.loads(JsonLines().format(record))["trace_id"] == GIVEN[3:35]
    assert "trace_id" not in json.loads(JsonLines().format(record))


@pytest.mark.parametrize("address", ["", "http://collector:4317", "https://[::1]:4317"])
def test_addresses_of_a_collector(address: str) -> None:
    assert flaw_of_address(address) == ""


@pytest.mark.parametrize("address", ["collector", "http://collector", "ftp://a:1", "http://a:x"])
def test_addresses_of_no_collector(address: str) -> None:
    assert "LIANDONG_OTLP" in flaw_of_address(address)
