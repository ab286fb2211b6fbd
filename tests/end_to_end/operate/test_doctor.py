"""What the doctor advises is done word by word, and mends each fault."""

import asyncio
import json
import re
import subprocess
import sys

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from tests.servers import Installed

TOPIC = "liandong.petition.events.v1"


def advised(city: Installed) -> dict[str, str]:
    """The remedy of each finding that has one, by what was looked at."""
    told = city.liandong("doctor").stdout.splitlines()
    lines = [re.split(r" {2,}", line.rstrip()) for line in told]
    return {words[1]: words[-1] for words in lines if words[0] == "✗"}


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


async def spoil(brokers: str) -> None:
    """A topic keeps its events for a day only, and has a record that nobody can read."""
    async with AIOKafkaProducer(bootstrap_servers=brokers) as producer:
        await producer.send_and_wait(TOPIC, b"\xff", b"no id", partition=0)
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    day = {"retention.ms": "86400000"}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, TOPIC, configs=day)])
    await admin.close()


def test_what_the_doctor_advises_mends_each_fault(whole_city: Installed) -> None:
    for remedy in advised(whole_city).values():  # of what other stories have left
        do(whole_city, remedy)
    assert advised(whole_city) == {}
    asyncio.run(spoil(whole_city.run["kafka"]))
    (whole_city.home / "secret").chmod(0o644)
    assert whole_city.liandong("stop", "directory").returncode == 0
    found = advised(whole_city)
    assert {"directory", "topics", "dead letters", "secret"} <= found.keys()
    for remedy in found.values():
        do(whole_city, remedy)
    assert advised(whole_city) == {}


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
