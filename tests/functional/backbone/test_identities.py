"""Services know each other by certificate: real servers, real handshakes, no city."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest

from backbone.process.settings import Settings, read_settings
from backbone.process.wires import Wires
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import channel_to, refusal_of
from backbone.rpc.peers import LOOK
from backbone.rpc.server import Server
from backbone.rpc.shared_client import METHOD, SharedStream
from backbone.rpc.signed import SigningChannel
from backbone.words.actor import Actor
from liandong.emergency.v1 import emergency_pb2 as resources
from liandong.emergency.v1 import emergency_service_pb2 as emergency
from liandong.emergency.v1 import emergency_service_pb2_grpc as emergency_rpc
from liandong.operations.v1 import operations_service_pb2 as pb
from liandong.operations.v1 import operations_service_pb2_grpc as rpc
from operate.home import certificates
from operate.home.certificates import Authority
from operate.home.keys import OPERATOR
from tests.servers import free_base
from tests.signing import KEYS, signatures_of
from tests.unit.backbone.test_small_parts import ENVIRON

METADATA = metadata_for("token", Actor("op", role="operator"))
ASK = pb.ListParkedRequest()
# Seconds within which what a certificate has opened ends with it.
PROMISED = 5.0


class Parked(rpc.OperationsServiceServicer):
    async def ListParked(self, request: Any, context: Any) -> Any:
        return pb.ListParkedResponse()


class Endless(emergency_rpc.EmergencyServiceServicer):
    """The stream of a terminal: quiet after its welcome, or with more than its reader takes."""

    async def Subscribe(self, request: Any, context: Any) -> Any:
        yield emergency.SubscribeResponse(welcome=resources.Welcome(session="one"))
        while request.after == "much":
            yield emergency.SubscribeResponse(welcome=resources.Welcome(session="x" * 100_000))
        await asyncio.Event().wait()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    certificates.create(folder)
    return folder


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Settings]:
    """The alarm service with one method, which the operator alone may call."""
    environ = ENVIRON | {
        "LIANDONG_PORT": str(free_base()),
        "LIANDONG_TOKEN": "token",
        "LIANDONG_SIGNERS": KEYS.signers(),
        "LIANDONG_ALARM_KEY": KEYS.sealing("alarm")[-1],
    }
    settings = replace(read_settings("alarm", environ), wires=Wires("alarm", folder))
    server = Server(settings)
    server.serve(rpc.add_OperationsServiceServicer_to_server, Parked(), pb.DESCRIPTOR)
    add = emergency_rpc.add_EmergencyServiceServicer_to_server
    server.serve(add, Endless(), emergency.DESCRIPTOR)
    await server.start()
    try:
        yield settings
    finally:
        await server.stop(0.1)


@asynccontextmanager
async def signing(
    settings: Settings, wires: Wires | None, service: str = "alarm"
) -> AsyncIterator[SigningChannel]:
    """A channel by these certificates, whose calls the service of that name signs."""
    name = wires.name if wires else "operate"
    signatures = signatures_of(OPERATOR if name == "operate" else name)
    async with channel_to(service, settings.address_of("alarm"), wires) as channel:
        yield SigningChannel(channel, signatures, "alarm")


async def ask(settings: Settings, wires: Wires | None, service: str = "alarm") -> Any:
    async with signing(settings, wires, service) as channel:
        stub: Any = rpc.OperationsServiceStub(channel)
        return await stub.ListParked(ASK, metadata=METADATA, timeout=30)


async def refused(settings: Settings, wires: Wires | None, service: str = "alarm") -> Any:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await ask(settings, wires, service)
    return caught.value


async def test_who_has_business_there_is_let_in(made: Path) -> None:
    async with serving(made) as settings:
        assert await ask(settings, Wires("operate", made)) == pb.ListParkedResponse()


async def test_who_has_none_is_refused_by_name_alone_or_on_a_shared_stream(made: Path) -> None:
    async with serving(made) as settings:
        refusal = refusal_of(await refused(settings, Wires("petition", made)))
        assert refusal is not None and refusal.reason == "NOT_YOUR_METHOD"
        assert refusal.facts["service"] == "petition"
        async with signing(settings, Wires("petition", made)) as channel:
            stub: Any = rpc.OperationsServiceStub(SharedStream(channel, "token"))
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await stub.ListParked(ASK, metadata=METADATA, timeout=30)
        refusal = refusal_of(caught.value)
        assert refusal is not None and refusal.reason == "NOT_YOUR_METHOD"


async def test_without_a_certificate_of_our_authority_nothing_is_heard(
    made: Path, tmp_path: Path
) -> None:
    certificates.create(tmp_path)
    stranger = tmp_path / "operate.pem"
    (tmp_path / "ca.pem").write_bytes((made / "ca.pem").read_bytes())  # it trusts us, in vain
    async with serving(made) as settings:
        for wires in (None, Wires(stranger.stem, tmp_path)):
            error = await refused(settings, wires)
            assert error.code() is grpc.StatusCode.UNAVAILABLE
        async with grpc.aio.secure_channel(
            settings.address_of("alarm"),
            grpc.ssl_channel_credentials((made / "ca.pem").read_bytes()),
        ) as channel:
            stub: Any = rpc.OperationsServiceStub(channel)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await stub.ListParked(ASK, metadata=METADATA, timeout=30)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_another_service_at_the_address_is_not_spoken_to(made: Path) -> None:
    async with serving(made) as settings:
        error = await refused(settings, Wires("operate", made), service="workflow")
        assert error.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_renewed_certificate_is_used_without_a_restart(tmp_path: Path) -> None:
    certificates.create(tmp_path)
    operator = Wires("operate", tmp_path)
    Authority(tmp_path).issue("operate", days=-1)
    async with serving(tmp_path) as settings, signing(settings, operator) as lasting:
        stub: Any = rpc.OperationsServiceStub(lasting)
        with pytest.raises(grpc.aio.AioRpcError):  # expired: no service lets it in
            await stub.ListParked(ASK, metadata=METADATA, timeout=2)
        certificates.renew(tmp_path, ["operate"])
        await stub.ListParked(ASK, metadata=METADATA, timeout=30)

        # The server changes too: to a new authority, then its certificate.
        certificates.make_authority(tmp_path)
        await stub.ListParked(ASK, metadata=METADATA, timeout=30)
        certificates.renew(tmp_path, ["alarm", "operate"])
        await asyncio.sleep(0.1)
        (tmp_path / "ca.pem").write_text(only_the_newest(tmp_path / "ca.pem"))
        await stub.ListParked(ASK, metadata=METADATA, timeout=30)


@pytest.mark.parametrize("ended", ["revoked", "expired"])
async def test_a_certificate_that_is_no_longer_good_ends_what_it_has_opened(
    tmp_path: Path, ended: str
) -> None:
    """A thief keeps the connection that was opened while the certificate was good."""
    certificates.create(tmp_path)
    thief = stolen(tmp_path, "operate")
    if ended == "expired":
        short_lived(tmp_path, "operate", seconds=3)
        (thief.folder / "operate.pem").write_bytes((tmp_path / "operate.pem").read_bytes())
    async with serving(tmp_path) as settings, signing(settings, thief) as channel:
        alone: Any = rpc.OperationsServiceStub(channel)
        shared: Any = rpc.OperationsServiceStub(SharedStream(channel, "token"))
        for stub in (alone, shared):
            await stub.ListParked(ASK, metadata=METADATA, timeout=30)
        if ended == "revoked":
            certificates.make_authority(tmp_path)
            certificates.renew(tmp_path)
            certificates.distrust_all_before(tmp_path)
        await asyncio.sleep(3.2 if ended == "expired" else 1.2)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await alone.ListParked(ASK, metadata=METADATA, timeout=30)
        refusal = refusal_of(caught.value)
        assert refusal is not None and refusal.reason == "CERTIFICATE_NOT_TRUSTED"
        with pytest.raises(grpc.aio.AioRpcError):
            await shared.ListParked(ASK, metadata=METADATA, timeout=2)
        error = await refused(settings, thief)
        assert error.code() is grpc.StatusCode.UNAVAILABLE, "no new connection either"


@pytest.mark.parametrize("after", ["quiet", "much"])
async def test_a_stream_ends_soon_after_its_certificate(tmp_path: Path, after: str) -> None:
    """Of a thief who listens, and of one who takes nothing, so that the server waits for it."""
    certificates.create(tmp_path)
    thief = stolen(tmp_path, "gateway")
    request = emergency.SubscribeRequest(team="one", after=after)
    async with serving(tmp_path) as settings, signing(settings, thief) as channel:
        stub: Any = emergency_rpc.EmergencyServiceStub(channel)
        stream = stub.Subscribe(request, metadata=METADATA)
        assert (await stream.read()).welcome.session == "one"
        certificates.make_authority(tmp_path)
        certificates.renew(tmp_path)
        certificates.distrust_all_before(tmp_path)
        if after == "much":
            await asyncio.sleep(PROMISED - 1)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await asyncio.wait_for(read_out(stream), PROMISED)
        refusal = refusal_of(caught.value)
        assert refusal is not None and refusal.reason == "CERTIFICATE_NOT_TRUSTED"
        idle: Any = rpc.OperationsServiceStub(SharedStream(channel, "token"))
        with pytest.raises(grpc.aio.AioRpcError):
            await idle.ListParked(ASK, metadata=METADATA, timeout=2)


async def read_out(stream: Any) -> None:
    while await stream.read() is not grpc.aio.EOF:
        pass


async def test_a_shared_stream_that_says_nothing_ends_too(tmp_path: Path) -> None:
    certificates.create(tmp_path)
    thief = stolen(tmp_path, "operate")
    async with serving(tmp_path) as settings, signing(settings, thief) as channel:
        stream: Any = channel.stream_stream(METHOD)(metadata=(("liandong-token", "token"),))
        await stream.write(b"")
        await asyncio.sleep(1.5)
        assert not stream.done(), "while it is trusted, it stays"
        certificates.make_authority(tmp_path)
        certificates.renew(tmp_path)
        certificates.distrust_all_before(tmp_path)
        async with asyncio.timeout(PROMISED):
            assert await stream.read() is grpc.aio.EOF


async def test_the_services_themselves_go_on_when_all_certificates_are_replaced(
    tmp_path: Path,
) -> None:
    """Two streams, because one that sees the end of the certificate tells the service of it."""
    certificates.create(tmp_path)
    operator = Wires("operate", tmp_path)
    async with serving(tmp_path) as settings, signing(settings, operator) as channel:
        streams: list[Any] = []
        for _ in range(2):
            streams.append(rpc.OperationsServiceStub(SharedStream(channel, "token")))
            await streams[-1].ListParked(ASK, metadata=METADATA, timeout=30)
            await asyncio.sleep(LOOK / 2)
        certificates.make_authority(tmp_path)
        certificates.renew(tmp_path)
        certificates.distrust_all_before(tmp_path)
        for _ in range(30):
            for stream in streams:
                await stream.ListParked(ASK, metadata=METADATA, timeout=30)
            await asyncio.sleep(LOOK / 20)


def stolen(folder: Path, name: str) -> Wires:
    """A copy of one identity in a folder of its own, which trusts what the city trusts now."""
    away = folder / "away"
    away.mkdir()
    for file in ("ca.pem", f"{name}.pem"):
        (away / file).write_bytes((folder / file).read_bytes())
    return Wires(name, away)


def short_lived(folder: Path, name: str, seconds: float) -> None:
    """Issue a certificate that is good for a few seconds."""
    Authority(folder).issue(name, days=seconds / 86_400)


def only_the_newest(ca: Path) -> str:
    first, end, _ = ca.read_text().partition("-----END CERTIFICATE-----\n")
    return first + end
