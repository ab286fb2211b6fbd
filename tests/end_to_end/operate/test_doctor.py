"""What the doctor advises is done word by word, and mends each fault."""

import asyncio
import json
import re
import subprocess
import sys
import time
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from backbone.door.beside import CodedRows
from backbone.door.codes import Codes
from backbone.kafka.inbox import LINKS
from operate.home.keys import Keys
from tests.faults.quiet import REFUSED, REFUSES
from tests.people import act, open_incident, visiting
from tests.servers import Installed

TOPIC, STRANGER = "liandong.petition.events.v1", "liandong.left_behind.v1"
SOON = 30.0
SPOILT = {
    "alarm", "directory", "topics", "dead letters", "secret", "evidence", "refused follow-ups",
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
    for command in re.split("; |；", remedy):
        if "EVENT" in command:  # a person fills it in, from the list before it
            for row in json.loads(city.liandong("links", "list", "--json").stdout):
                do(city, command.replace("EVENT", row["event"]).replace("NOTE", "seen"))
            continue
        if "PLACE" in command:
            rows = json.loads(city.liandong("deadletters", "list", "--json").stdout)
            dead = [row for row in rows if row["kind"] == "dead"]
            for place in {f"{row['topic']}/{row['partition']}/{row['offset']}" for row in dead}:
                do(city, command.replace("PLACE", place).replace("NOTE", "seen"))
            continue
        program, *words = command.split()
        if program == "liandong":
            done = city.liandong(*words)
        elif program == "make":
            argv = [sys.executable, "-m", "operate.cli.targets", *words]
            done = subprocess.run(argv, env=city.env, capture_output=True, text=True, check=False)
        else:
            done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
        # A target tells with 1 that something is left for a person; the next look says what.
        assert not done.returncode or program == "make", (command, done.stdout, done.stderr)


async def spoil(city: Installed) -> None:
    await spoil_topics(city.run["kafka"])
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
