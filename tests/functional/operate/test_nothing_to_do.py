"""Commands of an installation that needs nothing of them: they say so, and change nothing."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from operate.cli import certificate_command, seal_command
from operate.home.keys import make, rotate

Asked = Callable[..., Result]


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    """Runs a command in an empty home of an open city, or with these settings."""
    make(tmp_path / "secret")

    def run(app: typer.Typer, *words: str, **settings: str) -> Result:
        home = {"LIANDONG_HOME": str(tmp_path), "LIANDONG_CERTIFICATES": str(tmp_path / "c")}
        open_city = {"LIANDONG_SECURE": "0", "DATABASE_URL": "", "KAFKA_BOOTSTRAP": ""}
        return CliRunner(env={**home, **open_city, **settings}).invoke(app, words)

    return run


def test_an_open_city_says_that_it_needs_no_certificates(asked: Asked) -> None:
    said = asked(certificate_command.app, "list", LC_ALL="C")
    assert (said.exit_code, "wires of this city are open" in said.output) == (0, True)
    assert json.loads(asked(certificate_command.app, "list", "--json").output) == []


def test_a_secure_city_without_certificates_has_flaws(asked: Asked) -> None:
    said = asked(certificate_command.app, "list", "--json", LIANDONG_SECURE="1")
    assert said.exit_code == 1
    assert all(row["flaw"] for row in json.loads(said.output))


def test_certificates_that_were_made_before_the_city_is_secure_are_listed(asked: Asked) -> None:
    assert asked(certificate_command.app, "create").exit_code == 0
    said = asked(certificate_command.app, "list", "--json")
    assert said.exit_code == 0
    assert all(row["days"] > 300 for row in json.loads(said.output))


@pytest.mark.parametrize("rotations", [0, 1])
def test_keys_of_which_none_is_older_are_left_alone(
    asked: Asked, tmp_path: Path, rotations: int
) -> None:
    """With one rotation there are two keys: the first, which stays for ever, and the newest. No
    database is asked and no service restarted."""
    for _ in range(rotations):
        rotate(tmp_path / "secret")
    before = (tmp_path / "secret").read_bytes()
    said = asked(seal_command.app, "retire", LC_ALL="C")
    assert (said.exit_code, "no older key" in said.output) == (0, True)
    assert (tmp_path / "secret").read_bytes() == before
