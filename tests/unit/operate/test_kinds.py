"""A file or folder of the home that is of another kind is named, and no unexpected error."""

import os
from pathlib import Path

import pytest

from operate.home.home import Home
from operate.home.kinds import FILES, FOLDERS
from operate.home.trouble import Trouble

NESTED = ("logs/alarm.log", "logs/supervisor.log", "logs/commands.log", "held/alarm")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIANDONG_HOME", str(tmp_path))
    return tmp_path


def is_refused(said: str) -> None:
    with pytest.raises(Trouble) as refused:
        Home.here()
    assert said in refused.value.english and "move it away" in refused.value.english
    assert said in refused.value.chinese


@pytest.mark.parametrize("name", [*FILES, *NESTED])
def test_what_should_be_a_file(home: Path, name: str) -> None:
    (home / name).mkdir(parents=True)
    is_refused(f"{home / name} ")
    (home / name).rmdir()
    os.mkfifo(home / name)  # reading it would wait for ever
    is_refused(f"{home / name} ")
    (home / name).unlink()
    assert Home.here().path == home


@pytest.mark.parametrize("name", FOLDERS)
def test_what_should_be_a_folder(home: Path, name: str) -> None:
    (home / name).parent.mkdir(exist_ok=True)
    (home / name).touch()
    is_refused(f"{home / name} ")
    (home / name).unlink()
    (home / name).symlink_to(home / "nowhere")
    with pytest.raises(Trouble, match="is a link to nothing"):
        Home.here()
    (home / "nowhere").mkdir()
    assert Home.here().path == home


def test_the_keys_are_to_be_put_back(home: Path) -> None:
    (home / "secret").mkdir()
    with pytest.raises(Trouble, match="copy of the keys"):
        Home.here()


def test_links_to_what_is_right_are_followed(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("disk")
    (elsewhere / "keys").touch()
    (home / "logs").symlink_to(elsewhere)
    (home / "secret").symlink_to(elsewhere / "keys")
    assert Home.here().path == home
