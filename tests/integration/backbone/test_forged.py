"""An intruder who reaches Kafka, or has the token of the services, commands nothing."""

import asyncio
import re
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import grpc
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from google.protobuf.descriptor import ServiceDescriptor

from backbone.door.journal import event_id, statement_of
from backbone.kafka.origin import CODES, command_statement, entry_statement, header_of, owner_of
from backbone.process.settings import PORTS, SCHEMAS
from backbone.process.signing import Signatures
from backbone.rpc.caller import metadata_for
from backbone.rpc.shared_server import METHOD as SHARED
from backbone.rpc.signed import signature_of
from backbone.words.actor import Actor
from backbone.words.errors import Refusal
from liandong.alarm.v1 import alarm_service_pb2
from liandong.calls.v1 import calls_service_pb2 as calls
from liandong.dispute.v1 import dispute_service_pb2
from liandong.emergency.v1 import emergency_service_pb2
from liandong.incident.v1 import incident_service_pb2
from liandong.incident.v1.incident_commands_pb2 import IncidentCommand
from liandong.operations.v1 import operations_service_pb2
from liandong.petition.v1 import petition_service_pb2
from liandong.population.v1 import population_service_pb2
from liandong.supervision.v1 import supervision_service_pb2
from operate.admin import topics
from operate.home.keys import Keys
from services.gateway.live.feed import EVENTS
from services.workflow import codec
from tests.cities import a_city
from tests.ledger.building import SECRET
from tests.processes import Installation, an_installation
from tests.servers import Broker

FRONTS = ("alarm", "petition", "dispute", "population", "emergency", "workflow", "gateway")
CONTRACTS: dict[str, tuple[Any, ...]] = {
    "alarm": (alarm_service_pb2, operations_service_pb2),
    "petition": (petition_service_pb2, operations_service_pb2),
    "dispute": (dispute_service_pb2, operations_service_pb2),
    "population": (population_service_pb2, operations_service_pb2),
    "emergency": (emergency_service_pb2, operations_service_pb2),
    "workflow": (incident_service_pb2, supervision_service_pb2, operations_service_pb2),
}
KEYS = Keys(SECRET)
ALARM = "liandong.alarm.events.v1"
# The group that reads all of a topic, where that is not the gateway's.
READERS = {
    "liandong.incident.commands.v1": "workflow.stream",
    "liandong.directory.v1": "alarm.directory",
}
TOPICS = [each.name for each in topics.read().topics if not each.name.endswith(".dead")]
DISPATCHER = Actor("zhao", "990100-command", "dispatcher", "990100")

Record = tuple[str, bytes, bytes, list[tuple[str, bytes]]]


def signatures(service: str) -> Signatures:
    return Signatures(service, KEYS.keyring(service), KEYS.signers())


def an_event(topic: str, of: UUID, kind: str = "") -> tuple[str, bytes]:
    """The type and the value of a first event of its topic."""
    name = topic.split(".")[1]
    event: Any = EVENTS[name]()
    event.meta.aggregate_id, event.meta.version = str(of), 1
    event.meta.event_id = str(event_id(f"liandong.{name}", of, 1))
    event.meta.actor, event.meta.unit = "zhao", "990100-command"
    field = kind or event.DESCRIPTOR.oneofs_by_name["kind"].fields[0].name
    getattr(event, field).SetInParent()
    return f"liandong.{name}.{field}.v1", event.SerializeToString()


def signed_event(topic: str, of: UUID, by: str = "", kind: str = "", on: str = "") -> Record:
    """An event as its service would send it; or signed by another one, or for another topic."""
    name, value = an_event(topic, of, kind)
    said = {"ce_type": name, "ce_subject": str(of), "ce_sequence": "1"}
    said["ce_id"] = str(event_id(name.rsplit(".", 2)[0], of, 1))
    statement = statement_of(on or topic, name, said["ce_id"], str(of), 1, value)
    headers = [(key, text.encode()) for key, text in said.items()]
    headers.append(header_of(signatures(by or owner_of(topic)).sign(statement)))
    return topic, str(of).encode(), value, headers


def coded_event(topic: str, by: str = "") -> Record:
    """A wrongly signed event with codes: those of another service, or the writer's of another."""
    of, writer = uuid4(), signatures(by or owner_of(topic))
    name, value = an_event(topic, of)
    its_id = str(event_id(name.rsplit(".", 2)[0], of, 1))
    said = statement_of(topic, name, its_id, str(of), 1, value) if by else b"another statement"
    codes = writer.codes(said, writer.sign(said))
    _, key, _, headers = signed_event(topic, of, on="liandong.other.events.v1")
    return topic, key, value, [*headers, (CODES, codes)]


def with_another_actor(record: Record) -> Record:
    """A record that was signed, sent again for a person who did not ask for it."""
    topic, key, value, headers = record
    event: Any = EVENTS[topic.split(".")[1]].FromString(value)
    event.meta.actor = "mallory"
    return topic, key, event.SerializeToString(), headers


def forged_kinds(topic: str) -> Iterator[Record]:
    """Every kind of event: unsigned, with another actor, and by the key of another service."""
    kinds = EVENTS[topic.split(".")[1]].DESCRIPTOR.oneofs_by_name["kind"].fields  # type: ignore[attr-defined]
    for kind in kinds:
        topic, key, value, headers = signed_event(topic, uuid4(), kind=kind.name)
        yield topic, key, value, headers[:-1]
        yield with_another_actor(signed_event(topic, uuid4(), kind=kind.name))
        yield signed_event(topic, uuid4(), by="gateway", kind=kind.name)


def forged_events(topic: str) -> list[Record]:
    """Unsigned, half signed, altered, of another signer, of another record, of another topic."""
    of, other = uuid4(), uuid4()
    _, key, value, headers = signed_event(topic, of)
    renumbered = [(name, b"2" if name == "ce_sequence" else text) for name, text in headers]
    return [
        *forged_kinds(topic),
        (topic, key, value, []),
        (topic, key, an_event(topic, other)[1], headers),
        (topic, str(other).encode(), value, headers),
        (topic, key, value, renumbered),
        (topic, key, value, [*headers[:-1], ("liandong-signature", b"no digits")]),
        coded_event(topic, by="gateway"),
        coded_event(topic),
        signed_event(topic, uuid4(), on="liandong.other.events.v1"),
    ]


def a_command(method: str, of: UUID) -> tuple[bytes, bytes]:
    message = IncidentCommand(request_id=str(uuid4()), user="li", unit="x", role="dispatcher")
    message.method = method
    contract = incident_service_pb2 if method in codec.OF_INCIDENTS else supervision_service_pb2
    request = getattr(contract, f"{method}Request")()
    for name in {"incident_id", "supervision_id"}.intersection(request.DESCRIPTOR.fields_by_name):
        setattr(request, name, str(of))
    message.request = request.SerializeToString()
    message.deadline.FromJsonString("2099-01-01T00:00:00Z")
    return str(of).encode(), message.SerializeToString()


def coded(topic: str, by: str, key: bytes, value: bytes) -> list[tuple[str, bytes]]:
    return [header_of(signatures(by).code("workflow", command_statement(topic, key, value)))]


def methods_of_commands() -> list[str]:
    """Every method that a record of the command topic may name, of which a bare one can be read."""
    found = []
    for method in sorted(codec.TYPES):
        try:
            codec.from_value(a_command(method, uuid4())[1], b"key")
        except (AttributeError, ValueError, Refusal):  # made inside, or more than an id
            continue
        found.append(method)
    assert len(found) > 30
    return found


def forged_commands(topic: str) -> list[Record]:
    key, value = a_command("ClaimIncident", uuid4())
    _, void = a_command("VoidIncident", uuid4())
    real = coded(topic, "workflow", key, value)
    every = [a_command(method, uuid4()) for method in methods_of_commands()]
    return [
        *((topic, of, said, []) for of, said in every),
        *((topic, of, said, coded(topic, "gateway", of, said)) for of, said in every),
        (topic, key, value, []),
        (topic, key, void, real),
        (topic, str(uuid4()).encode(), value, real),
        (topic, key, value, coded(topic, "gateway", key, value)),
        (topic, key, value, [("liandong-signature", b"00" * 36)]),
    ]


def forged_entries(topic: str) -> list[Record]:
    key, value, version = b"unit/x", b"", b"9"
    real = header_of(signatures("directory").sign(entry_statement(topic, key, version, value)))
    other = header_of(signatures("alarm").sign(entry_statement(topic, key, version, value)))
    return [
        (topic, key, value, [("version", version)]),
        (topic, key, value, [("version", b"10"), real]),
        (topic, b"unit/y", value, [("version", version), real]),
        (topic, key, value, [("version", version), other]),
    ]


def forged(topic: str) -> list[Record]:
    if topic.endswith(".events.v1"):
        return forged_events(topic)
    return forged_commands(topic) if ".commands." in topic else forged_entries(topic)


@pytest.fixture
async def city(template: str, broker: Broker, tmp_path: Path) -> AsyncIterator[Installation]:
    """Every service but the directory, in two processes."""
    async with an_installation(template, broker, tmp_path) as city, AsyncExitStack() as stack:
        await city.know(a_city(), *{SCHEMAS[name] for name in FRONTS})
        stack.enter_context(city.started(*FRONTS))
        stack.enter_context(city.started("workflow-stream"))
        await city.ready("workflow-stream", *FRONTS)
        yield city


async def test_what_is_forged_is_a_dead_letter_and_never_acted_upon(city: Installation) -> None:
    records = {topic: forged(topic) for topic in TOPICS}
    before = await written(city)
    async with AIOKafkaProducer(bootstrap_servers=city.broker.address) as producer:
        for record in (each for some in records.values() for each in some):
            topic, key, value, headers = record
            await producer.send(topic, value, key=key, headers=headers)
        await producer.flush()
        for topic in TOPICS:  # and after them a real one: it is no dead letter
            if topic.endswith(".events.v1"):
                real = signed_event(topic, uuid4())
                await producer.send_and_wait(real[0], real[2], key=real[1], headers=real[3])
    wanted = {topic: len(some) for topic, some in records.items()}
    found = await dead_letters(city, wanted)
    assert {topic: found[topic] for topic in wanted} == wanted
    assert await written(city) == before
    print(f"\n{sum(wanted.values())} forged records on {len(wanted)} topics")  # noqa: T201
    for process in ("gateway", "workflow-stream"):
        assert alarmed(city, process) > 0
    await refuses_forged_calls(city)


async def written(city: Installation) -> dict[str, int]:
    """The rows of every service's journal."""
    conn = await asyncpg.connect(city.admin_dsn)
    names = sorted({SCHEMAS[name] for name in FRONTS})
    rows = {name: await conn.fetchval(f"SELECT count(*) FROM {name}.journal") for name in names}
    await conn.close()
    return rows


async def dead_letters(city: Installation, wanted: dict[str, int]) -> Counter[str]:
    """The forged records that the group which reads all of a topic has put aside, by topic."""
    groups = {topic: READERS.get(topic, "gateway.changes") for topic in wanted}
    names = {f"{topic}.{group}.dead": topic for topic, group in groups.items()}
    names[f"{ALARM}.emergency.alarm.dead"] = "orders"
    found: Counter[str] = Counter()
    consumer = AIOKafkaConsumer(
        *names, bootstrap_servers=city.broker.address, auto_offset_reset="earliest"
    )
    async with consumer, asyncio.timeout(30):
        while not found["orders"] or any(found[topic] < count for topic, count in wanted.items()):
            for records in (await consumer.getmany(timeout_ms=300)).values():
                for record in records:
                    reason = dict(record.headers)["liandong-reason"].decode()
                    assert "FORGED" in reason, (record.topic, reason)
                    found[names[record.topic]] += 1
    return found


def alarmed(city: Installation, process: str) -> float:
    """What a process counts as forged."""
    port = city.port + PORTS[process][1]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as page:
        text = page.read().decode()
    return sum(map(float, re.findall(r"^liandong_forged_total\{.*\} (\S+)$", text, re.MULTILINE)))


def methods(contract: ServiceDescriptor) -> list[str]:
    return [f"/{contract.full_name}/{each.name}" for each in contract.methods]


def of_service(service: str) -> list[str]:
    """Every method of every contract of a service."""
    named = (each.DESCRIPTOR.services_by_name.values() for each in CONTRACTS[service])
    return [method for some in named for contract in some for method in methods(contract)]


async def refuses_forged_calls(city: Installation) -> None:
    """The token alone opens no method of any service, nor does a signature for another call."""
    for service in CONTRACTS:
        settings = city.settings(service)
        token = metadata_for(settings.token, DISPATCHER, request_id=str(uuid4()))
        async with grpc.aio.insecure_channel(settings.address_of(service)) as channel:
            for method in of_service(service):
                for metadata in (token, *half_signed(service, method, token)):
                    assert await refused(channel.unary_unary(method), metadata), method
                assert await refused_on_stream(channel, method, token), method


def half_signed(service: str, method: str, token: list[tuple[str, str]]) -> list[list[Any]]:
    """A signature for another method, another actor, another service, and by an unknown one."""
    gateway = signatures("gateway")
    other = [("liandong-user", "wang"), *token[2:]]
    stranger = Signatures("gateway", Keys(b"of elsewhere").keyring("gateway"), KEYS.signers())
    return [
        [*token, signature_of(gateway, service, f"{method}X", token, b"")],
        [*token, signature_of(gateway, service, method, other, b"")],
        [*token, signature_of(gateway, "gateway", method, token, b"")],
        [*token, signature_of(stranger, service, method, token, b"")],
        [*token, signature_of(gateway, service, method, token, b"x")],
    ]


async def refused(call: Any, metadata: Any) -> bool:
    try:
        await call(b"", metadata=metadata, timeout=30)
    except grpc.aio.AioRpcError as error:
        return error.code() is grpc.StatusCode.PERMISSION_DENIED
    return False


async def refused_on_stream(channel: grpc.aio.Channel, method: str, token: Any) -> bool:
    """The same on the stream that calls share; methods with streams of their own are not there."""
    stream: Any = channel.stream_stream(SHARED)(metadata=token[:1])
    call = calls.Call(id=1, method=method, metadata=dict(token), timeout_ms=5000)
    await stream.write(calls.ShareStreamRequest(calls=[call]).SerializeToString())
    [answer] = calls.ShareStreamResponse.FromString(await stream.read()).answers
    stream.cancel()
    return b"NOT_FROM_INSIDE" in answer.status or b"NOT_IMPLEMENTED" in answer.status
