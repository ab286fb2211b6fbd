"""`liandong replay` as a person uses it: the counts agree, and a second one changes nothing."""

import json
from pathlib import Path
from typing import Any

from operate.replay.client import Client
from tests.people import Visit
from tests.servers import Installed

PETITIONS = """id,petitioner,subject,time,text,against,support
7,A1,路灯不亮,2019-02-28 11:25:05,村口路灯不亮半年了,,
8,A2,建议多种树,2018-01-02 08:00:00,希望能多种树,,
9,A3,拖欠工资,2018-05-02 09:30:00,工地拖欠农民工工资三个月,,
"""
CALLS = """lat,lng,title,time,township,address
40.0,-75.4,EMS: CARDIAC EMERGENCY,2016-01-15 12:05,UPPER MERION,DEKALB PIKE & ALLENDALE RD
40.2,-75.0,Traffic: VEHICLE ACCIDENT -,2016-01-15 12:01,NORRISTOWN,POWELL ST
40.4,-75.2,Fire: FIRE ALARM,2016-01-15 12:09,NORRISTOWN,SANDY ST
"""


def replay(city: Installed, report: Path, *arguments: str) -> Any:
    done = city.liandong("replay", *arguments, "--report", str(report))
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(report.read_text())
    assert found["agree"] is True
    return found


async def totals(desk: Client) -> dict[str, int]:
    lists = ("receipts", "incidents", "missions")
    return {
        name: sum([await desk.count(f"/v1/{name}", closed=closed) for closed in ("false", "true")])
        for name in lists
    }


async def test_a_made_day_is_replayed_twice_and_happens_once(
    whole_city: Installed, visit: Visit, tmp_path: Path
) -> None:
    desk = visit.system("990100-command", "dispatcher")
    before = await totals(desk)
    first = replay(whole_city, tmp_path / "1.json", "--size", "30", "--seed", "7")
    after = await totals(desk)
    assert after["receipts"] - before["receipts"] == first["counts"]["received"] == 30
    assert after["incidents"] - before["incidents"] == first["counts"]["opened"]
    assert after["missions"] - before["missions"] == first["counts"]["pushed"] > 0
    assert first["latency_ms"]["claim"]["n"] == first["counts"]["claimed"]

    second = replay(whole_city, tmp_path / "2.json", "--size", "30", "--seed", "7")
    assert second["counts"] == first["counts"]
    assert await totals(desk) == after


async def test_petitions_are_registered_worked_and_filed(
    whole_city: Installed, tmp_path: Path
) -> None:
    file = tmp_path / "letters.csv"
    file.write_text(PETITIONS, encoding="utf-8")
    found = replay(whole_city, tmp_path / "r.json", str(file))
    assert found["counts"]["received"] == 3
    assert found["counts"]["opened"] == found["counts"]["closed"]
    assert replay(whole_city, tmp_path / "s.json", str(file))["counts"] == found["counts"]


async def test_calls_of_elsewhere_are_mapped_and_said_to_be(
    whole_city: Installed, tmp_path: Path
) -> None:
    file = tmp_path / "calls.csv"
    file.write_text(CALLS, encoding="utf-8")
    found = replay(whole_city, tmp_path / "r.json", str(file), "--speed", "5")
    assert found["counts"]["received"] == 3
    assert "affine map" in found["notes"]["places"]


def test_without_a_city_it_says_what_to_do(tmp_path: Path) -> None:
    done = Installed(tmp_path).liandong("replay")
    assert done.returncode == 1
    assert "make run" in done.stderr
