"""A short day, replayed while every process is killed in turn and Kafka is away for a while."""

import asyncio
from collections.abc import Awaitable
from functools import partial

from operate.replay import made_day
from operate.replay.report import Report
from tests.chaos.monkey import Monkey
from tests.chaos.play import replayed
from tests.killing import present
from tests.servers import Installed

SIZE = 24


async def while_it_lasts(city: Installed, faults: Awaitable[None], seed: int) -> list[Report]:
    """Day after day until nothing goes wrong any more."""
    trouble = asyncio.ensure_future(faults)
    reports: list[Report] = []
    while not trouble.done():
        await present(city)
        choose = partial(made_day.make, size=SIZE, seed=seed + len(reports))
        reports.append(await replayed(city, choose))
    await trouble
    return reports


async def test_counts_agree_while_each_process_is_killed(whole_city: Installed) -> None:
    monkey = Monkey(whole_city)
    reports = await while_it_lasts(whole_city, monkey.kill_each(pause=0.5), seed=100)
    assert len(monkey.done) >= 9
    for report in reports:
        assert report.agrees, (report.disagreements, report.findings)
    assert any(report.notes["requests_sent_again"] for report in reports)


async def test_counts_agree_while_kafka_is_away(whole_city: Installed) -> None:
    monkey = Monkey(whole_city)
    reports = await while_it_lasts(whole_city, monkey.hold_down("kafka", 6), seed=200)
    for report in reports:
        assert report.agrees, (report.disagreements, report.findings)
