"""Pages of the directory: all of them and each once; what is no token of ours is refused."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backbone.words.errors import InvalidArgument
from liandong.directory.v1 import directory_service_pb2 as pb
from services.directory.listing import page

KEY = bytes(32)


@given(st.sets(st.text(min_size=1, max_size=5)), st.integers(1, 5))
def test_the_pages_are_the_list(codes: set[str], size: int) -> None:
    items = {code: code for code in codes}
    found, token = [], ""
    while True:
        asked = pb.ListUnitsRequest(page_size=size, page_token=token, count=True)
        part = page(items, lambda _: True, asked, KEY)
        assert part.total == len(codes) and len(part.items) <= size
        found += part.items
        token = part.next_token
        if not token:
            break
    assert found == sorted(codes)


@given(st.text(min_size=1))
@example("garbage")
@example("Z2FyYmFnZQ==")
@example("990101001-police")
@example("\0")
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidArgument, match="BAD_PAGE_TOKEN"):
        page({"a": 1}, lambda _: True, pb.ListUnitsRequest(page_token=token), KEY)
