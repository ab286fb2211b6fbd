"""Dead letters on a real broker: listed with where they came from, empty topics not waited for."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord

from backbone.kafka.producer import Burial, Publisher, dead_topic
from operate.admin import deadletters, topics
from operate.admin import parked as parking
from operate.cli import deadletter_command
from operate.home.home import Home
from operate.home.keys import Keys
from operate.home.ports import Ports, free_port
from operate.run.installation import Installation
from tests.servers import Broker, running_task
from tests.signing import KEYS
from tests.topics import headers_of, read

STRANGER = Keys(b"of another installation")
OF_ITS_OWN = (
    ("ce_type", b"routed"), ("liandong-signature", b"0a1b"), ("liandong-codes", b"0a1b,alarm:2c"),
)  # fmt: skip


def unreadable(offset: int) -> "ConsumerRecord[bytes, bytes]":
    return ConsumerRecord(
        topic="liandong.alarm.events.v1",
        partition=3,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=b"k",
        value=b"\xff\xfe",
        checksum=None,
        serialized_key_size=1,
        serialized_value_size=2,
        headers=(),
    )


async def test_what_a_service_buried_is_listed(broker: Broker) -> None:
    await broker.started()
    await topics.ensure(broker.address, topics.read())
    publisher = Publisher(broker.address)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    async with running_task(publisher.run()):
        for offset in (41, 42):
            burial = Burial(publisher, "emergency.alarm")
            await burial.bury(unreadable(offset), "Error parsing message")
    first, second = await deadletters.read_dead(broker.address, KEYS) or ()
    assert first.as_json() | {"time": ""} == {
        "topic": "liandong.alarm.events.v1",
        "partition": 3,
        "offset": 41,
        "time": "",
        "reason": "Error parsing message",
        "service": "emergency",
        "group": "emergency.alarm",
        "kind": "dead",
        "aggregate_id": "",
    }
    assert second.place == "liandong.alarm.events.v1/3/42"
    assert second.value == b"\xff\xfe"
    await deadletters.acknowledge(broker.address, STRANGER, [first], "hidden by an intruder")
    assert await deadletters.read_dead(broker.address, KEYS) is not None
    hidden = await deadletters.read_dead(broker.address, KEYS) or []
    assert {first, second} <= {*hidden}, "the word of a stranger hides nothing, and is shown"
    await deadletters.acknowledge(broker.address, KEYS, [first], "a test of the partner")
    assert await deadletters.read_dead(broker.address, KEYS) == [second]
    await deadletters.acknowledge(broker.address, KEYS, [first, second], "again changes nothing")
    assert await deadletters.read_dead(broker.address, KEYS) == []
    dead = dead_topic(first.topic, "emergency.alarm")
    async with AIOKafkaProducer(bootstrap_servers=broker.address) as producer:
        await producer.send_and_wait(dead, b"put there by hand")
    by_hand = await deadletters.read_dead(broker.address, KEYS) or []
    assert [each.topic for each in by_hand] == [dead]
    await deadletters.acknowledge(broker.address, KEYS, by_hand, "removed")
    assert await deadletters.read_dead(broker.address, KEYS) == []


async def test_events_that_wait_are_listed_without_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = deadletters.Letter("t", 0, 7, "", "", "alarm", "alarm.incidents", kind="parked")

    async def parked(installation: Installation) -> tuple[list[deadletters.Letter], list[str]]:
        return [waits], ["emergency"]

    monkeypatch.setattr(parking, "read_parked", parked)
    nobody = f"127.0.0.1:{free_port()}"
    installation = Installation(Home(Path("nowhere"), Ports()), Keys(b""), kafka_bootstrap=nobody)
    found = await deadletter_command.everything(installation)
    assert found == ([waits], ["kafka", "emergency"])


async def test_what_an_older_release_could_not_apply_is_sent_again_as_it_was(
    broker: Broker,
) -> None:
    await broker.started()
    await topics.ensure(broker.address, topics.read())
    topic, publisher = "liandong.petition.events.v1", Publisher(broker.address)
    event = replace(unreadable(7), topic=topic, key=b"of", value=b"well", headers=OF_ITS_OWN)
    burial = Burial(publisher, "workflow.stream")
    async with running_task(publisher.run()):
        await burial.bury(event, "NEWER_SHAPE")
        await burial.bury(replace(event, offset=8), "FORGED")
    assert await deadletters.send_again(broker.address, KEYS) == 1
    [again] = await read(broker, topic, 1)
    assert (again.key, again.value, again.partition) == (b"of", b"well", 3)
    assert headers_of(again) == {name: value.decode() for name, value in OF_ITS_OWN}
    left = await deadletters.read_dead(broker.address, KEYS) or ()
    assert [each.reason for each in left if each.topic == topic] == ["FORGED"]
    assert await deadletters.send_again(broker.address, KEYS) == 0
