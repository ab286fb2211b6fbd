"""A city with protected wires: it works as the open one does, and nothing else gets in."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import grpc
import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
)

from backbone.kafka import closing
from backbone.kafka.connecting import connection, refusal_by
from backbone.postgres.migrate import service_url
from backbone.process.pulse import Pulse
from backbone.process.signing import Signatures
from backbone.process.wires import Protected, Wires
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import channel_to, refusal_of
from backbone.rpc.signed import SigningChannel
from backbone.shell.wires import watch_kafka
from backbone.words.actor import Actor
from liandong.emergency.v1 import emergency_service_pb2 as emergency
from liandong.emergency.v1 import emergency_service_pb2_grpc as emergency_rpc
from liandong.incident.v1 import incident_service_pb2 as incidents
from liandong.incident.v1 import incident_service_pb2_grpc as workflow
from operate.admin import acls
from operate.admin.probe import flaws_of
from operate.home.certificates import Authority, make_authority
from operate.home.keys import Keys
from operate.home.ports import Ports
from operate.run.protection import kafka_password
from operate.run.silence import SILENT
from tests.end_to_end.operate.test_doctor import advised, do, is_well
from tests.people import TOWNSHIP, Listener, Visit, act, open_incident, take_call, visiting
from tests.servers import Installed

TEAM, LEADER = f"{TOWNSHIP}-emergency-team", f"team_leader.{TOWNSHIP}-emergency"
EVENTS = "liandong.incident.events.v1"
NOT_TRUSTED = "CERTIFICATE_NOT_TRUSTED"
THIEF = Actor("li", "990100-command", "dispatcher", "990100")


async def test_a_call_is_taken_opened_claimed_and_a_team_is_sent(secure_visit: Visit) -> None:
    visit = secure_visit
    assert visit.city.run["gateway"].startswith("https://")
    desk = await visit.person("call_taker.990100-command")
    leader = await visit.person(LEADER)
    terminal = Listener(leader, f"/v1/teams/{TEAM}/stream?device=one")
    await asyncio.wait_for(terminal.until("welcome"), 20)
    receipt = await take_call(desk, category="hazard.flood", priority="P1")
    order = await act(desk, f"/v1/receipts/{receipt['id']}:dispatch", {"team": TEAM})
    push = await asyncio.wait_for(terminal.until("mission", code=receipt["code"]), 20)
    assert push["mission"] == order["mission"]["id"]

    incident = await open_incident(desk)
    clerk = await visit.person(f"clerk.{incident['unit']}")
    one = f"/v1/incidents/{incident['id']}"
    claimed = await asyncio.wait_for(act(clerk, f"{one}:claim"), 20)
    assert claimed["state"] == "CLAIMED"
    await terminal.close()
    told = await asyncio.to_thread(visit.city.liandong, "doctor")
    assert "rights at Kafka" in told.stdout and "as declared" in told.stdout


async def test_every_service_may_do_what_it_does(secure_visit: Visit) -> None:
    """No service is refused what its code asks for, and no letter is dead."""
    refused = [
        path.name
        for path in (secure_visit.city.home / "logs").glob("*.log")
        if last_refusal(path) > time.time() - 5
    ]
    assert refused == []
    letters = secure_visit.city.liandong("deadletters", "list", "--json")
    assert json.loads(letters.stdout or "[]") == []


def last_refusal(log: Path) -> float:
    """When a service was last refused by Kafka; 0 if it never was."""
    lines = [line for line in log.read_text().splitlines() if "AuthorizationFailed" in line]
    if not lines:
        return 0.0
    return datetime.fromisoformat(json.loads(lines[-1])["time"]).timestamp()


def wires(city: Installed, name: str, password: str = "") -> Wires:
    folder = city.home / "certificates"
    keys = Keys.read(city.home / "secret")
    return Wires(name, folder, password or kafka_password(keys, name))


def kafka(city: Installed, name: str, password: str = "") -> Protected:
    return Protected(city.run["kafka"], wires(city, name, password))


async def test_a_service_writes_its_own_topics_and_no_other(secure_city: Installed) -> None:
    async with AIOKafkaProducer(**connection(kafka(secure_city, "dispute"))) as producer:
        dead = "liandong.alarm.events.v1.dispute.alarm.dead"
        await producer.send_and_wait(dead, b"a trial", key=b"k")
        for topic in (EVENTS, "liandong.incident.commands.v1", "liandong.emergency.events.v1"):
            with pytest.raises(TopicAuthorizationFailedError):
                await producer.send_and_wait(topic, b"forged", key=b"k")


async def test_a_service_reads_what_it_consumes_and_no_more(secure_city: Installed) -> None:
    for topic, group, error in (
        ("liandong.petition.events.v1", "dispute.incidents", TopicAuthorizationFailedError),
        (EVENTS, "petition.incidents", GroupAuthorizationFailedError),
    ):
        consumer = AIOKafkaConsumer(
            topic, group_id=group, **connection(kafka(secure_city, "dispute"))
        )
        try:
            with pytest.raises(error):
                await asyncio.wait_for(started_and_asked(consumer), 10)
        finally:
            await closing.close(consumer)


async def started_and_asked(consumer: AIOKafkaConsumer) -> None:
    await consumer.start()
    await consumer.getmany(timeout_ms=5_000)


async def test_a_wrong_password_is_one_sentence(
    secure_city: Installed, caplog: pytest.LogCaptureFixture
) -> None:
    flaw = await refusal_by(kafka(secure_city, "alarm", "wrong"))
    assert flaw is not None
    assert "refuses the password of liandong-alarm" in flaw.english and "make acls" in flaw.english
    assert "拒绝了 liandong-alarm 的密码" in flaw.chinese
    assert await refusal_by(kafka(secure_city, "alarm")) is None
    with suppress(TimeoutError):  # as the service itself looks, for as long as it runs
        await asyncio.wait_for(watch_kafka(kafka(secure_city, "alarm", "wrong"), Pulse()), 3)
    [told] = [each for each in caplog.records if each.message == "kafka.refuses"]
    assert getattr(told, "error", "") == str(flaw)


async def test_kafka_speaks_to_nobody_in_the_open(secure_city: Installed) -> None:
    host, _, port = secure_city.run["kafka"].rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    # ApiVersions, version 0, as every client begins; a plain broker answers it.
    writer.write(bytes.fromhex("0000000a 0012 0000 00000001 0000"))
    assert (await asyncio.wait_for(reader.read(), 10))[:1] in (b"", b"\x15"), "an alert, or nothing"
    writer.close()


async def test_the_operator_s_door_opens_to_his_certificate_alone(secure_city: Installed) -> None:
    """The certificate of a service opens the connection, and gives no right there."""
    city, folder = secure_city, secure_city.home / "certificates"
    assert await acls.compare(at_trusted(city, Wires("operate", folder)), acls.read()) == []
    with pytest.raises(KafkaError):
        await acls.compare(at_trusted(city, Wires("alarm", folder)), acls.read())


async def test_postgres_speaks_tls_alone_and_proves_its_name(secure_city: Installed) -> None:
    keys = Keys.read(secure_city.home / "secret")
    dsn = service_url(secure_city.run["database"], "alarm", keys.secret)
    conn = await asyncpg.connect(dsn)
    assert await conn.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    assert await conn.fetchval("SHOW password_encryption") == "scram-sha-256"
    await conn.close()
    plain = urlunsplit(urlsplit(dsn)._replace(query="sslmode=disable"))
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="no encryption"):
        await asyncpg.connect(plain)
    elsewhere = dsn.replace("127.0.0.1", "127.0.0.2")
    with pytest.raises((ssl.SSLCertVerificationError, OSError)):
        await asyncpg.connect(elsewhere, timeout=3)


async def test_a_client_without_certificate_or_business_is_refused(secure_city: Installed) -> None:
    address = secure_city.run["processes"]["workflow"]["grpc"]
    keys = Keys.read(secure_city.home / "secret")
    signatures = Signatures("petition", keys.keyring("petition"), keys.signers())
    metadata = metadata_for(keys.token, Actor("mallory", role="dispatcher"))
    request = incidents.VoidIncidentRequest(incident_id="00000000-0000-0000-0000-000000000000")
    folder = secure_city.home / "certificates"
    for shown, said in ((None, None), (Wires("petition", folder), "NOT_YOUR_METHOD")):
        async with channel_to("workflow", address, shown) as channel:
            stub: Any = workflow.IncidentServiceStub(
                SigningChannel(channel, signatures, "workflow")
            )
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await stub.VoidIncident(request, metadata=metadata, timeout=5)
        refusal = refusal_of(caught.value)
        assert (refusal.reason if refusal else None) == said


async def test_the_gateway_speaks_https_alone(secure_city: Installed) -> None:
    address = urlsplit(secure_city.run["gateway"])
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(secure_city.run["gateway"] + "/healthz")
        with pytest.raises(httpx.HTTPError):
            await http.get(f"http://{address.netloc}/healthz")


async def test_a_renewal_needs_no_restart(secure_visit: Visit) -> None:
    """A new authority, and certificates of it for all services, while the city works."""
    city = secure_visit.city
    before = {name: each["pid"] for name, each in city.run["processes"].items()}
    shown = await shown_by(city)
    told = await asyncio.to_thread(city.liandong, "certificates", "renew", "--authority")
    assert told.returncode == 0 and "did not take it over" not in told.stdout, told.stdout
    await asyncio.to_thread(wait, lambda: city.liandong("status").returncode == 0, 20)
    await asyncio.sleep(3)
    now = await shown_by(city)
    assert all(now[port] != shown[port] for port in shown), "every server shows a new one"
    async with visiting(city) as visit:
        desk = await visit.person("call_taker.990100-command")
        incident = await open_incident(desk)
        clerk = await visit.person(f"clerk.{incident['unit']}")
        claimed = await act(clerk, f"/v1/incidents/{incident['id']}:claim")
    assert claimed["state"] == "CLAIMED"
    assert {name: each["pid"] for name, each in city.run["processes"].items()} == before


async def test_a_stolen_certificate_is_worthless_once_it_is_revoked(secure_visit: Visit) -> None:
    """A thief of the gateway's certificate and keys, who listens to a team and asks for more; and
    one of the operator's, who is connected to Kafka and may do everything there."""
    city, team = secure_visit.city, f"{TOWNSHIP}-emergency-team"
    leader = await secure_visit.person(LEADER)
    terminal = Listener(leader, f"/v1/teams/{team}/stream?device=two")
    await asyncio.wait_for(terminal.until("welcome"), 20)
    thief = Wires("gateway", stolen(city))
    who = metadata_for(Keys.read(city.home / "secret").token, THIEF, team=team)
    before = pids_of(city)
    ruler = await ruling(city, Wires("operate", thief.folder))
    async with by(city, thief, "emergency") as there, by(city, thief, "workflow") as asking:
        listening = emergency_rpc.EmergencyServiceStub(there)
        wanted = emergency.SubscribeRequest(team=team, device="thief")
        stream = listening.Subscribe(wanted, metadata=who)
        assert (await stream.read()).HasField("welcome")
        await ask(asking, who)
        told = await asyncio.to_thread(city.liandong, "certificates", "revoke")
        assert told.returncode == 0 and "did not take it over" not in told.stdout, told.stdout
        ends = asyncio.wait_for(read_out(stream), 5)
        assert [await refusal_to(ends), await refusal_to(ask(asking, who))] == [NOT_TRUSTED] * 2
    await rules_no_more(ruler)
    async with by(city, thief, "workflow") as again:
        assert "UNAVAILABLE" in await refusal_to(ask(again, who)), "no handshake accepts it"
    async with visiting(city) as visit:  # the city itself goes on, and so does its terminal
        desk = await visit.person("call_taker.990100-command")
        receipt = await take_call(desk, category="hazard.flood", priority="P1")
        await act(desk, f"/v1/receipts/{receipt['id']}:dispatch", {"team": team})
        await asyncio.wait_for(terminal.until("mission", code=receipt["code"]), 20)
    await terminal.close()
    assert restarted(city, before) == ["kafka"], "it ends its connections; nothing else is"


async def ruling(city: Installed, shown: Wires) -> AIOKafkaAdminClient:
    """A client that is connected by the certificate of the operator."""
    ruler = AIOKafkaAdminClient(**connection(at_trusted(city, shown)))
    await ruler.start()
    assert EVENTS in await ruler.list_topics()
    return ruler


async def rules_no_more(ruler: AIOKafkaAdminClient) -> None:
    with pytest.raises((KafkaError, OSError)):
        await asyncio.wait_for(ruler.list_topics(), 20)
    await ruler.close()


def restarted(city: Installed, before: Mapping[str, int]) -> list[str]:
    return [name for name, pid in pids_of(city).items() if before[name] != pid]


def pids_of(city: Installed) -> dict[str, int]:
    return {name: each["pid"] for name, each in city.run["processes"].items()}


def at_trusted(city: Installed, shown: Wires) -> Protected:
    """Kafka as it is reached by a certificate alone."""
    base = int(urlsplit(city.run["gateway"]).port or 0)
    return Protected(f"127.0.0.1:{Ports(base).brokers}", shown)


async def ask(channel: Any, who: Any) -> Any:
    stub: Any = workflow.IncidentServiceStub(channel)
    return await stub.ListIncidents(incidents.ListIncidentsRequest(), metadata=who, timeout=5)


async def refusal_to(asked: Any) -> str:
    """The reason, or the status, with which the call ends."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await asked
    refusal = refusal_of(caught.value)
    return refusal.reason if refusal else str(caught.value.code())


async def read_out(stream: Any) -> None:
    while await stream.read() is not grpc.aio.EOF:
        pass


def stolen(city: Installed) -> Path:
    """A copy of the gateway's files, which trusts what the city trusts at this moment."""
    away = city.home.parent / "stolen"
    away.mkdir()
    for name in ("ca.pem", "gateway.pem", "operate.pem"):
        (away / name).write_bytes((city.home / "certificates" / name).read_bytes())
    return away


@asynccontextmanager
async def by(city: Installed, shown: Wires, service: str) -> AsyncIterator[Any]:
    """A channel to a service as the gateway's, with its certificate and its signature."""
    keys = Keys.read(city.home / "secret")
    signatures = Signatures("gateway", keys.keyring("gateway"), keys.signers())
    address = city.run["processes"][service]["grpc"]
    async with channel_to(service, address, shown) as channel:
        yield SigningChannel(channel, signatures, service)


async def shown_by(city: Installed) -> dict[int, bytes]:
    """The certificates that gateway, a service and Kafka's two doors show at this moment."""
    base = int(urlsplit(city.run["gateway"]).port or 0)
    ports = Ports(base)
    folder = city.home / "certificates"
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    context.load_cert_chain(folder / "operate.pem")
    found = {}
    for port in (base, base + 10, ports.kafka, ports.brokers):
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        found[port] = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    return found


async def test_an_expired_certificate_is_told_everywhere_and_mended_in_place(
    secure_city: Installed,
) -> None:
    folder = secure_city.home / "certificates"
    Authority(folder).issue("alarm", days=-1)
    metrics = Ports(int(urlsplit(secure_city.run["gateway"]).port or 0)).metrics("alarm")
    await until(
        lambda: flaws_of(metrics), "The certificate of alarm expired on", "alarm 的证书已于"
    )
    doctor = await asyncio.to_thread(secure_city.liandong, "doctor")
    assert doctor.returncode == 1
    assert "certificate of alarm expired" in " ".join(doctor.stdout.replace("│", " ").split())
    assert "certificate.unusable" in (secure_city.home / "logs" / "alarm.log").read_text()
    listed = secure_city.liandong("certificates", "list", "--json")
    flaws = {row["name"]: row["flaw"] for row in json.loads(listed.stdout) if row["flaw"]}
    assert listed.returncode == 1 and set(flaws) == {"alarm"}

    assert secure_city.liandong("certificates", "renew", "alarm").returncode == 0
    await until(lambda: flaws_of(metrics))


async def test_a_half_written_file_of_the_servers_authorities_is_told_and_stops_nothing(
    secure_city: Installed, secure_visit: Visit
) -> None:
    """Connections that begin use the file of before, until the file is what the doctor advises."""
    servers = secure_city.home / "certificates" / "servers.pem"
    servers.write_bytes((servers.parent / "ca.pem").read_bytes()[:300])
    metrics = Ports(int(urlsplit(secure_city.run["gateway"]).port or 0)).metrics("alarm")
    try:
        await until(lambda: flaws_of(metrics), "servers.pem cannot be read", "无法读取")
        doctor = await asyncio.to_thread(secure_city.liandong, "doctor")
        said = " ".join(doctor.stdout.replace("│", " ").split())
        assert doctor.returncode == 1 and "or remove it if theirs are those in" in said
        listed = await asyncio.to_thread(secure_city.liandong, "certificates", "list", "--json")
        assert listed.returncode == 1 and "servers.pem cannot be read" in listed.stdout
        desk = await secure_visit.person("call_taker.990100-command")
        assert (await open_incident(desk))["unit"]
    finally:
        servers.unlink()
    await until(lambda: flaws_of(metrics))


async def test_rights_at_kafka_are_mended_as_the_doctor_advises(secure_city: Installed) -> None:
    """The test takes a declared right away, and grants one that no file declares."""
    brokers = at_trusted(secure_city, Wires("operate", secure_city.home / "certificates"))
    declared = acls.read()
    gone = next(each for each in sorted(declared) if each.name.endswith(".dead"))
    more = replace(gone, name=EVENTS)
    await acls.ensure(brokers, declared - {gone} | {more}, {})
    advice = await asyncio.to_thread(advised, secure_city)
    assert len(await acls.compare(brokers, declared)) == 2 and "make acls" in advice.values()
    for remedy in advice.values():
        await asyncio.to_thread(do, secure_city, remedy)
    assert await asyncio.to_thread(is_well, secure_city)
    assert await acls.compare(brokers, declared) == []


async def test_a_changed_authority_is_told(secure_city: Installed) -> None:
    """The ca.pem of another city is put into the folder of this one, and taken back."""
    folder = secure_city.home / "certificates"
    good = (folder / "ca.pem").read_bytes()
    other = secure_city.home.parent / "other"
    other.mkdir()
    make_authority(other)
    metrics = Ports(int(urlsplit(secure_city.run["gateway"]).port or 0)).metrics("alarm")
    (folder / "ca.pem").write_bytes((other / "ca.pem").read_bytes())
    try:
        await until(lambda: flaws_of(metrics), "the authority has changed", "签发机构已更换")
    finally:
        (folder / "ca.pem").write_bytes(good)
    await until(lambda: flaws_of(metrics))


async def test_the_supervisor_knows_its_servers_by_their_new_certificates(
    secure_city: Installed,
) -> None:
    """One that it did not find for 25 s would be killed, and never found ready again."""
    city = secure_city
    authority = (city.home / "certificates" / "authority.pem").stat().st_mtime
    await asyncio.sleep(max(0.0, authority + SILENT + 5 - time.time()))
    told = json.loads((await asyncio.to_thread(city.liandong, "status", "--json")).stdout)
    restarts = {name: told["processes"][name]["restarts"] for name in ("kafka", "postgres")}
    assert restarts == {"kafka": 0, "postgres": 0}


async def until(asked: Callable[[], Any], *words: str) -> None:
    """Wait until the process gives a reason with each of these words; none: until it is ready."""
    async with asyncio.timeout(30):
        while True:
            said = " ".join(await asked())
            if all(word in said for word in words) and bool(words) == bool(said):
                return
            await asyncio.sleep(0.3)


def wait(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.2)
