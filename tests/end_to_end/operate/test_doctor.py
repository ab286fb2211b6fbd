"""What the doctor advises is done word by word, and mends each fault."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import Any
from uuid import uuid4

import asyncpg
import grpc
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from backbone.door.beside import CodedRows
from backbone.door.codes import Codes
from backbone.kafka.inbox import LINKS
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import channel_to
from backbone.words.actor import CLOCK
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from operate.home.keys import Keys
from operate.home.trouble import Trouble
from tests.faults import skewed
from tests.faults.quiet import REFUSED, REFUSES
from tests.people import act, open_incident, refused, visiting
from tests.servers import Installed

TOPIC, STRANGER = "liandong.petition.events.v1", "liandong.left_behind.v1"
SOON = 30.0
READ = "SELECT doc::text FROM workflow.incidents WHERE id = $1"
WRITE = "UPDATE workflow.incidents SET doc = $2::text::json WHERE id = $1"
SPOILT = {
    "alarm", "directory", "topics", "dead letters", "secret", "evidence", "refused follow-ups",
    "fsync", "forged",
}  # fmt: skip


def findings(city: Installed) -> list[tuple[str, str]]:
    """What was looked at, and the remedy, of each finding that has one."""
    told = city.liandong("doctor").stdout.splitlines()
    lines = [re.split(r" {2,}", line.rstrip()) for line in told]
    return [(words[1], words[-1]) for words in lines if words[0] == "✗"]


def advised(city: Installed) -> dict[str, str]:
    return dict(findings(city))


def is_well(city: Installed) -> bool:
    """Soon: readiness takes back within seconds what was mended."""
    deadline = time.monotonic() + SOON
    while found := findings(city):
        if time.monotonic() > deadline:
            raise AssertionError(found)
    return True


def do(city: Installed, remedy: str) -> None:
    for advice in re.split("; |；| && ", remedy):
        for command in filled_in(city, advice):
            perform(city, command)


def filled_in(city: Installed, command: str) -> list[str]:
    """What a person fills in, from the list before it."""
    if "EVENT" in command:
        rows = json.loads(city.liandong("links", "list", "--json").stdout)
        return [command.replace("EVENT", row["event"]).replace("NOTE", "seen") for row in rows]
    if "PLACE" in command:
        rows = json.loads(city.liandong("deadletters", "list", "--json").stdout)
        dead = [row for row in rows if row["kind"] == "dead"]
        places = {f"{row['topic']}/{row['partition']}/{row['offset']}" for row in dead}
        return [command.replace("PLACE", place).replace("NOTE", "seen") for place in places]
    return [command]


def perform(city: Installed, command: str) -> None:
    program, *words = command.split()
    if program in ("ALTER", "SELECT"):
        asyncio.run(execute(city, command))
        return
    if program == "liandong":
        done = city.liandong(*words)
    elif program == "make":
        argv = [sys.executable, "-m", "operate.cli.targets", *words]
        done = subprocess.run(argv, env=city.env, capture_output=True, text=True, check=False)
    else:
        done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    # A target tells with 1 that something is left for a person; the next look says what.
    assert not done.returncode or program == "make", (command, done.stdout, done.stderr)


async def execute(city: Installed, statement: str, *values: Any) -> Any:
    conn = await asyncpg.connect(city.run["database"])
    try:
        return await conn.fetchval(statement, *values)
    finally:
        await conn.close()


async def spoil(city: Installed) -> None:
    await spoil_topics(city.run["kafka"])
    await execute(city, "ALTER SYSTEM SET fsync = off")
    await execute(city, "SELECT pg_reload_conf()")
    await forge(city)
    conn = await asyncpg.connect(city.run["database"])
    try:
        # The last check of an evidence that is whole by now.
        await conn.execute(
            "INSERT INTO dispute.verifications (rows, flaws, first) VALUES (1, 1, '')"
        )
        await conn.execute("SET search_path TO emergency")
        keys = Keys.read(city.home / "secret")
        rows = CodedRows(Codes(keys.keyring("emergency"), "emergency"), LINKS)
        await rows.code(conn, await conn.fetch(REFUSED))
        await conn.execute("SET search_path TO DEFAULT")
        await park(city, conn)
    finally:
        await conn.close()


async def park(city: Installed, conn: Any) -> None:
    """An event that could not be applied; its obstacle is gone since."""
    async with visiting(city) as visit:
        incident = await open_incident(await visit.person("call_taker.990100-command"))
        clerk = await visit.person(f"clerk.{incident['unit']}")
        await asyncio.sleep(2)  # what was before has been followed
        on = "BEFORE UPDATE ON alarm.receipts FOR EACH ROW EXECUTE FUNCTION alarm.refuse()"
        await conn.execute(REFUSES)
        await conn.execute(f"CREATE TRIGGER refuse {on}")
        await act(clerk, f"/v1/incidents/{incident['id']}:claim")
        async with asyncio.timeout(SOON):
            while not await conn.fetchval("SELECT count(*) FROM alarm.parked"):
                await asyncio.sleep(0.2)
        await conn.execute("DROP FUNCTION alarm.refuse CASCADE")
        await asyncio.sleep(3)  # readiness tells of it


async def forge(city: Installed) -> None:
    """A call that no service has signed, and a row of another hand, which is mended since."""
    token = Keys.read(city.home / "secret").token
    said = metadata_for(token, CLOCK, request_id=str(uuid4()))
    address = city.run["processes"]["workflow"]["grpc"]
    async with visiting(city) as visit, channel_to("workflow", address, None) as channel:
        desk = await visit.person("call_taker.990100-command")
        one = (await open_incident(desk))["id"]
        request = pb.GetIncidentRequest(incident_id=one)
        with pytest.raises(grpc.aio.AioRpcError):
            await rpc.IncidentServiceStub(channel).GetIncident(request, metadata=said, timeout=5)
        was = await execute(city, READ, one)
        await execute(city, WRITE, one, was.replace("traffic.accident", "traffic.forged"))
        assert (await refused(desk.get(f"/v1/incidents/{one}"))).reason == "EVIDENCE_BROKEN"
        await execute(city, WRITE, one, was)


async def spoil_topics(brokers: str) -> None:
    """A topic keeps its events for a day only, and has a record that nobody can read; another one
    is left of somebody."""
    async with AIOKafkaProducer(bootstrap_servers=brokers) as producer:
        await producer.send_and_wait(TOPIC, b"\xff", b"no id", partition=0)
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    day = {"retention.ms": "86400000"}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, TOPIC, configs=day)])
    await admin.create_topics([NewTopic(STRANGER, 1, 1)])
    await admin.close()


async def delete_stranger(brokers: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    await admin.delete_topics([STRANGER])
    await admin.close()


def test_what_the_doctor_advises_mends_each_fault(whole_city: Installed) -> None:
    for remedy in advised(whole_city).values():  # of what other stories have left
        do(whole_city, remedy)
    assert is_well(whole_city)
    asyncio.run(spoil(whole_city))
    (whole_city.home / "secret").chmod(0o644)
    assert whole_city.liandong("stop", "directory").returncode == 0
    found = findings(whole_city)
    assert {what for what, _ in found} >= SPOILT
    forged = {remedy for what, remedy in found if what == "forged"}
    assert {each.partition(" ")[0] for each in forged} == {"grep", "liandong"}
    [by_hand] = [each for each in found if "Kafka's own tools" in each[1]]
    assert by_hand[0] == "topics"
    asyncio.run(delete_stranger(whole_city.run["kafka"]))
    for _, remedy in {each for each in found if each != by_hand}:
        do(whole_city, remedy)
    assert is_well(whole_city)


def test_that_nothing_waits_is_said_only_when_all_have_answered(whole_city: Installed) -> None:
    secret = (whole_city.home / "secret").read_text()
    assert whole_city.liandong("stop", "postgres").returncode == 0
    try:
        assert advised(whole_city)["refused follow-ups"] == "liandong start postgres"
        for what, nothing in (("links", "no refused"), ("deadletters", "no dead letters")):
            said = whole_city.liandong(what, "list")
            assert said.returncode == 1 and "no answer from: alarm" in said.stdout + said.stderr
            assert nothing not in said.stdout
        for what in ("rotate", "reseal"):
            said = whole_city.liandong("seals", what)
            assert said.returncode == 1 and "`liandong start postgres`" in said.stderr
        assert (whole_city.home / "secret").read_text() == secret
    finally:
        assert whole_city.liandong("start", "postgres").returncode == 0


def test_the_clock_of_the_commands_machine_is_told_until_it_is_set(whole_city: Installed) -> None:
    """Its host is half a minute ahead of the database's."""
    try:
        ahead = {"LD_PRELOAD": str(skewed.library()), "FAKETIME": "+30s"}
    except Trouble as trouble:
        pytest.skip(str(trouble))
    whole_city.env |= ahead
    try:
        assert advised(whole_city) == {"clocks": "set the clocks"}
    finally:
        for name in ahead:
            del whole_city.env[name]
    assert is_well(whole_city)


def test_a_frozen_supervisor_goes_on_or_is_replaced_and_what_froze_meanwhile_starts_anew(
    whole_city: Installed,
) -> None:
    """Both remedies of the one line, and that of a process which answers nothing."""
    for way in (0, 1):
        process = whole_city.run["processes"]["emergency"]["pid"]
        watcher = int((whole_city.home / "lock").read_text())
        for each in (watcher, process):
            os.kill(each, signal.SIGSTOP)
        found = advised(whole_city)
        assert found["emergency"].startswith("liandong stop emergency && liandong start emergency;")
        ways = found["supervisor"].partition(", which")[0].replace(" and `", "; ").replace("`", "")
        do(whole_city, ways.split(", or ")[way])
        do(whole_city, found["emergency"].partition("; ")[0])
        assert is_well(whole_city)
