"""The operations service of every process: what stands still in it, and the remedies."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from backbone.door.beside import CodedRows
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
WAITING = """
SELECT consumer, sum(parked) AS parked, sum(refused) AS refused FROM (
    SELECT consumer, count(*) AS parked, 0 AS refused FROM parked GROUP BY consumer
    UNION ALL
    SELECT consumer, 0, count(*) FROM refused_links WHERE settle_time IS NULL GROUP BY consumer
) AS waiting GROUP BY consumer
"""


class OperationsService(rpc.OperationsServiceServicer):
    def __init__(self, pool: Pool, coded: CodedRows, consumers: Mapping[str, Consumer]) -> None:
        """`coded` are the refused links."""
        self._pool, self._links = pool, coded
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
        items = await links.page(self._pool, self._links, request, caller_of(context).actor)
        return pb.ListRefusedLinksResponse(items=items)

    async def SettleRefusedLink(  # noqa: N802  # gRPC's name
        self, request: pb.SettleRefusedLinkRequest, context: Any
    ) -> pb.SettleRefusedLinkResponse:
        await links.settle(self._pool, self._links, request, caller_of(context).actor)
        return pb.SettleRefusedLinkResponse()

    async def ListConsumers(  # noqa: N802  # gRPC's name
        self, request: pb.ListConsumersRequest, context: Any
    ) -> pb.ListConsumersResponse:
        waiting = {row["consumer"]: row for row in await self._pool.fetch(WAITING)}
        response = pb.ListConsumersResponse()
        for group, consumer in self._consumers.items():
            row = waiting.get(group, {"parked": 0, "refused": 0})
            response.consumers.add(
                group=group,
                topic=consumer.topic,
                stopped=consumer.poisons.too_many,
                lag_seconds=consumer.lag(),
                parked=int(row["parked"]),
                refused=int(row["refused"]),
            )
        return response

    async def ResumeConsumer(  # noqa: N802  # gRPC's name
        self, request: pb.ResumeConsumerRequest, context: Any
    ) -> pb.ResumeConsumerResponse:
        consumer = self._consumers.get(request.group)
        if consumer is None:
            raise NotFound("NO_SUCH_CONSUMER", group=request.group)
        return pb.ResumeConsumerResponse(was_stopped=consumer.resume())
