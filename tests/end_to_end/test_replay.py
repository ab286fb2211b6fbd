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


def replay(city: Installed, report: Path, *arguments: str, agree: bool = True) -> Any:
    done = city.liandong("replay", *arguments, "--report", str(report))
    assert done.returncode == (0 if agree else 1), done.stdout + done.stderr
    found = json.loads(report.read_text())
    assert found["agree"] is agree
    return found


def saved(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


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
    """The same letters under another name are told and change nothing; what a corrected file says
    otherwise is told as changed, and the rest of it is taken."""
    report = tmp_path / "r.json"
    found = replay(whole_city, report, saved(tmp_path, "letters.csv", PETITIONS))
    assert found["counts"]["received"] == 3
    assert found["counts"]["opened"] == found["counts"]["closed"]
    again = replay(whole_city, report, saved(tmp_path, "导出.csv", PETITIONS))
    assert again["counts"] == found["counts"]
    assert [each["row"] for each in again["repeats"]] == [3, 4, 2], "in the order of their times"
    corrected = (
        PETITIONS.replace("半年", "一年") + "10,A4,噪声扰民,2018-06-01 08:00:00,夜间施工,,\n"
    )
    last = replay(whole_city, report, saved(tmp_path, "letters.csv", corrected), agree=False)
    [changed] = last["changed"]
    assert (changed["row"], changed["reference"]) == (2, "7")
    codes = {each["row"]: each["code"] for each in again["repeats"]}
    assert changed["code"] == codes[2]
    assert last["counts"]["received"] == 3
    assert last["disagreements"] == ["changed rows = 0: 1 ≠ 0"]


async def test_calls_of_elsewhere_are_mapped_and_said_to_be(
    whole_city: Installed, tmp_path: Path
) -> None:
    report = tmp_path / "r.json"
    found = replay(whole_city, report, saved(tmp_path, "calls.csv", CALLS), "--speed", "5")
    assert found["counts"]["received"] == 3
    assert "affine map" in found["notes"]["places"]
    # A longer export maps the places otherwise, and has the same calls.
    longer = CALLS + "41.9,-77.7,Fire: GAS LEAK,2016-01-15 12:30,NORRISTOWN,HILL ST\n"
    more = replay(whole_city, report, saved(tmp_path, "all.csv", longer))
    assert more["counts"]["received"] == 4
    assert [each["row"] for each in more["repeats"]] == [3, 2, 4]
    assert more["counts"]["doubled"] == more["counts"]["lost"] == 0


def test_without_a_city_it_says_what_to_do(tmp_path: Path) -> None:
    done = Installed(tmp_path).liandong("replay")
    assert done.returncode == 1
    assert "make run" in done.stderr
