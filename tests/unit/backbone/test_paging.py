"""Page tokens: one list's tokens are its own, and nothing but them is a token."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.postgres.paging import SIGNED, read_token, scope_of, sign_token, size_of
from backbone.words.errors import InvalidArgument
from liandong.alarm.v1 import alarm_service_pb2 as alarm
from liandong.dispute.v1 import dispute_service_pb2 as dispute

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY, OTHER_KEY = bytes(32), bytes([1]) * 32
LIST = scope_of(dispute.ListDisputesRequest())

places = st.tuples(st.datetimes(timezones=st.just(UTC)), st.uuids())


@given(places)
def test_a_token_gives_its_place_back(place: tuple[datetime, UUID]) -> None:
    token = sign_token(KEY, LIST, place)
    assert read_token(KEY, LIST, token, tuple[datetime, UUID]) == place
    assert token.isascii() and "=" not in token


def test_the_window_may_change_and_the_list_may_not() -> None:
    token = sign_token(KEY, LIST, (1, UUID(int=1)))
    window = dispute.ListDisputesRequest(page_token=token, page_size=7, count=True)
    assert read_token(KEY, scope_of(window), token, tuple[int, UUID]) == (1, UUID(int=1))
    for other in (
        dispute.ListDisputesRequest(level=1),
        dispute.ListDisputesRequest(desk="north"),
        alarm.ListReceiptsRequest(),
    ):
        with pytest.raises(InvalidArgument, match="BAD_PAGE_TOKEN"):
            read_token(KEY, scope_of(other), token, tuple[int, UUID])


def test_another_services_token_is_none() -> None:
    with pytest.raises(InvalidArgument, match="BAD_PAGE_TOKEN"):
        read_token(KEY, LIST, sign_token(OTHER_KEY, LIST, "north"), str)


@given(st.text(min_size=1) | st.binary(min_size=1).map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_what_nobody_signed_is_refused(token: str) -> None:
    with pytest.raises(InvalidArgument, match="BAD_PAGE_TOKEN"):
        read_token(KEY, LIST, token, str)


@given(st.integers(0, SIGNED + 8), st.integers(1, 255))
def test_a_changed_byte_is_seen(at: int, change: int) -> None:
    token = sign_token(KEY, LIST, "990101001-police")
    raw = bytearray(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[at] ^= change
    with pytest.raises(InvalidArgument, match="BAD_PAGE_TOKEN"):
        read_token(KEY, LIST, urlsafe_b64encode(raw).decode(), str)


def test_sizes_are_within_reason() -> None:
    assert [size_of(asked) for asked in (0, -1, 7, 9999)] == [50, 50, 7, 200]
