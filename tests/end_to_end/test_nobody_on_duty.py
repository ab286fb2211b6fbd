"""Nobody of the needed skill is there: said before the key, to the order, in both languages."""

import asyncio
import csv
import io
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from operate.replay.client import Client, Connection
from tests.people import Visit, act, refused, take_call, visiting
from tests.replayed import PACK
from tests.servers import Installed

ILL = {
    "category": "medical.illness",
    "priority": "P1",
    "narrative": "胸痛,喘不过气",
}
SAID = {
    "zh": ("无人在岗", "目前没有人员在岗"),
    "en": ("Not staffed", "None of the people of the team"),
}


class Reader(Client):
    """Asks in the language of `person`."""

    def __init__(self, connection: Connection, key: str, person: str = "") -> None:
        super().__init__(connection, key)
        self._headers["accept-language"] = person


def without_doctors(pack: Path) -> None:
    """Everybody of a team that can help the ill is away."""
    teams = csv.DictReader(io.StringIO((pack / "teams.csv").read_text("utf-8-sig")))
    away = {row["code"] for row in teams if "medical" in row["skills"].split(";")}
    staff = csv.DictReader(io.StringIO((pack / "staff.csv").read_text("utf-8-sig")))
    columns = [*dict.fromkeys([*(staff.fieldnames or ()), "absence"])]
    with (pack / "staff.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for row in list(staff):
            writer.writerow(row | {"absence": "轮休" if row["team"] in away else ""})


@pytest.fixture
async def visit(whole_city: Installed, tmp_path: Path) -> AsyncIterator[Visit]:
    pack = tmp_path / "pack"
    shutil.copytree(PACK, pack)
    staff = (pack / "staff.csv").read_text("utf-8-sig")
    without_doctors(pack)
    assert (pack / "staff.csv").read_text("utf-8-sig") != staff
    loaded = whole_city.liandong("city", "load", str(pack))
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    try:
        async with visiting(whole_city, Reader) as visit:
            yield visit
    finally:
        whole_city.liandong("city", "load", str(PACK))


async def test_it_is_said_with_the_answer_to_open_and_to_the_order(visit: Visit) -> None:
    for language, (word, sentence) in SAID.items():
        desk = visit.system("990100-command", "dispatcher", person=language)
        found = await recommended(desk)
        async with asyncio.timeout(30):
            while not all(each["unready"] for each in found):
                await asyncio.sleep(0.5)  # the pack reaches the services
                found = await recommended(desk)
        receipt, best = found[0]["receipt"], found[0]
        assert {each["unready"] for each in found} == {"NOT_STAFFED"}
        assert {each["unready_name"] for each in found} == {word}
        assert {each["on_duty"] for each in found} == {0}
        assert all(word in each["reasons"] for each in found)
        path = f"/v1/receipts/{receipt}:dispatch"
        refusal = await refused(act(desk, path, {"team": best["team"]}))
        assert (refusal.status, refusal.reason) == (409, "NOT_STAFFED")
        assert sentence in refusal.problem["detail"]
        forced = {"team": best["team"], "force_reason": "已电话联系上两名队员"}
        order = await act(desk, path, forced)
        assert order["mission"]["id"]


async def recommended(desk: Client) -> list[Any]:
    """The teams recommended for a person who is ill, each with the receipt."""
    receipt = await take_call(desk, **ILL)
    opened = await act(desk, f"/v1/receipts/{receipt['id']}:open", {"confirm_priority": True})
    assert opened["recommended"]
    return [each | {"receipt": receipt["id"]} for each in opened["recommended"]]
