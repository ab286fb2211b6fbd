"""Cursors: what a terminal gives back is what it was given; anything else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.words.errors import InvalidArgument
from services.emergency.session import read_cursor, write_cursor


@given(st.integers(1, 9), st.integers(0, 2**40))
def test_a_cursor_is_read_as_it_was_written(epoch: int, seq: int) -> None:
    assert read_cursor(write_cursor(epoch, seq)) == (epoch, seq)


def test_no_cursor_is_none() -> None:
    assert read_cursor("") is None


@pytest.mark.parametrize("text", ["x", "1:", ":1:", "-1", "1:2:3", "1.5", "٣", "²", "9" * 40])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="BAD_CURSOR"):
        read_cursor(text)
