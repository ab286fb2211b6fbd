"""`liandong up` as a person uses it: everything real, killed in every way, and up again."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx
import psutil
import pytest
from aiokafka import AIOKafkaProducer

from backbone.kafka.origin import owner_of
from backbone.kafka.poison import MOST_POISONS
from operate.home import leftovers
from tests.servers import PLAIN, Installed
from tests.signing import signatures_in, signed


@pytest.fixture(scope="module")
def city(whole_city: Installed) -> Iterator[Installed]:
    """The last test ends it; then it is whole again, for the stories that follow."""
    yield whole_city
    whole_city.up()


def test_ready_means_ready(city: Installed) -> None:
    run = city.run
    assert (city.home / "run.json").stat().st_mode & 0o777 == 0o600
    assert {"gateway", "kafka", "database", "processes", "accounts", "api_keys"} <= run.keys()
    assert all(psutil.pid_exists(process["pid"]) for process in run["processes"].values())
    together = {run["processes"][name]["pid"] for name in ("petition", "dispute", "population")}
    assert len(together) == 1
    told = city.liandong("status", "--json")
    assert told.returncode == 0
    found = json.loads(told.stdout)["processes"]
    assert {name: each["flaws"] for name, each in found.items() if each["flaws"]} == {}


def test_a_frozen_process_is_not_said_to_be_well(city: Installed) -> None:
    pid = city.run["processes"]["emergency"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        told = city.liandong("status", "--json")
    finally:
        with suppress(ProcessLookupError):  # it is replaced after some seconds
            os.kill(pid, signal.SIGCONT)
    assert told.returncode == 1
    found = json.loads(told.stdout)
    assert found["ready"] is False
    emergency = found["processes"]["emergency"]
    # On a busy machine it is replaced before it is asked.
    assert emergency["flaws"] == ["no answer"] or emergency["state"] != "ready"
    wait(lambda: city.liandong("status").returncode == 0, 20)


def test_a_process_that_stays_frozen_is_replaced(city: Installed) -> None:
    frozen = city.run["processes"]["emergency"]["pid"]
    os.kill(frozen, signal.SIGSTOP)
    wait(lambda: (city.home / "run.json").exists() and frozen not in pids(city), 20)
    # The others may still miss it for a moment.
    wait(lambda: city.liandong("status").returncode == 0, 20)


def test_what_runs_without_its_supervisor_is_adopted_without_an_outage(city: Installed) -> None:
    before = {process["pid"] for process in city.run["processes"].values()}
    supervisor = int((city.home / "lock").read_text())
    os.kill(supervisor, signal.SIGKILL)
    told = city.liandong("status")
    assert told.returncode == 1 and "supervisor is gone" in told.stdout
    again = city.liandong("up", "--detach")
    assert again.returncode == 0, again.stderr
    assert pids(city) == before
    wait(lambda: city.liandong("status").returncode == 0, 20)  # each notices its new supervisor


def test_a_supervisor_that_a_signal_has_stopped_is_told(city: Installed) -> None:
    supervisor = int((city.home / "lock").read_text())
    os.kill(supervisor, signal.SIGSTOP)
    try:
        told, doctor = city.liandong("status"), city.liandong("doctor")
        assert told.returncode == 1 and f"kill -CONT {supervisor}" in told.stdout
        assert doctor.returncode == 1 and f"kill -CONT {supervisor}" in doctor.stdout
    finally:
        os.kill(supervisor, signal.SIGCONT)
    wait(lambda: city.liandong("status").returncode == 0, 20)


def test_what_doctor_advises_for_a_stopped_consumer_lets_it_go_on(city: Installed) -> None:
    asyncio.run(rubbish(city, "liandong.petition.events.v1", MOST_POISONS))
    wait(lambda: "consumers resume" in city.liandong("doctor").stdout, 30)
    rows = json.loads(city.liandong("consumers", "list", "--json").stdout)
    stopped = [row["group"] for row in rows if row["stopped"]]
    assert stopped, rows
    for group in stopped:
        assert city.liandong("consumers", "resume", group).returncode == 0
    assert city.liandong("deadletters", "acknowledge", "--all", "--note", "a test").returncode == 0
    wait(lambda: city.liandong("status").returncode == 0, 20)
    assert "consumers resume" not in city.liandong("doctor").stdout
    assert city.liandong("consumers", "resume", "nobody.x").returncode == 1
    assert city.liandong("links", "list").returncode == 0


async def rubbish(city: Installed, topic: str, count: int) -> None:
    """As a bad release of the service sends it."""
    headers = signed(topic, b"no id", b"\xff", by=signatures_in(city, owner_of(topic)))
    async with AIOKafkaProducer(bootstrap_servers=city.run["kafka"]) as producer:
        for _ in range(count):
            await producer.send_and_wait(topic, b"\xff", b"no id", partition=0, headers=headers)


def test_a_second_one_does_not_start_beside_it_and_nothing_is_restored_over_it(
    city: Installed,
) -> None:
    before = pids(city)
    for command, said in (
        (("up", "--detach"), "already runs"),
        (("restore", str(city.home)), "touches no living city"),
        (("restore", "--in-place"), "touches no living city"),
    ):
        refused = city.liandong(*command)
        assert refused.returncode == 1 and said in refused.stderr
    assert pids(city) == before
    assert city.liandong("status").returncode == 0


def test_each_process_comes_back_after_a_kill(city: Installed) -> None:
    shared = {each["pid"]: name for name, each in city.run["processes"].items()}
    for name in shared.values():  # some share one
        pid = city.run["processes"][name]["pid"]
        os.kill(pid, signal.SIGKILL)
        wait(lambda pid=pid: not (city.home / "run.json").exists() or pid not in pids(city), 10)
        wait((city.home / "run.json").exists, 60)
        assert city.run["processes"][name]["pid"] != pid


def test_held_down_and_let_go(city: Installed) -> None:
    stopped = city.liandong("stop", "dispute")
    assert stopped.returncode == 0
    assert "petition" in stopped.stdout and "population" in stopped.stdout
    assert city.run["processes"]["petition"]["pid"] is None
    assert city.liandong("start", "petition").returncode == 0
    assert city.run["processes"]["dispute"]["pid"]
    assert city.liandong("stop", "nobody").returncode == 1


def test_after_a_kill_of_the_supervisor_and_of_half_of_the_rest_up_simply_works(
    city: Installed,
) -> None:
    taken = "head.990101001-township"
    assert city.liandong("accounts", "disable", taken).returncode == 0
    os.kill(int((city.home / "lock").read_text()), signal.SIGKILL)
    wait(lambda: city.liandong("status").returncode == 1, 5)
    for process in leftovers.find(str(city.home))[::2]:
        process.kill()
    assert leftovers.find(str(city.home)), "the others go on"
    city.up()
    assert city.liandong("status").returncode == 0
    answers = [sign_in(city, user) for user in (taken, "clerk.990101001-township")]
    assert answers == [401, 200], "a start does not give back what was taken away"
    assert city.liandong("accounts", "enable", taken).returncode == 0


def test_down_leaves_nothing_but_data(city: Installed) -> None:
    assert city.liandong("down").returncode == 0
    assert leftovers.find(str(city.home)) == []
    assert not (city.home / "run.json").exists()
    assert (city.home / "postgres" / "data").exists()
    assert city.liandong("status").returncode == 1


def sign_in(city: Installed, user: str) -> int:
    account = next(row for row in city.run["accounts"] if row["user"] == user)
    said = {"user": user, "password": account["password"]}
    return httpx.post(f"{city.run['gateway']}/v1/sessions", json=said, verify=PLAIN).status_code


def pids(city: Installed) -> set[int]:
    try:
        return {process["pid"] for process in city.told()["processes"].values()}
    except FileNotFoundError:
        return set()


def wait(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
