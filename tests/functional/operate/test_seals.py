"""`liandong seals` over a home: what it lists and adds, and what it refuses."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from backbone.process.keyring import Keyring, key_id
from backbone.process.settings import PORTS
from operate.admin.data_keys import OWNERS, SEALING
from operate.home.home import Home
from operate.home.keys import Keys, make, rotate
from operate.home.ports import Ports
from operate.home.trouble import Trouble
from operate.run.installation import Installation
from operate.run.programs import programs_of
from tests.house.sources import TOP

OLD = "5e" * 32  # the whole file of an installation that was never rotated


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(OLD)
    return path


def seals(home: Path, *arguments: str, lang: str = "C.UTF-8") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "operate.cli.command", "seals", *arguments],
        env={**os.environ, "LIANDONG_HOME": str(home), "LC_ALL": lang, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def rows(home: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(seals(home, "list", "--json").stdout)
    return found


def test_a_rotation_adds_a_key_for_every_service_and_keeps_the_first(
    secret: Path, tmp_path: Path
) -> None:
    before = rows(tmp_path)
    assert [row["service"] for row in before] == [*OWNERS]
    assert all(row["seals"] and row["made"] is None for row in before)
    assert len({row["key"] for row in before}) == len(OWNERS)
    old = Keys.read(secret)

    done = seals(tmp_path, "rotate")
    assert done.returncode == 0
    assert "new key" in done.stdout and str(secret) in done.stdout
    assert "The new key is used from the next start on" in done.stdout
    assert secret.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"secret", "signers.json"}
    assert (tmp_path / "signers.json").read_text() == Keys.read(secret).signers()

    after = rows(tmp_path)
    assert [{**row, "seals": True} for row in after[::2]] == before
    assert [row["seals"] for row in after] == [False, True] * len(OWNERS)
    keys = Keys.read(secret)
    assert (keys.token, keys.password("alarm")) == (old.token, old.password("alarm"))
    for row in after[1::2]:
        first, newest = keys.sealing(row["service"])
        assert [first] == old.sealing(row["service"])
        assert key_id(bytes.fromhex(newest)) == row["key"]
        assert keys.derive(f"key/{row['service']}") != newest


@pytest.mark.parametrize(
    ("lang", "words"), [("C.UTF-8", "seals and opens"), ("zh_CN.UTF-8", "加密并解密")]
)
def test_the_list_shows_ids_and_never_a_key(
    secret: Path, tmp_path: Path, lang: str, words: str
) -> None:
    rotate(secret)
    told = seals(tmp_path, "list", lang=lang).stdout + seals(tmp_path, "list", "--json").stdout
    assert words in told
    keys = Keys.read(secret)
    for service in OWNERS:
        for key in keys.sealing(service):
            assert key_id(bytes.fromhex(key)) in told and key not in told
    assert OLD not in told and OLD not in repr(keys)
    assert keys.seals[0].secret.hex() not in told and repr(keys.seals[0].secret) not in repr(keys)


def test_of_rotations_at_once_none_loses_a_key(secret: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        added = [keys.seals[-1] for keys in pool.map(lambda _: rotate(secret), range(8))]
    kept = Keys.read(secret).seals
    assert sorted(each.secret for each in kept) == sorted(each.secret for each in added)
    assert len({each.secret for each in kept}) == 8


def test_each_start_of_a_service_is_told_the_keys_of_that_moment(tmp_path: Path) -> None:
    home = Home(tmp_path, Ports())
    installation = Installation.chosen(home)
    [alarm] = [each for each in programs_of(installation) if each.names == ("alarm",)]

    def told() -> Keyring:
        return Keyring.read(alarm.prepare().env["LIANDONG_ALARM_KEY"])

    first = told()
    rotate(home.secret)
    second = told()
    assert second.keys[:-1] == first.keys and second.lasting == first.sealing
    home.secret.unlink()
    assert told() == first, "without the file a service starts as the whole installation did"


def test_what_started_before_a_rotation_publishes_its_keys_when_it_starts_a_service(
    tmp_path: Path,
) -> None:
    """The supervisor took the new keys out of the file when it started a gateway again: each call
    of the gateway was refused from then on."""
    home = Home(tmp_path, Ports())
    installation = Installation.chosen(home)
    programs = [each for each in programs_of(installation) if each.names[0] in PORTS]
    rotate(home.secret)
    installation.publish_keys()
    published = Keys.read(home.secret).signers()
    for program in programs:
        program.identity()
        program.prepare()
        assert home.signers.read_text() == published, program.names
    home.secret.unlink()
    for program in programs:
        program.prepare()
    assert home.signers.read_text() == published


def test_without_a_home_there_is_nothing_to_rotate(tmp_path: Path) -> None:
    for verb in ("list", "rotate"):
        done = seals(tmp_path / "nowhere", verb)
        assert done.returncode == 1 and "liandong up" in done.stderr
        assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5e",
        OLD.upper(),
        "{",
        "{}",
        "[]",
        '{"secret": 5}',
        f'{{"secret": "{OLD}", "seals": 5}}',
        f'{{"secret": "{OLD}", "seals": [{{"made": "x", "secret": "{OLD}"}}]}}',
        f'{{"secret": "{OLD}", "seals": [{{"made": "2026-01-01T00:00:00+00:00"}}]}}',
    ],
)
def test_a_damaged_file_is_told_and_left_alone(secret: Path, text: str) -> None:
    secret.write_text(text)
    with pytest.raises(Trouble, match="is damaged"):
        rotate(secret)
    assert secret.read_text() == text


def test_a_folder_in_the_place_of_the_file_is_told(secret: Path) -> None:
    """A container makes one of a file that it is given and that is not there."""
    secret.unlink()
    secret.mkdir()
    with pytest.raises(Trouble, match="not this user's to read") as told:
        Keys.read(secret)
    assert "无权读取" in told.value.chinese


def test_a_fresh_installation_has_the_file_that_the_first_release_had(tmp_path: Path) -> None:
    make(tmp_path / "secret")
    assert len(bytes.fromhex((tmp_path / "secret").read_text())) == 32


def test_the_services_that_seal_are_those_that_are_listed() -> None:
    found = {
        path.relative_to(TOP / "services").parts[0]
        for path in (TOP / "services").rglob("*.py")
        if "backbone.postgres.sealing" in path.read_text("utf-8")
    }
    # The gateway seals second factors with the lasting key, which no rotation changes.
    assert found == {*SEALING, "gateway"}
