"""One service in process: real channel, real interceptors, real Postgres, no Kafka."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from backbone.door.decider import LARGEST_EVENT
from backbone.process.pulse import Pulse
from backbone.rpc.channels import refusal_of
from backbone.rpc.rules import MOST_FLAWS
from backbone.words.errors import Conflict, InvalidArgument, InvalidTransition
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1.incident_pb2 import Matter
from liandong.operations.v1 import operations_service_pb2 as operations
from liandong.operations.v1 import operations_service_pb2_grpc as operations_rpc
from tests.installation import Installation
from tests.ledger.building import a_request
from tests.ledger.domain import Look
from tests.ledger.serving import TOKEN, Served, a_ledger, ledger_settings
from tests.proving import changed_by_hand


@pytest.fixture
async def ledger(database: Installation) -> AsyncIterator[Served]:
    async with a_ledger(ledger_settings(database.url())) as served:
        yield served


def an_opening(title: str = "一张便条") -> pb.OpenIncidentRequest:
    matter = Matter(
        id=str(UUID(int=7)), code="1", source="ALARM", title=title, desk="990100-command"
    )
    return pb.OpenIncidentRequest(matter=matter)


def a_claim(note_id: str) -> pb.ClaimIncidentRequest:
    return pb.ClaimIncidentRequest(incident_id=note_id)


async def opened(ledger: Served) -> str:
    response, _ = await ledger.call("OpenIncident", an_opening())
    note_id: str = response.incident.id
    return note_id


async def refused(ledger: Served, method: str, request: Any, **more: str) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await ledger.call(method, request, **more)
    return caught.value


async def test_an_answer_says_how_it_came(ledger: Served) -> None:
    key = {"idempotency_key": "k1"}
    first, trailers = await ledger.call("OpenIncident", an_opening(), **key)
    assert (trailers["liandong-road"], trailers["liandong-replayed"]) == ("direct", "false")
    again, trailers = await ledger.call("OpenIncident", an_opening(), **key)
    assert again == first and trailers["liandong-replayed"] == "true"
    assert first.incident.version == 1 and trailers["liandong-version"] == "1"


async def test_a_refusal_arrives_as_what_it_was(ledger: Served) -> None:
    note_id = await opened(ledger)
    await ledger.call("ClaimIncident", a_claim(note_id))
    error = await refused(ledger, "ClaimIncident", a_claim(note_id))
    refusal = refusal_of(error)
    assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert isinstance(refusal, InvalidTransition)
    assert (refusal.reason, refusal.facts) == ("ALREADY_CLAIMED", {"holder": "li"})


async def test_who_saw_an_old_version_is_told(ledger: Served) -> None:
    note_id = await opened(ledger)
    more = {"liandong_expected_version": "7"}
    error = await refused(ledger, "ClaimIncident", a_claim(note_id), **more)
    refusal = refusal_of(error)
    assert error.code() is grpc.StatusCode.ABORTED
    assert isinstance(refusal, Conflict) and refusal.reason == "STALE_VERSION"


async def test_a_reused_key_is_told(ledger: Served) -> None:
    await ledger.call("OpenIncident", an_opening(), idempotency_key="k")
    error = await refused(ledger, "OpenIncident", an_opening("other"), idempotency_key="k")
    assert error.details() == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize(
    ("method", "request_", "code", "reason"),
    [
        ("VoidIncident", partial(pb.VoidIncidentRequest, reason="TEST"), "INTERNAL", "INTERNAL"),
        ("GetIncident", pb.GetIncidentRequest, "INTERNAL", "INTERNAL"),
        ("RouteIncident", pb.RouteIncidentRequest, "UNAVAILABLE", "DIRECTORY_NOT_LOADED"),
        ("ClaimIncident", pb.ClaimIncidentRequest, "NOT_FOUND", "NO_SUCH_NOTE"),
        (
            "ResolveIncident",
            partial(pb.ResolveIncidentRequest, outcome="SOLVED", reply="x"),
            "UNIMPLEMENTED",
            "NOT_IMPLEMENTED",
        ),
    ],
)
async def test_each_failure_has_its_status(
    ledger: Served, method: str, request_: Any, code: str, reason: str
) -> None:
    error = await refused(ledger, method, request_(incident_id=str(uuid4())))
    assert (error.code().name, error.details()) == (code, reason)


async def test_a_row_of_a_newer_shape_is_answered_with_unavailable(
    ledger: Served, database: Installation
) -> None:
    note_id = await opened(ledger)
    await shaped(ledger, 2)
    key = {"idempotency_key": "k"}
    error = await refused(ledger, "ClaimIncident", a_claim(note_id), **key)
    assert (error.code().name, error.details()) == ("UNAVAILABLE", "NEWER_SHAPE")
    await shaped(ledger, 1)
    answer, trailers = await ledger.call("ClaimIncident", a_claim(note_id), **key)
    assert (answer.incident.version, trailers["liandong-replayed"]) == (2, "false")


async def shaped(ledger: Served, shape: int) -> None:
    """Give the notes a shape, as a process of another release would write it."""
    async with ledger.shell.pool.acquire() as conn:
        statement = "UPDATE ledger.notes SET shape = $1"
        await changed_by_hand(conn, ledger.settings.keyring, "ledger.notes", statement, shape)


async def test_malformed_metadata_is_refused_by_name(ledger: Served) -> None:
    for more in ({"liandong_request_id": "x"}, {"liandong_expected_version": "new"}):
        error = await refused(ledger, "ClaimIncident", a_claim(str(uuid4())), **more)
        refusal = refusal_of(error)
        assert isinstance(refusal, InvalidArgument) and refusal.reason == "BAD_METADATA"


async def test_only_our_own_processes_are_let_in(ledger: Served) -> None:
    call = ledger.stub.ClaimIncident(a_claim(str(uuid4())), timeout=30)
    with pytest.raises(grpc.aio.AioRpcError, match="NOT_FROM_INSIDE"):
        await call


async def test_a_text_too_long_is_a_precise_refusal(ledger: Served) -> None:
    error = await refused(ledger, "OpenIncident", an_opening("长" * LARGEST_EVENT))
    refusal = refusal_of(error)
    assert isinstance(refusal, InvalidArgument) and refusal.reason == "TEXT_TOO_LONG"
    [flaw] = refusal.flaws
    assert (flaw.field, flaw.facts["most"]) == ("matter.title", "1000")
    error = await refused(ledger, "OpenIncident", an_opening("长" * 4_000_000))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_the_most_flaws_fit_into_an_answer(ledger: Served) -> None:
    long, long_too = "\u202e" * 100_000, "长" * 100_000
    wrong = Matter(
        id=long, code=long, source=long, title=long, narrative=long, category=long, desk=long,
        priority=long_too, to_unit=long_too, against=long_too, place={"area": long_too},
    )  # fmt: skip
    error = await refused(ledger, "OpenIncident", pb.OpenIncidentRequest(matter=wrong))
    refusal = refusal_of(error)
    assert isinstance(refusal, InvalidArgument) and len(refusal.flaws) == MOST_FLAWS


async def test_health_and_reflection_are_open_to_tools(ledger: Served) -> None:
    stub = health_pb2_grpc.HealthStub(ledger.channel)
    assert (await stub.Check(health_pb2.HealthCheckRequest(), timeout=30)).status == 1

    def services() -> list[str]:
        with grpc.insecure_channel(f"127.0.0.1:{ledger.settings.port}") as channel:
            return list(ProtoReflectionDescriptorDatabase(channel).get_services())

    assert "liandong.operations.v1.OperationsService" in await asyncio.to_thread(services)


async def test_a_call_that_waits_is_answered_before_the_stop(
    ledger: Served, database: Installation
) -> None:
    note_id = await opened(ledger)
    async with ledger.shell.pool.acquire() as other, other.transaction():
        await ledger.shell.door.within(other, [a_request(UUID(note_id), Look())])
        call = asyncio.create_task(ledger.call("ClaimIncident", a_claim(note_id)))
        await asyncio.sleep(0.2)
        ledger.running.cancel()
        await asyncio.sleep(0.2)
        assert ledger.shell.pulse.unready() == ["it is stopping"]
    answer, _ = await call
    assert answer.incident.version == 2
    await asyncio.wait([ledger.running])
    assert ledger.running.cancelled()
    error = await refused(ledger, "ClaimIncident", a_claim(note_id))
    assert error.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_loop_that_ends_or_dies_ends_the_process(database: Installation) -> None:
    async def ends() -> None:
        await asyncio.sleep(0.01)

    async with a_ledger(ledger_settings(database.url())) as served:
        served.shell.run_beside(ends)
        with pytest.raises(ExceptionGroup) as caught:
            async with asyncio.timeout(10):
                await served.running
    assert "has ended" in str(caught.value.exceptions[0])


async def test_readiness_tells_what_is_missing(database: Installation, template: str) -> None:
    pulse = Pulse()
    async with a_ledger(ledger_settings(database.url()), pulse) as served:
        await until(lambda: not pulse.unready())
        admin = await asyncpg.connect(template)
        await admin.execute("ALTER ROLE liandong_ledger CONNECTION LIMIT 0")
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1"
        async with asyncio.timeout(15):  # a connection that had just begun is listed late
            while "the database does not answer" not in "".join(pulse.unready()):
                await admin.execute(cut, "liandong_ledger")
                await asyncio.sleep(0.05)
        error = await refused(served, "OpenIncident", an_opening(), idempotency_key="k")
        assert error.details() == "UNKNOWN_REPEAT"
        await admin.execute("ALTER ROLE liandong_ledger CONNECTION LIMIT -1")
        await admin.close()
        await until(lambda: not pulse.unready())
        answer, _ = await served.call("OpenIncident", an_opening(), idempotency_key="k")
        assert answer.incident.version == 1
        assert pulse.dead() == []


async def test_a_wrong_password_ends_the_process(database: Installation) -> None:
    """No waiting mends it: a person has to look."""
    wrong = database.url().replace("@", "x@")
    async with a_ledger(ledger_settings(wrong)) as served:
        with pytest.raises(ExceptionGroup) as caught:
            async with asyncio.timeout(10):
                await served.running
    assert isinstance(caught.value.exceptions[0], asyncpg.InvalidPasswordError)


async def test_operators_see_what_waits(ledger: Served) -> None:
    await ledger.shell.pool.execute("""
        INSERT INTO parked
            (consumer, aggregate_id, version, topic, partition, record, value, reason)
        VALUES ('ledger.test', gen_random_uuid(), 3, 'some.topic', 1, 7, '', 'KeyError()')
    """)
    stub = operations_rpc.OperationsServiceStub(ledger.channel)
    token = (("liandong-token", TOKEN),)
    listed = await stub.ListParked(operations.ListParkedRequest(), timeout=30, metadata=token)
    [parked] = listed.parked
    assert (parked.group, parked.version, parked.topic, parked.offset) == (
        "ledger.test",
        3,
        "some.topic",
        7,
    )
    for group, aggregate_id in (("nobody", parked.aggregate_id), ("ledger.test", "x")):
        request = operations.ReplayParkedRequest(group=group, aggregate_id=aggregate_id)
        with pytest.raises(grpc.aio.AioRpcError, match="NOT_PARKED"):
            await stub.ReplayParked(request, timeout=30, metadata=token)


async def until(true: Any) -> None:
    async with asyncio.timeout(15):
        while not true():
            await asyncio.sleep(0.05)
