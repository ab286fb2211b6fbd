"""The front desk as a real process, over a database and a Kafka of its own."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import open_channel
from backbone.words.actor import Actor
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.alarm.v1 import alarm_service_pb2 as pb
from liandong.alarm.v1 import alarm_service_pb2_grpc as rpc
from liandong.place.v1.place_pb2 import Place, Point
from tests.desks import TAKER, a_desk_city
from tests.processes import Installation, an_installation
from tests.servers import Broker

NUMBER, NAME = "13800001234", "王小明"


class Console:
    """What a call-taker sits at."""

    def __init__(self, home: Installation) -> None:
        settings = home.settings("gateway")  # a person's call comes through it
        self._token = settings.token
        self.stub = rpc.AlarmServiceStub(open_channel(settings, "alarm"))

    async def receive(
        self, who: Actor = TAKER, key: str = "", **parts: Any
    ) -> tuple[resources.Receipt, dict[str, str]]:
        given = {
            "kind": resources.Receipt.KIND_CALL,
            "caller": pb.CallerFacts(number=NUMBER, name=NAME),
            "place": Place(text="长风路12号", point=Point(longitude=0.15, latitude=0.05)),
            "category": "traffic.accident",
            "narrative": "两车相撞,有人受伤",
            **parts,
        }
        response, trailing = await self.call(
            "ReceiveAlarm", pb.ReceiveAlarmRequest(**given), who, key
        )
        return response.receipt, trailing

    async def do(self, verb: str, receipt: str, who: Actor = TAKER, **parts: Any) -> Any:
        """Perform a verb on a receipt and return the response."""
        request = getattr(pb, f"{verb}Request")(receipt_id=receipt, **parts)
        return (await self.call(verb, request, who))[0]

    async def call(
        self, verb: str, request: Any, who: Actor = TAKER, key: str = "", **more: str
    ) -> tuple[Any, dict[str, str]]:
        metadata = metadata_for(self._token, who, principal=who.user, **more)
        metadata.append(("idempotency-key", key or uuid4().hex))
        call = getattr(self.stub, verb)(request, timeout=30, metadata=metadata)
        response = await call
        return response, dict(await call.trailing_metadata())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(
    template: str, broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    logs = tmp_path_factory.mktemp("alarm")
    async with an_installation(template, broker, logs) as installation:
        await installation.know(a_desk_city(), "gateway", "alarm", "workflow", "emergency")
        yield installation


@pytest_asyncio.fixture(loop_scope="module")
async def tables(home: Installation) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The schema of the desk, emptied of what earlier tests have left.

    The desk goes on working meanwhile. TRUNCATE locks whole tables against its reads, in an order
    of its own, and the two can deadlock; a DELETE waits for rows alone. The role of a replica
    passes the trigger that keeps the journal.
    """
    conn = await asyncpg.connect(home.admin_dsn, server_settings={"search_path": "alarm"})
    await conn.execute("""
        BEGIN;
        SET LOCAL session_replication_role = replica;
        DELETE FROM unsent; DELETE FROM outcomes; DELETE FROM receipts; DELETE FROM journal;
        COMMIT;
    """)
    yield conn
    await conn.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def console(home: Installation) -> AsyncIterator[Console]:
    """A desk alone: neither workflow nor emergency answers."""
    with home.started("alarm"):
        await home.ready("alarm")
        yield Console(home)
