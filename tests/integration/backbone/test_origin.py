"""Records of before signatures came: accepted up to where the topic ended then, never after."""

from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer

from backbone.door.codes import Codes
from backbone.kafka.origin import Forged, Origin
from backbone.postgres.pool import Pool
from backbone.process.keyring import Keyring
from tests.ledger.consuming import an_event
from tests.servers import Broker
from tests.signing import signatures_of
from tests.topics import make_topic, publish, read

CODES = Codes(Keyring((bytes(32),)), "alarm")


async def learned(pool: Pool, broker: Broker, topic: str, codes: Codes | None = None) -> Origin:
    """What a process of the group knows after its start."""
    origin = Origin(signatures_of("alarm"), pool, "ledger.test", codes)
    async with AIOKafkaConsumer(topic, bootstrap_servers=broker.address) as consumer:
        await origin.learn(consumer, [topic])
    return origin


async def test_old_records_are_accepted_up_to_the_upgrade(
    broker: Broker, pool: Pool, admin: Any
) -> None:
    await broker.started()
    topic = await make_topic(broker)
    await publish(broker, topic, an_event(uuid4(), 1), an_event(uuid4(), 1))
    await admin.execute("UPDATE signing SET accepts_unsigned = true")
    before = await learned(pool, broker, topic)
    await publish(broker, topic, an_event(uuid4(), 1))
    old, also_old, forged = await read(broker, topic, 3)
    for origin in (before, await learned(pool, broker, topic)):
        origin.check(old)
        origin.check(also_old)
        with pytest.raises(Forged, match="not signed"):
            origin.check(forged)


async def test_an_end_that_was_moved_by_hand_accepts_nothing(
    broker: Broker, pool: Pool, admin: Any
) -> None:
    """Neither one of a topic, nor the word that ends are still to be noted."""
    await broker.started()
    topic = await make_topic(broker)
    await publish(broker, topic, an_event(uuid4(), 1))
    await admin.execute("UPDATE uncoded SET until = now()")
    await admin.execute("INSERT INTO unsigned (topic, partition, upto) VALUES ($1, 0, 9)", topic)
    [record] = await read(broker, topic, 1)
    for more in ("SELECT 1", "UPDATE signing SET accepts_unsigned = true"):
        await admin.execute(more)
        origin = await learned(pool, broker, topic, CODES)
        with pytest.raises(Forged):
            origin.check(record)


async def test_what_was_noted_is_accepted_for_good(broker: Broker, pool: Pool, admin: Any) -> None:
    await broker.started()
    topic = await make_topic(broker)
    await publish(broker, topic, an_event(uuid4(), 1))
    await admin.execute("UPDATE uncoded SET until = now() + interval '1 day'")
    await admin.execute("UPDATE signing SET accepts_unsigned = true")
    await learned(pool, broker, topic, CODES)
    await admin.execute("UPDATE uncoded SET until = now()")
    [record] = await read(broker, topic, 1)
    (await learned(pool, broker, topic, CODES)).check(record)


async def test_a_new_installation_accepts_nothing_unsigned(broker: Broker, pool: Pool) -> None:
    await broker.started()
    topic = await make_topic(broker)
    await publish(broker, topic, an_event(uuid4(), 1))
    origin = await learned(pool, broker, topic)
    [record] = await read(broker, topic, 1)
    with pytest.raises(Forged):
        origin.check(record)


async def test_a_service_cannot_widen_what_it_accepts(pool: Pool) -> None:
    for statement in ("UPDATE signing SET accepts_unsigned = true", "UPDATE unsigned SET upto = 9"):
        with pytest.raises(Exception, match="permission denied"):
            await pool.execute(statement)
