"""The doctor before anything runs: each flaw of the machine and the home is told, and its advice,
tried as it says, mends it."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx
import pytest

from operate.home.certificates import Authority
from operate.home.leftovers import MARK
from tests.oidc_provider import running_provider
from tests.servers import COMMAND, free_base

# In a namespace of its own a test may mount what it likes, without root.
APART = ("unshare", "--mount", "--map-root-user", "sh", "-e", "-c")
DOCTOR = " ".join(('"$@"', "doctor || true; echo ==="))
ROOM = "1100m"
FILLER = "150M"


class Here:
    """A home in which nothing runs."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "run"
        self.env = {
            **{name: value for name, value in os.environ.items() if "LIANDONG" not in name},
            "COLUMNS": "400",
            "LIANDONG_HOME": str(self.home),
            "LIANDONG_PORT": str(free_base()),
        }

    def liandong(self, *words: str, **env: str) -> "subprocess.CompletedProcess[str]":
        return ran([*COMMAND, *words], {**self.env, **env})

    def advice(self, **env: str) -> dict[str, str]:
        return findings(self.liandong("doctor", **env).stdout)

    def between(self, *steps: str) -> list[dict[str, str]]:
        """What the doctor says after each of these steps, in a namespace of its own."""
        script = "\n".join(f"{step}\n{DOCTOR}" for step in steps)
        done = ran([*APART, script, "sh", *COMMAND], self.env)
        assert done.returncode == 0, done.stdout + done.stderr
        return [findings(part) for part in done.stdout.split("===\n")[:-1]]


def ran(command: Sequence[str], env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=120, check=False
    )


def findings(told: str) -> dict[str, str]:
    """The remedy of each finding that has one, by what was looked at."""
    lines = [re.split(r" {2,}", line.rstrip()) for line in told.splitlines()]
    return {words[1]: words[-1] for words in lines if words[0] == "✗"}


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


@pytest.fixture
def apart(here: Here) -> Here:
    if ran([*APART, "mount -t tmpfs none /mnt"], here.env).returncode:
        pytest.skip("nothing can be mounted here without root")
    return here


def test_nothing_is_wrong(here: Here) -> None:
    assert here.advice() == {}


def test_a_small_disk_has_room_again_once_some_was_made(apart: Here) -> None:
    apart.home.mkdir()
    filler = apart.home / "filler"
    mount = f"mount -t tmpfs -o size={ROOM} none {apart.home}; head -c {FILLER} /dev/zero >{filler}"
    small, well = apart.between(mount, f"rm {filler}")
    assert small == {"disk": f"free some space on the disk of {apart.home}"}
    assert well == {}


def test_little_memory_is_told_until_there_is_more(apart: Here) -> None:
    """What the kernel tells of its memory is replaced: the edge at which the doctor reads it."""
    little = apart.home.parent / "meminfo"
    taken = "s/^MemAvailable:.*/MemAvailable: 1000000 kB/"
    bound = f"sed '{taken}' /proc/meminfo >{little}; mount --bind {little} /proc/meminfo"
    small, well = apart.between(bound, "umount /proc/meminfo")
    assert small == {"machine": "about 2.5 GiB are needed: end other programs, or add memory"}
    assert well == {}


def test_a_home_that_cannot_be_written_is_another_one_s(here: Here) -> None:
    here.home.touch()
    assert "LIANDONG_HOME" in here.advice(LIANDONG_HOME=str(here.home / "run"))["home"]
    assert here.advice(LIANDONG_HOME=str(here.home.parent / "other")) == {}


def test_postgres_that_may_not_run_here_is_named_by_its_address(here: Here, tmp_path: Path) -> None:
    """As root where user namespaces are switched off."""
    if os.geteuid():
        pytest.skip("PostgreSQL runs as this user")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "unshare").symlink_to("/bin/false")
    without = f"{tmp_path / 'bin'}:{here.env['PATH']}"
    assert "DATABASE_URL" in here.advice(PATH=without)["PostgreSQL"]
    assert here.advice(PATH=without, DATABASE_URL="postgresql://a:b@127.0.0.1:1/c") == {}


def test_a_port_is_freed_or_another_one_is_chosen(here: Here) -> None:
    base = int(here.env["LIANDONG_PORT"])
    with socket.create_server(("127.0.0.1", base)):
        advice = here.advice()["ports"]
        assert f"pid {os.getpid()}" in advice and "LIANDONG_PORT=" in advice
        assert here.advice(LIANDONG_PORT=str(free_base())) == {}
    assert here.advice() == {}


def test_a_setting_is_corrected(here: Here) -> None:
    wrong = {"LIANDONG_GATEWAY_PERSON_RATE": "many"}
    assert here.advice(**wrong) == {"settings": "correct the setting"}
    assert here.advice(LIANDONG_GATEWAY_PERSON_RATE="50") == {}


@pytest.fixture
def left(here: Here) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of a supervisor that is dead."""
    here.home.mkdir(mode=0o700)
    marked = {**here.env, MARK: str(here.home)}
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(99)"], env=marked)
    yield process
    process.kill()
    process.wait()


def test_what_an_earlier_run_has_left_is_ended(here: Here, left: "subprocess.Popen[bytes]") -> None:
    advice = here.advice()["running"]
    assert "`liandong up --detach` adopts them" in advice and "`liandong down` ends them" in advice
    assert here.liandong("down").returncode == 0
    left.wait(10)
    assert here.advice() == {}


def test_certificates_are_closed_and_renewed_as_is_advised(here: Here) -> None:
    here.env["LIANDONG_SECURE"] = "1"
    assert here.liandong("certificates", "create").returncode == 0
    assert here.advice() == {}
    folder = here.home / "certificates"
    Authority(folder).issue("alarm", days=5)
    (folder / "alarm.pem").chmod(0o644)
    for remedy in (f"chmod 600 {folder / 'alarm.pem'}", "liandong certificates renew"):
        assert here.advice() == {"certificates": remedy}
        program, *words = remedy.split()
        done = here.liandong(*words) if program == "liandong" else ran([program, *words], here.env)
        assert done.returncode == 0, done.stdout + done.stderr
    assert here.advice() == {}


def test_a_sign_in_provider_that_is_away_or_late_is_named(here: Here) -> None:
    what, remedy = "sign-in provider", "see to the provider and its clock"
    with running_provider() as issuer:
        set_up = {
            "LIANDONG_OIDC_ISSUER": issuer,
            "LIANDONG_OIDC_CLIENT_ID": "liandong",
            "LIANDONG_OIDC_REDIRECT": "http://127.0.0.1/v1/sign-in/oidc/callback",
        }
        assert what not in here.advice(**set_up)
        httpx.post(f"{issuer}/lie", json={"skew": 7_200})
        told = here.liandong("doctor", **set_up)
        assert findings(told.stdout)[what].startswith(remedy)
        assert "differ by 7" in told.stdout, told.stdout
    told = here.liandong("doctor", **set_up)
    assert findings(told.stdout)[what].startswith(remedy)
    assert f"The sign-in provider {issuer} does not answer as it should" in told.stdout
    del set_up["LIANDONG_OIDC_REDIRECT"]
    assert here.advice(**set_up)[what] == "correct the setting"
    assert what not in here.advice(), "where none is set up"
