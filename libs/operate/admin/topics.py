"""Creates the topics of deploy/topics.yaml, and reports differences from it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code
from msgspec import yaml

from backbone.kafka.connecting import connection
from backbone.process.wires import Brokers
from operate.admin.topic_differences import OURS, Away, differences
from operate.cli.screen import words

DECLARED = Path(__file__).parents[3] / "deploy" / "topics.yaml"
DAY = 24 * 60 * 60 * 1000
# Kafka's number for settings that were given to the topic itself.
SET_FOR_TOPIC = 1
IN_SYNC = "min.insync.replicas"
EVENTS = ".events.v1"
# As often it is asked whether it lists a new topic, for ten seconds.
LOOKS = 200


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as declared."""

    name: str
    partitions: int
    config: dict[str, str]


@dataclass(frozen=True, slots=True)
class Declared:
    """All declared topics, dead letter topics included, and their replication factor.

    `journalled` are the topics of events: the service whose journal has them all, and the days for
    which the topic keeps them.
    """

    topics: list[Topic]
    replication: int
    journalled: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def dead(self) -> list[str]:
        return [topic.name for topic in self.topics if topic.name.endswith(".dead")]


def read(path: Path = DECLARED) -> Declared:
    """Read the declaration. Raises KeyError with the name of a missing entry."""
    document = yaml.decode(path.read_bytes())
    topics = []
    for name, entry in document["topics"].items():
        topics.append(topic(name, entry))
        for group in entry["groups"]:
            topics.append(topic(f"{name}.{group}.dead", document["dead_letters"]))
    journalled = {
        name: (entry["writer"], entry["keep"])
        for name, entry in document["topics"].items()
        if name.endswith(EVENTS)
    }
    return Declared(topics, document["replication"], journalled)


def topic(name: str, entry: dict[str, Any]) -> Topic:
    keep = entry["keep"]
    if keep == "latest":
        config = {"cleanup.policy": "compact"}
    else:
        config = {"cleanup.policy": "delete", "retention.ms": str(keep * DAY)}
    return Topic(name, entry["partitions"], config)


async def ensure(bootstrap: Brokers, declared: Declared) -> list[str]:
    """Create missing topics and correct settings; return one sentence per remaining difference.

    The number of partitions is never changed, which would break the order per key.
    """
    async with administrator(bootstrap) as admin:
        if away := await brokers_away(admin):
            return [away]
        wanted, copies = await with_copies(admin, declared)
        present = await found(admin)
        await create(admin, [topic for topic in wanted if topic.name not in present], copies)
        for topic in await misconfigured(admin, [t for t in wanted if t.name in present]):
            await correct(admin, topic)
        return [*differences(partitions(wanted), present)]


async def existing(bootstrap: Brokers) -> set[str]:
    """The names of our topics that the broker has."""
    async with administrator(bootstrap) as admin:
        return {name for name in await found(admin) if name.startswith(OURS)}


async def forget(bootstrap: Brokers) -> None:
    """Delete all topics of ours, and with each what the groups have committed there."""
    async with administrator(bootstrap) as admin:
        if names := [name for name in await found(admin) if name.startswith(OURS)]:
            await admin.delete_topics(names)


async def compare(bootstrap: Brokers, declared: Declared) -> list[str]:
    """Return one sentence for each difference; change nothing."""
    async with administrator(bootstrap) as admin:
        wanted, _ = await with_copies(admin, declared)
        present = await found(admin)
        there = [topic for topic in wanted if topic.name in present]
        if away := await brokers_away(admin):
            return [away]
        absent = [t.name for t in wanted if t.name not in present]
        missing = [words(f"{name} is missing", f"缺少 {name}") for name in absent]
        other = [t.name for t in await misconfigured(admin, there)]
        wrong = [words(f"{name} has other settings", f"{name} 的设置不同") for name in other]
        return [*missing, *wrong, *differences(partitions(wanted), present)]


def partitions(wanted: Sequence[Topic]) -> dict[str, int]:
    return {topic.name: topic.partitions for topic in wanted}


@asynccontextmanager
async def administrator(bootstrap: Brokers) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**connection(bootstrap))
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def found(admin: AIOKafkaAdminClient) -> dict[str, int]:
    """The number of partitions of each topic of the broker."""
    return {each["topic"]: len(each["partitions"]) for each in await admin.describe_topics()}


async def with_copies(admin: AIOKafkaAdminClient, declared: Declared) -> tuple[list[Topic], int]:
    """The topics with min.insync.replicas, and the replication factor that the brokers allow."""
    copies = min(declared.replication, len((await admin.describe_cluster())["brokers"]))
    more = {IN_SYNC: str(max(1, copies - 1))}
    return [replace(topic, config={**topic.config, **more}) for topic in declared.topics], copies


async def brokers_away(admin: AIOKafkaAdminClient) -> Away | None:
    """A sentence if brokers that hold copies of our topics are away.

    Nothing is created or changed then: fewer copies and weaker promises would be the result.
    """
    there = {broker["node_id"] for broker in (await admin.describe_cluster())["brokers"]}
    holders = {
        replica
        for each in await admin.describe_topics()
        if each["topic"].startswith(OURS)
        for partition in each["partitions"]
        for replica in partition["replicas"]
    }
    names = ", ".join(map(str, sorted(holders - there)))
    if not names:
        return None
    return Away(
        words(
            f"broker {names} is away; until it is back, no topic is created or changed",
            f"代理 {names} 不在线；恢复之前不会新建或更改任何主题",
        )
    )


async def correct(admin: AIOKafkaAdminClient, topic: Topic) -> None:
    """Set what is declared, and keep what else a person has set.

    This protocol replaces all settings of a topic at once.
    """
    [answer] = await admin.describe_configs([resource(Topic(topic.name, 0, {}))])
    own = {
        entry[0]: entry[1]
        for *_, entries in answer.resources
        for entry in entries
        if entry[3] == SET_FOR_TOPIC and entry[1] is not None
    }
    [answer] = await admin.alter_configs([resource(replace(topic, config=own | topic.config))])
    for code, message, *_ in answer.resources:
        if code:
            raise for_code(code)(f"{topic.name}: {message}")


async def create(admin: AIOKafkaAdminClient, topics: Sequence[Topic], copies: int) -> None:
    if not topics:
        return
    answer = await admin.create_topics(
        [NewTopic(t.name, t.partitions, copies, topic_configs=t.config) for t in topics]
    )
    for name, code, *_ in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error(name)
    await _listed(admin, {topic.name for topic in topics})


async def _listed(admin: AIOKafkaAdminClient, names: Set[str]) -> None:
    """Wait until the broker lists them: it hears of a new topic from the controller a bit later,
    and a comparison at once would find it missing."""
    for _ in range(LOOKS):
        if names <= {*await found(admin)}:
            return
        await asyncio.sleep(0.05)


async def misconfigured(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> list[Topic]:
    actual = await settings(admin, topics)
    safe = [no_less_safe(topic, actual[topic.name]) for topic in topics]
    return [topic for topic in safe if not topic.config.items() <= actual[topic.name].items()]


def no_less_safe(topic: Topic, actual: Mapping[str, str]) -> Topic:
    """The topic with at least as many copies in sync as it demands now: that is never lowered."""
    most = max(int(topic.config.get(IN_SYNC, 1)), int(actual.get(IN_SYNC) or 1))
    return replace(topic, config={**topic.config, IN_SYNC: str(most)})


async def settings(
    admin: AIOKafkaAdminClient, topics: Sequence[Topic]
) -> dict[str, dict[str, str]]:
    if not topics:
        return {}
    answers = await admin.describe_configs([resource(topic) for topic in topics])
    return {
        name: {entry[0]: entry[1] for entry in entries}
        for answer in answers
        for _, _, _, name, entries in answer.resources
    }


def resource(topic: Topic) -> ConfigResource:
    return ConfigResource(ConfigResourceType.TOPIC, topic.name, topic.config)
