"""Topics on a real broker: created as declared, corrected, and what differs is told."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from operate.admin import topics
from operate.admin.doctor import remedy_of_topic
from tests.servers import Broker


async def test_declared_topics_are_created_and_found_again(broker: Broker) -> None:
    await broker.started()
    declared = topics.read()
    assert await topics.ensure(broker.address, declared) == []
    assert await topics.ensure(broker.address, declared) == []
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.address)
    await admin.start()
    present = await topics.found(admin)
    settings = await topics.settings(admin, declared.topics)
    await admin.close()
    for topic in declared.topics:
        assert present[topic.name] == topic.partitions
        assert topic.config.items() <= settings[topic.name].items()
    assert "liandong.incident.commands.v1.workflow.stream.dead" in declared.dead


async def test_what_differs_is_corrected_or_told(broker: Broker, tmp_path: Path) -> None:
    await broker.started()
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.address)
    await admin.start()
    await admin.create_topics([NewTopic("liandong.few", 1, 1), NewTopic("liandong.stranger", 1, 1)])
    while not {"liandong.few", "liandong.stranger"} <= set(await admin.list_topics()):
        await asyncio.sleep(0.05)
    path = tmp_path / "topics.yaml"
    path.write_text("""
        replication: 3
        topics: {liandong.few: {partitions: 2, keep: latest, groups: [a.b]}}
        dead_letters: {partitions: 1, keep: 365}
    """)
    declared = topics.read(path)
    try:
        told = "\n".join(await topics.ensure(broker.address, declared))
        assert "liandong.few has 1 partitions, 2 are declared" in told
        assert "liandong.stranger exists, but is not declared" in told
        few = next(topic for topic in declared.topics if topic.name == "liandong.few")
        await until_set(admin, few, {"cleanup.policy": "compact"})
        settings = await topics.settings(admin, declared.topics)
        assert "liandong.few.a.b.dead" in settings
        await no_correction_lowers_safety(admin, broker, declared, few)
    finally:
        await admin.delete_topics(["liandong.stranger", "liandong.few", "liandong.few.a.b.dead"])
        await admin.close()


async def test_what_doctor_advises_mends_each_difference(broker: Broker, tmp_path: Path) -> None:
    """What is missing is made; the number of partitions is declared as it is."""
    await broker.started()
    path = tmp_path / "topics.yaml"

    def declare(partitions: str) -> None:
        path.write_text(f"""
            replication: 1
            topics: {{liandong.wide: {{partitions: {partitions}, keep: latest, groups: []}}}}
            dead_letters: {{partitions: 1, keep: 365}}
        """)

    async def advice() -> list[str]:
        told = await topics.compare(broker.address, topics.read(path))
        return [remedy_of_topic(each) for each in told if "liandong.wide" in each]

    declare("3")
    assert await advice() == ["make topics"]
    await topics.ensure(broker.address, topics.read(path))
    assert await advice() == []
    declare("8")
    [other] = await advice()
    advised = re.match(r"declare (\d+) in deploy/topics.yaml", other)
    assert advised
    declare(advised[1])
    assert await advice() == []


async def no_correction_lowers_safety(
    admin: AIOKafkaAdminClient, broker: Broker, declared: topics.Declared, few: topics.Topic
) -> None:
    """What a person demands beyond the declaration stays, also when something is corrected."""
    strict = {"min.insync.replicas": "2", "max.message.bytes": "2000000"}
    wrong = {**few.config, **strict, "cleanup.policy": "delete"}
    await admin.alter_configs([topics.resource(replace(few, config=wrong))])
    await until_set(admin, replace(few, config=wrong), wrong)
    told = await topics.compare(broker.address, declared)
    assert "liandong.few has other settings" in told
    await topics.ensure(broker.address, declared)
    right = {**strict, "cleanup.policy": "compact"}
    await until_set(admin, replace(few, config=right), right)
    assert "liandong.few has other settings" not in await topics.compare(broker.address, declared)


async def until_set(
    admin: AIOKafkaAdminClient, topic: topics.Topic, expected: dict[str, str]
) -> None:
    """A broker tells a change of settings only once it has heard of it from the controller."""
    async with asyncio.timeout(20):
        while not expected.items() <= (await topics.settings(admin, [topic]))[topic.name].items():
            await asyncio.sleep(0.1)
