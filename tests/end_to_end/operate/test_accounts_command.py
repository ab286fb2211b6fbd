"""`liandong accounts` and `liandong keys` beside a running city, as an operator uses them."""

import asyncio
import csv
import json
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from operate.admin.accounts import PASSWORD
from services.gateway.accounts.audit import TURN
from tests.servers import PLAIN, Installed

GOOD = "grauer-Kiesel-17"
UNIT = "990101001-police"
WAITING = """
SELECT EXISTS (SELECT FROM pg_stat_activity
               WHERE wait_event_type = 'Lock' AND wait_event = 'advisory')
"""


@pytest.fixture
def http(whole_city: Installed) -> Any:
    with httpx.Client(base_url=whole_city.run["gateway"], verify=PLAIN) as http:
        yield http


def typed(city: Installed, text: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command with a text on its standard input."""
    command = [*city.command, *arguments]
    return subprocess.run(
        command, env=city.env, input=text, capture_output=True, text=True, timeout=60, check=False
    )


def sign_in(http: httpx.Client, user: str, password: str) -> httpx.Response:
    return http.post("/v1/sessions", json={"user": user, "password": password})


def test_an_account_is_added_used_and_disabled(whole_city: Installed, http: httpx.Client) -> None:
    add = ("accounts", "add", "zhou", "--role", "clerk", "--unit", UNIT, "--name", "周某")
    weak = typed(whole_city, "demo-liandong\n", *add)
    assert weak.returncode == 1 and "tried first" in weak.stderr
    assert typed(whole_city, "", *add).returncode == 1
    done = typed(whole_city, f"{GOOD}\n", *add)
    assert done.returncode == 0, done.stderr
    assert GOOD not in done.stdout + done.stderr
    twin = typed(whole_city, f"{GOOD}\n", "accounts", "add", "ＺHOU", *add[3:])
    assert twin.returncode == 1 and "width or case" in twin.stderr
    nowhere = typed(whole_city, f"{GOOD}\n", *add[:2], "wu", "--role", "clerk", "--unit", "x")
    assert nowhere.returncode == 1 and "x is no unit" in nowhere.stderr

    header = {"Authorization": f"Bearer {sign_in(http, 'zhou', GOOD).json()['token']}"}
    assert http.get("/v1/inbox", headers=header).status_code == 200
    rows = json.loads(whole_city.liandong("accounts", "list", "--json").stdout)
    [row] = [row for row in rows if row["user"] == "zhou"]
    assert (row["name"], row["role"], row["unit"], row["demo"]) == ("周某", "clerk", UNIT, False)

    assert whole_city.liandong("accounts", "disable", "zhou").returncode == 0
    deadline = time.monotonic() + 5
    while http.get("/v1/inbox", headers=header).status_code != 401:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert sign_in(http, "zhou", GOOD).status_code == 401
    assert whole_city.liandong("accounts", "enable", "zhou").returncode == 0
    assert typed(whole_city, f"{GOOD}8\n", "accounts", "password", "zhou").returncode == 0
    assert sign_in(http, "zhou", GOOD).status_code == 401
    assert sign_in(http, "zhou", f"{GOOD}8").status_code == 200
    missing = whole_city.liandong("accounts", "disable", "nobody-here")
    assert missing.returncode == 1 and "nobody-here" in missing.stderr


def test_a_file_is_brought_in_whole_or_not_at_all(
    whole_city: Installed, http: httpx.Client, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    head = "user,name,role,unit,team\n"
    file.write_text(f"{head}sun,孙某,clerk,{UNIT},\nSUN,另一人,emperor,{UNIT},\n", "utf-8")
    wrong = whole_city.liandong("accounts", "import", str(file))
    assert wrong.returncode == 1 and "line 3" in wrong.stderr
    file.write_bytes(f"{head}qi,齐\0,clerk,{UNIT},\n".encode())
    assert "line 2: The field name contains" in refused(whole_city, file)
    posts = f"wu,吴,clerk,no-unit,\nxu,徐,team_leader,{UNIT},nope\n"
    file.write_text(f"{head}{posts}yu,余,team_leader,{UNIT},\n", "utf-8")
    assert "line 4: The role team_leader needs the team" in refused(whole_city, file)
    file.write_text(head + posts, "utf-8")
    told = refused(whole_city, file)
    assert "line 2: no-unit is no unit" in told and "line 3: nope is no team" in told
    file.write_bytes(f"{head}sun,孙某,clerk,{UNIT},\nma,马某,head,{UNIT},\n".encode("gb18030"))
    done = whole_city.liandong("accounts", "import", str(file))
    assert done.returncode == 0, done.stderr
    made = dict(csv.reader(done.stdout.splitlines()))
    assert set(made) == {"sun", "ma"}
    assert sign_in(http, "ma", made["ma"]).json()["user"]["name"] == "马某"
    again = whole_city.liandong("accounts", "import", str(file))
    assert (again.returncode, again.stdout) == (0, ""), "no password is made anew"
    assert "2 unchanged" in again.stderr
    assert slowly(whole_city, "accounts", "import", str(file)).returncode == 0


def test_a_deputy_is_of_the_unit_or_of_one_above_it(
    whole_city: Installed, http: httpx.Client
) -> None:
    """The directory says which unit stands above another; a name is found in any width and case."""
    demo = {"password": PASSWORD, "user": "CLERK.990101-police"}
    signed = http.post("/v1/sessions", json=demo).json()
    assert signed["user"]["user"] == "clerk.990101-police"
    period = ("--start", "2026-01-01T00:00", "--end", f"{datetime.now(UTC) + timedelta(1):%FT%R}")
    head = "head.990101001-police"
    for deputy, said in (
        ("clerk.990101001-market", "a deputy is of that unit, or of one above it"),
        ("ｃｌｅｒｋ.990101-POLICE", ""),
    ):
        done = whole_city.liandong("deputies", "add", head.upper(), deputy, *period)
        assert (done.returncode, said in done.stderr) == (1 if said else 0, True), done.stderr
    assert "clerk.990101-police stands in for head.990101001-police" in done.stdout
    header = {"Authorization": f"Bearer {signed['token']}", "Liandong-Deputy-For": head}
    me = http.get("/v1/sessions/current", headers=header).json()["user"]
    assert me["user"] == f"clerk.990101-police>{head}"


def slowly(city: Installed, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command while a sign-in stands still for longer than a service would wait for it."""

    async def held() -> "subprocess.CompletedProcess[str]":
        dsn = city.installation.admin_dsn
        signing_in, looking = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
        await signing_in.execute(f"SET search_path TO gateway; BEGIN; {TURN}")
        running = asyncio.create_task(asyncio.to_thread(city.liandong, *arguments))
        while not await looking.fetchval(WAITING):
            assert not running.done(), running.result()
            await asyncio.sleep(0.05)
        await asyncio.sleep(2)
        await signing_in.close()
        await looking.close()
        return await running

    return asyncio.run(held())


def refused(city: Installed, file: Path) -> str:
    done = city.liandong("accounts", "import", str(file))
    assert done.returncode == 1
    return str(done.stderr)


TEAM_UNIT, TEAM = "990101001-emergency", "990101001-emergency-team"


def test_a_key_of_a_team_opens_the_stream_of_its_terminals(
    whole_city: Installed, http: httpx.Client
) -> None:
    add = ("keys", "add", "--role", "team_leader", "--unit", TEAM_UNIT, "--name", "terminals")
    for more, said in (
        ((), "needs the team"),
        (("--team", "nope"), f"nope is no team of {TEAM_UNIT}, which has {TEAM}"),
    ):
        done = whole_city.liandong(*add, *more)
        assert (done.returncode, said in done.stderr) == (1, True), done.stderr
    as_clerk = ("keys", "add", "--role", "clerk", "--unit", TEAM_UNIT, "--team", TEAM)
    done = whole_city.liandong(*as_clerk)
    assert done.returncode == 1 and "(ROLE_WITHOUT_TEAM, team)" in done.stderr, done.stderr
    made = json.loads(whole_city.liandong(*add, "--team", TEAM, "--json").stdout)
    assert (made["name"], made["unit"], made["team"]) == ("terminals", TEAM_UNIT, TEAM)
    header = {"Authorization": f"Bearer {made['key']}"}
    with http.stream(
        "GET", f"/v1/teams/{TEAM}/stream", headers=header, params={"device": "d1"}
    ) as stream:
        assert stream.status_code == 200, stream.read()
        assert any("welcome" in line for line in stream.iter_lines())
    assert whole_city.liandong("keys", "revoke", "terminals").returncode == 0
    again = whole_city.liandong("keys", "revoke", "terminals")
    assert (
        again.returncode == 1 and "no key in force" in again.stderr and "terminals" in again.stderr
    )


@pytest.mark.parametrize("unit", ["99\x01", "\u200b", "x" * 500, "990101001-police\n"])
def test_a_unit_that_no_city_can_have_is_named_as_none(whole_city: Installed, unit: str) -> None:
    done = whole_city.liandong("keys", "add", "--role", "clerk", "--unit", unit)
    assert done.returncode == 1 and "is no unit" in done.stderr, done.stderr
    assert "Unexpected" not in done.stderr


def test_a_key_is_made_rotated_and_revoked(whole_city: Installed, http: httpx.Client) -> None:
    add = ("keys", "add", "--role", "partner", "--unit", UNIT, "--name", "hotline-test", "--json")
    first = json.loads(whole_city.liandong(*add).stdout)["key"]
    rotated = whole_city.liandong("keys", "rotate", "hotline-test", "--json")
    [second] = json.loads(rotated.stdout)
    deadline = time.monotonic() + 5
    while True:
        answers = [
            http.get("/v1/sessions/current", headers={"Authorization": f"Bearer {key}"}).status_code
            for key in (first, second["key"])
        ]
        if answers == [401, 200]:
            break
        assert time.monotonic() < deadline, answers
        time.sleep(0.1)
    assert whole_city.liandong("keys", "revoke", "hotline-test").returncode == 0
    assert whole_city.liandong("keys", "rotate", "hotline-test").returncode == 1
