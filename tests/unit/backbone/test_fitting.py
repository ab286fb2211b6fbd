"""A page that is put together of several lists becomes smaller until it fits into one answer."""

import pytest

from backbone.postgres.listing import MOST_BYTES, fitting
from liandong.incident.v1 import incident_pb2 as resources
from liandong.incident.v1 import incident_service_pb2 as pb


@pytest.mark.parametrize(
    ("bytes_each", "size", "shown"),
    [(10, 200, 200), (20_000, 100, 100), (20_000, 200, 100), (2_000_000, 8, 1), (4_000_000, 8, 1)],
)
async def test_a_page_fits_into_one_answer(bytes_each: int, size: int, shown: int) -> None:
    one = resources.Incident(narrative="x" * bytes_each)
    asked: list[int] = []

    async def page(wanted: int) -> pb.ListIncidentsResponse:
        asked.append(wanted)
        return pb.ListIncidentsResponse(items=[one] * wanted, next_page_token=str(wanted))

    answer = await fitting(page, size)
    assert (len(answer.items), answer.next_page_token) == (shown, str(shown))
    assert answer.ByteSize() <= MOST_BYTES or shown == 1
    assert asked == [size >> number for number in range(len(asked))]
