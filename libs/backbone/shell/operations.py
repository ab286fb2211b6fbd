"""The operations service of every process: lists parked events, and replays them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from backbone.kafka.consumer import Consumer
from backbone.postgres.pool import Pool
from backbone.rpc.caller import caller_of
from backbone.shell import links
from backbone.words.errors import NotFound
from liandong.operations.v1 import operations_service_pb2 as pb
from liandong.operations.v1 import operations_service_pb2_grpc as rpc

PARKED = """
SELECT consumer, topic, partition, record, aggregate_id, version, reason, time
FROM parked ORDER BY time LIMIT 1000
"""


class OperationsService(rpc.OperationsServiceServicer):
    def __init__(self, pool: Pool, consumers: Mapping[str, Consumer]) -> None:
        self._pool = pool
        self._consumers = consumers

    async def ListParked(  # noqa: N802  # gRPC's name
        self, request: pb.ListParkedRequest, context: Any
    ) -> pb.ListParkedResponse:
        response = pb.ListParkedResponse()
        for row in await self._pool.fetch(PARKED):
            parked = response.parked.add(
                group=row["consumer"],
                topic=row["topic"],
                partition=row["partition"],
                offset=row["record"],
                aggregate_id=str(row["aggregate_id"]),
                version=row["version"],
                reason=row["reason"],
            )
            parked.time.FromDatetime(row["time"])
        return response

    async def ReplayParked(  # noqa: N802  # gRPC's name
        self, request: pb.ReplayParkedRequest, context: Any
    ) -> pb.ReplayParkedResponse:
        consumer = self._consumers.get(request.group)
        if consumer is None:
            raise NotFound("NOT_PARKED", group=request.group)
        try:
            source = UUID(request.aggregate_id)
        except ValueError:
            raise NotFound("NOT_PARKED", aggregate_id=request.aggregate_id) from None
        applied, waiting = await consumer.replay(source)
        if not applied and not waiting:
            raise NotFound("NOT_PARKED", aggregate_id=request.aggregate_id)
        return pb.ReplayParkedResponse(applied=applied, waiting=waiting)

    async def ListRefusedLinks(  # noqa: N802  # gRPC's name
        self, request: pb.ListRefusedLinksRequest, context: Any
    ) -> pb.ListRefusedLinksResponse:
        items = await links.page(self._pool, request, caller_of(context).actor)
        return pb.ListRefusedLinksResponse(items=items)

    async def SettleRefusedLink(  # noqa: N802  # gRPC's name
        self, request: pb.SettleRefusedLinkRequest, context: Any
    ) -> pb.SettleRefusedLinkResponse:
        await links.settle(self._pool, request, caller_of(context).actor)
        return pb.SettleRefusedLinkResponse()
