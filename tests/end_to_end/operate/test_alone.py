"""Services start alone from `liandong env`; two of each behind several addresses restart in turn
while people work, and no request fails."""

import asyncio
import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from backbone.process.settings import PORTS, prefix_of
from operate.admin import probe
from tests.people import CALL, Visit
from tests.servers import PLAIN, Installed, free_port

PATIENCE = 40.0


def environment_of(city: Installed, service: str) -> dict[str, str]:
    done = city.liandong("env", service)
    assert done.returncode == 0, done.stderr
    pairs = [each.partition("=") for each in shlex.split(done.stdout, comments=True)]
    return {name: value for name, _, value in pairs}


class Alone:
    """One service with nothing but its environment."""

    def __init__(self, city: Installed, service: str, more: Mapping[str, str], log: Path) -> None:
        self.port, self.metrics = free_port(), free_port()
        prefix = prefix_of(service)
        ports = {f"{prefix}_PORT": str(self.port), f"{prefix}_METRICS_PORT": str(self.metrics)}
        self._env = {**environment_of(city, service), **ports, **more}
        self._service, self._log = service, log

    @contextmanager
    def running(self) -> Iterator["Alone"]:
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        argv = [sys.executable, "-m", "services", self._service]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(argv, env=self._env, stdout=log, stderr=log)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(15)

    async def ready(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while flaws := await probe.flaws_of(self.metrics):
                assert self.process.poll() is None, (flaws, self._log.read_text())
                await asyncio.sleep(0.1)

    async def metric(self, start: str) -> float:
        _, body = await probe.get("127.0.0.1", self.metrics, "/metrics")
        lines = [line for line in body.decode().splitlines() if line.startswith(start)]
        return sum(float(line.rpartition(" ")[2]) for line in lines)


async def test_instances_restart_in_turn_and_no_request_fails(
    visit: Visit, tmp_path: Path, whole_city: Installed
) -> None:
    first = whole_city.run["processes"]["alarm"]["grpc"]
    with Alone(whole_city, "alarm", {}, tmp_path / "alarm.log").running() as alarm:
        addresses = f"{first},127.0.0.1:{alarm.port}"
        told = {"LIANDONG_ALARM_ADDRESS": addresses}
        with Alone(whole_city, "gateway", told, tmp_path / "gateway.log").running() as gateway:
            await asyncio.gather(alarm.ready(), gateway.ready())
            await rolled(visit, whole_city, alarm, gateway)


async def rolled(visit: Visit, city: Installed, alarm: Alone, gateway: Alone) -> None:
    statuses: list[int] = []
    over = asyncio.Event()

    async def calls() -> None:
        base = f"http://127.0.0.1:{gateway.port}"
        key = visit.system("990100-command", "call_taker")._headers["authorization"]
        async with httpx.AsyncClient(base_url=base, timeout=20, verify=PLAIN) as http:
            while not over.is_set():
                headers = {"authorization": key, "idempotency-key": uuid4().hex}
                answer = await http.post("/v1/receipts", json=CALL, headers=headers)
                statuses.append(answer.status_code)

    desks = [asyncio.create_task(calls()) for _ in range(2)]
    async with asyncio.timeout(PATIENCE):
        while not await alarm.metric("liandong_commands_total"):  # the second has its share
            await asyncio.sleep(0.2)
    await asyncio.to_thread(alarm.stop)
    alarm.start()
    await alarm.ready()
    await asyncio.sleep(1)
    for verb in ("stop", "start"):
        done = await asyncio.to_thread(city.liandong, verb, "alarm")
        assert done.returncode == 0, done.stderr
    await asyncio.sleep(1)
    over.set()
    await asyncio.gather(*desks)
    assert len(statuses) > 50
    assert {status for status in statuses if status >= 300} == set()


def of_an_operator(city: Installed, folder: Path) -> Installed:
    """The same city as an operator's commands reach it where systemd runs it: the keys, the servers
    and the addresses, and nothing of our supervisor."""
    operator, run = Installed(folder), city.run
    operator.home.mkdir(mode=0o700)
    (operator.home / "secret").write_text((city.home / "secret").read_text())
    (operator.home / "secret").chmod(0o600)
    told = {"LIANDONG_RUN_BY": "systemd", "LIANDONG_SECURE": "0"}
    told |= {"DATABASE_URL": run["database"], "KAFKA_BOOTSTRAP": run["kafka"]}
    for name in PORTS:
        of = run["processes"][name]
        told[f"{prefix_of(name)}_METRICS_ADDRESS"] = of["metrics"].split("/")[2]
        if "grpc" in of:
            told[f"{prefix_of(name)}_ADDRESS"] = of["grpc"]
    operator.env |= told
    return operator


def test_the_commands_ask_a_city_that_another_runs(whole_city: Installed, tmp_path: Path) -> None:
    operator = of_an_operator(whole_city, tmp_path)
    done = operator.liandong("status", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["ready"], done.stdout + done.stderr
    assert set(found["processes"]) == {*PORTS, "kafka", "postgres"}
    rows = json.loads(operator.liandong("consumers", "list", "--json").stdout)
    assert {"alarm.incidents", "gateway.changes"} <= {row["group"] for row in rows}
    told = operator.liandong("doctor").stdout
    assert "workflow-stream" in told and "fsync" in told
    assert "systemctl" not in told and "make run" not in told, told
    held = whole_city.liandong("stop", "dispute")
    assert held.returncode == 0, held.stderr
    try:
        assert operator.liandong("status").returncode == 1
        assert "systemctl restart liandong@dispute" in operator.liandong("doctor").stdout
    finally:
        assert whole_city.liandong("start", "dispute").returncode == 0


def test_an_unknown_service_is_a_sentence(whole_city: Installed) -> None:
    done = whole_city.liandong("env", "alarms")
    assert done.returncode != 0
    assert "workflow-stream" in done.stderr + done.stdout


@pytest.mark.parametrize("service", PORTS)
async def test_a_service_starts_alone(service: str, whole_city: Installed, tmp_path: Path) -> None:
    with Alone(whole_city, service, {}, tmp_path / "log").running() as alone:
        await alone.ready()
