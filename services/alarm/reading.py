"""Reads of the front desk: one receipt, and pages of them, as far as the caller may see."""

from collections.abc import Callable
from datetime import UTC
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from backbone.door.decider import Decider
from backbone.postgres.paging import Latest
from backbone.postgres.pool import Pool
from backbone.rpc.caller import caller_of
from backbone.wire import enum_names
from backbone.words.errors import NotFound
from backbone.words.place import significant
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.alarm.v1 import alarm_service_pb2 as pb
from services.alarm import codec, storage
from services.alarm.receipt.record import Receipt

ENUMS = ("outcome", "state", "kind")
TEXTS = ("priority", "category", "unit", "code")
FIELDS = pb.ListReceiptsRequest.DESCRIPTOR.fields_by_name


class Reading:
    """Reads the rows of the primary: a caller who has written sees it."""

    def __init__(
        self,
        pool: Pool,
        decider: Decider[Receipt],
        shown: Callable[[Receipt], resources.Receipt],
        key: bytes,
    ) -> None:
        self._pool = pool
        self._from_row = decider.from_row
        self._shown = shown
        self._key = key

    async def get(self, request: pb.GetReceiptRequest, context: Any) -> resources.Receipt:
        """Raises NotFound, also for what is outside the caller's scope."""
        who = storage.who_of(caller_of(context).actor)
        row = await storage.one(self._pool, who, codec.receipt_id(request.receipt_id))
        if row is None:
            raise NotFound("NO_SUCH_RECEIPT")
        return self._shown(self._from_row(row))

    async def page(self, request: pb.ListReceiptsRequest, context: Any) -> pb.ListReceiptsResponse:
        who = storage.who_of(caller_of(context).actor)
        filters, window = _filters(request), Latest(self._key, request, "receive_time")
        rows, token = await storage.page(self._pool, who, filters, window)
        items = [self._shown(self._from_row(row)) for row in rows]
        response = pb.ListReceiptsResponse(items=items, next_page_token=token)
        if request.count:
            response.total_size = await storage.count(self._pool, who, filters)
        return response


def _filters(request: pb.ListReceiptsRequest) -> storage.Filters:
    enums = {name: enum_names(FIELDS[name])[getattr(request, name)] or None for name in ENUMS}
    texts = {name: getattr(request, name) or None for name in TEXTS}
    area = significant(request.area) or None
    start = _time(request.from_time) if request.HasField("from_time") else None
    end = _time(request.to_time) if request.HasField("to_time") else None
    return storage.Filters(**enums, **texts, area=area, from_time=start, to_time=end)


def _time(stamp: Timestamp) -> Any:
    return stamp.ToDatetime(UTC)
