"""Orders that arrive as events: the same mission as by the call, whichever comes first."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from backbone.door.journal import event_id
from backbone.rpc.caller import metadata_for
from backbone.words.actor import Actor
from backbone.words.errors import Broken, InvalidArgument, InvalidTransition
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent, DispatchOrdered
from liandong.emergency.v1 import emergency_service_pb2 as pb
from liandong.emergency.v1.emergency_events_pb2 import EmergencyEvent
from liandong.emergency.v1.emergency_pb2 import Mission, Order, TeamStatus
from liandong.event.v1.event_pb2 import Meta
from operate.admin import topics
from services.emergency import codec
from services.emergency.consumers import TOPIC
from services.emergency.deciders import TOPIC as OWN
from services.emergency.mission.record import mission_id
from tests.emergency import Desk, an_order, serving, some_settings
from tests.installation import Installation
from tests.servers import Broker
from tests.signing import signed


@pytest.fixture
async def brokers(broker: Broker) -> str:
    await broker.started()
    await topics.ensure(broker.address, topics.read())
    return broker.address


@pytest.fixture
async def desk(database_url: str, brokers: str) -> AsyncIterator[Desk]:
    async with serving(some_settings(database_url, brokers)) as desk:
        yield desk


async def tell(brokers: str, receipt: UUID, *orders: Order, time: datetime | None = None) -> None:
    """What the front desk's relay sends; without a time it has waited for long."""
    async with AIOKafkaProducer(bootstrap_servers=brokers) as producer:
        for version, order in enumerate(orders, 1):
            meta = Meta(
                event_id=str(event_id("liandong.alarm", receipt, version)),
                aggregate_id=str(receipt),
                version=version,
            )
            if time is not None:
                meta.time.FromDatetime(time)
            event = AlarmEvent(meta=meta, dispatch_ordered=DispatchOrdered(order=order))
            value = event.SerializeToString()
            key = str(receipt).encode()
            headers = signed(TOPIC, key, value)
            await producer.send_and_wait(TOPIC, value, key=key, headers=headers)


async def test_an_order_that_only_kafka_delivers_reaches_the_terminal(
    desk: Desk, brokers: str
) -> None:
    receipt = uuid4()
    async with desk.terminal() as terminal:
        await tell(brokers, receipt, an_order("fire-1", receipt))
        push = await terminal.push(30)
    assert (push.seq, push.priority) == (1, "P1")
    answer = await desk.dispatch(receipt=receipt)
    assert answer.mission.id == push.mission, "the call afterwards is a repeat"


async def test_a_desk_hears_that_a_team_cannot_be_sent_though_kafka_is_faster_than_its_call(
    desk: Desk, brokers: str
) -> None:
    metadata = metadata_for(desk.token, Actor("lee", "990101-fire"), team="fire-1")
    out = pb.SetTeamStatusRequest(team="fire-1", duty=TeamStatus.DUTY_OUT_OF_SERVICE)
    await desk.stub.SetTeamStatus(out, metadata=[*metadata, ("idempotency-key", "out")], timeout=30)
    heard, unheard = uuid4(), uuid4()
    await tell(brokers, heard, an_order("fire-1", heard, receipt=str(heard)), time=now())
    await asyncio.sleep(0.5)
    with pytest.raises(InvalidTransition, match="TEAM_OUT_OF_SERVICE"):
        await desk.dispatch(receipt=heard)
    async with desk.terminal() as terminal:
        late = an_order("fire-1", unheard, receipt=str(unheard))
        await tell(brokers, unheard, late, time=now() - timedelta(seconds=5))
        push = await terminal.push(30)
        sent = mission_id(unheard, "fire-1")
        assert push.mission == str(sent), "its desk has committed, and its call has died"


@pytest.mark.parametrize(
    ("team", "reason"), [("fire-1", "ALREADY_DISPATCHED"), ("fire-9", "UNKNOWN_TEAM")]
)
async def test_a_refusal_is_told_to_the_call_alone(
    desk: Desk, brokers: str, database: Installation, team: str, reason: str
) -> None:
    """Kafka is faster than the call: the inbox of the desk must not tell the same once more."""
    matter, receipt, before, behind = (uuid4() for _ in range(4))
    async with desk.terminal() as terminal:
        await tell(brokers, before, an_order("fire-1", before, receipt=str(before)))
        await terminal.push(30)  # the consumer is there
        await desk.dispatch(receipt=matter)
        await tell(brokers, receipt, an_order(team, matter, receipt=str(receipt)), time=now())
        await asyncio.sleep(1.5)
        with pytest.raises((InvalidTransition, InvalidArgument), match=reason):
            await desk.dispatch(team, matter, receipt=receipt)
        await tell(brokers, behind, an_order("fire-1", behind, receipt=str(behind)), time=now())
        await terminal.pushes(2)
    conn = await asyncpg.connect(database.admin)
    assert await conn.fetchval("SELECT count(*) FROM emergency.refused_links") == 0
    await conn.close()


def now() -> datetime:
    return datetime.now(UTC)


async def test_an_order_that_the_call_has_delivered_changes_nothing(
    desk: Desk, brokers: str, database: Installation
) -> None:
    receipt, second = uuid4(), uuid4()
    async with desk.terminal() as terminal:
        await desk.dispatch(receipt=receipt)
        await tell(brokers, receipt, an_order("fire-1", receipt))
        await tell(brokers, second, an_order("fire-1", second))
        assert [push.seq for push in await terminal.pushes(1)] == [1]
        assert (await terminal.push(30)).seq == 2, "the order behind it has been read"
    conn = await asyncpg.connect(database.admin)
    assert await conn.fetchval("SELECT count(*) FROM emergency.refused_links") == 0
    assert await conn.fetchval("SELECT count(*) FROM emergency.missions") == 2
    await conn.close()


async def test_an_order_that_is_refused_becomes_a_task_and_stops_nothing(
    desk: Desk, brokers: str, database: Installation
) -> None:
    receipt = uuid4()
    orders = [an_order(team, receipt) for team in ("fire-9", "fire-1")]
    async with desk.terminal() as terminal:
        await tell(brokers, receipt, *orders)
        assert (await terminal.push(30)).seq == 1
    conn = await asyncpg.connect(database.admin)
    reasons = await conn.fetch("SELECT reason FROM emergency.refused_links")
    assert [row["reason"] for row in reasons] == ["UNKNOWN_TEAM"]
    await conn.close()


async def test_every_step_is_told_in_order(desk: Desk, brokers: str) -> None:
    mission = (await desk.dispatch()).mission
    assert mission.state == Mission.STATE_PENDING
    await desk.act("AcknowledgeMission", mission.id)
    await desk.act("ClearMission", mission.id, result="伤者已送医")
    consumer = AIOKafkaConsumer(OWN, bootstrap_servers=brokers, auto_offset_reset="earliest")
    await consumer.start()
    told: list[EmergencyEvent] = []
    async with asyncio.timeout(30):
        while len(told) < 3:
            record = await consumer.getone()
            if record.key == mission.id.encode():
                told.append(EmergencyEvent.FromString(record.value))
    await consumer.stop()
    kinds = [event.WhichOneof("kind") for event in told]
    assert kinds == ["dispatched", "acknowledged", "cleared"]
    assert [event.meta.version for event in told] == [1, 2, 3]
    assert list(told[0].meta.audience) == ["990101-fire", "desk"]
    assert told[0].meta.correlation_id == mission.matter_id
    assert told[0].dispatched.order.narrative == "两车相撞,有人受伤"


PUT_IN = """
INSERT INTO emergency.outcomes
    (request_id, body_hash, aggregate_id, version, reason, kind, facts, time, call, proof)
VALUES ($1, '', $2, 0, 'TEAM_OUT_OF_SERVICE', 'InvalidTransition', '{}', now(), '', 'no code')
"""
OTHERS = "UPDATE emergency.outcomes SET aggregate_id = $2 WHERE request_id = $1"


async def test_an_answer_that_was_put_in_by_hand_hides_no_order(
    desk: Desk, brokers: str, database: Installation
) -> None:
    """Without a code it is none: the order becomes a task for a person, and is not dropped."""
    receipt = uuid4()
    order = an_order("fire-1", receipt)
    conn = await asyncpg.connect(database.admin)
    try:
        await conn.execute(PUT_IN, codec.dispatch_id(receipt, order), uuid4())
        await tell(brokers, receipt, order)
        async with asyncio.timeout(30):
            while not (links := await conn.fetch("SELECT reason FROM emergency.refused_links")):
                await asyncio.sleep(0.2)
        assert [row["reason"] for row in links] == ["EVIDENCE_BROKEN"]
    finally:
        await conn.close()


async def test_a_repeat_follows_no_answer_that_was_changed_by_hand(
    desk: Desk, database: Installation
) -> None:
    receipt, other = uuid4(), uuid4()
    order = an_order("fire-1", receipt)
    await desk.dispatch(receipt=receipt)
    conn = await asyncpg.connect(database.admin)
    done = await conn.execute(OTHERS, codec.dispatch_id(receipt, order), other)
    await conn.close()
    assert done == "UPDATE 1"
    with pytest.raises(Broken, match="EVIDENCE_BROKEN"):
        await desk.dispatch(receipt=receipt)
