"""`up --scale`: two gateways and two stream processors, one of each killed, and nothing lost.

`make rehearse` is the long form: two of everything, three brokers, a restart of all in turn.
"""

import asyncio
import json
import os
import signal
from collections.abc import Iterator

import pytest

from tests.killing import kill, pids
from tests.rehearsal.counting import count
from tests.rehearsal.front import gateways_of, in_front_of
from tests.rehearsal.load import Phase, at_work
from tests.servers import Installed

SCALE = "gateway=2,workflow-stream=2"


@pytest.fixture(scope="module")
def city(whole_city: Installed) -> Iterator[Installed]:
    """The city of the session, which other tests have ended, with two of each."""
    was_up = (whole_city.home / "run.json").exists()
    whole_city.down()
    whole_city.up("--scale", SCALE)
    yield whole_city
    whole_city.down()
    if was_up:
        whole_city.up()


def test_each_process_is_told_of_by_its_own_name(city: Installed) -> None:
    told = city.liandong("status", "--json")
    assert told.returncode == 0, told.stdout
    found = json.loads(told.stdout)["processes"]
    assert {"gateway", "gateway-2", "workflow-stream", "workflow-stream-2"} <= found.keys()
    assert len({each["pid"] for each in found.values()}) == len(found) - 2  # three share one
    targets = json.loads((city.home / "prometheus-targets.json").read_text())
    asked = {each["labels"]["process"]: each["targets"][0] for each in targets}
    assert asked["gateway-2"] in city.run["processes"]["gateway-2"]["metrics"]
    refused = city.liandong("restart", "--rolling", "alarm")
    assert refused.returncode == 1 and "--scale alarm=2" in refused.stderr


def test_the_next_supervisor_adopts_every_copy(city: Installed) -> None:
    before = pids(city)
    os.kill(int((city.home / "lock").read_text()), signal.SIGKILL)
    again = city.liandong("up", "--detach")
    assert again.returncode == 0, again.stderr
    assert pids(city) == before


async def answered(phase: Phase, least: float) -> None:
    """So many seconds, and until there was an answer: a busy machine may need longer for one."""
    await asyncio.sleep(least)
    async with asyncio.timeout(30):
        while not phase.sent:
            await asyncio.sleep(0.1)


async def test_one_of_two_dies_and_nothing_is_lost(city: Installed) -> None:
    run = city.run
    async with in_front_of(gateways_of(run)) as front, at_work(run, front.port, 3, 0.02) as load:
        phases = [load.enter("both run")]
        await answered(phases[-1], 1)
        phases.append(load.enter("a stream processor is killed"))
        await kill(city, "workflow-stream")
        await answered(phases[-1], 1.5)
        phases.append(load.enter("a gateway is killed"))
        await kill(city, "gateway-2")
        await asyncio.sleep(1)
    for phase in phases[:2]:  # what is under way in a gateway that is killed gets no answer
        assert phase.sent > 0 and not phase.failed, (phase.name, phase.failed)
    for name, found in (await count(run["database"], phases)).items():
        assert (name, found.lost, found.doubled) == (name, [], [])
