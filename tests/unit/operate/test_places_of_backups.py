"""Where a backup may lie, into which home it comes back, and what is left of a damaged one: refused
before anything is changed."""

import asyncio
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from operate.backup import journey, taking
from operate.backup import manifest as manifests
from operate.backup.manifest import NAME, Manifest, Part
from operate.home.home import Home
from operate.home.keys import Keys
from operate.home.ports import Ports
from operate.home.trouble import Trouble

SECRET = "ab" * 32
KEYS = Keys(bytes.fromhex(SECRET))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home", Ports())
    home.make()
    home.secret.write_text(SECRET)
    return home


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A whole one, of one table."""
    made = tmp_path / "backups" / "liandong-1"
    made.mkdir(parents=True)
    part = Part("alarm", "receipts", ["id"], 0, sha256(b"rows").hexdigest())
    (made / part.file).write_bytes(b"rows")
    bare = Manifest(1, "2026-11-29T00:00:00Z", "17", manifests.names_of(KEYS), {}, [], [part])
    (made / NAME).write_bytes(msgspec.json.encode(manifests.sealed(bare, KEYS)))
    (tmp_path / "keys").write_text(SECRET)
    return made


def taken(home: Home, place: Path, copy: Path | None = None) -> str:
    with pytest.raises(Trouble) as refused:
        asyncio.run(journey.back_up(home, place, copy))
    return refused.value.english


def test_a_backup_lies_outside_the_home_that_it_saves(home: Home, tmp_path: Path) -> None:
    link, loop = tmp_path / "link", tmp_path / "loop"
    link.symlink_to(home.path)
    loop.symlink_to(loop)
    inside = home.path / "backups"
    before = {*home.path.iterdir()}
    for place in (home.path, inside, inside / "daily", link, link / "x", home.path / "x/../y"):
        assert "would be lost with it" in taken(home, place)
        assert "would be lost with it" in taken(home, tmp_path / "backups", place)
    assert "cannot be used" in taken(home, loop)
    assert {*home.path.iterdir()} == before and not (tmp_path / "backups").exists()
    assert "There is no city" in taken(home, tmp_path), "beside it, and around it, are good places"


def test_a_copy_of_the_keys_that_cannot_be_written_is_told(home: Home, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file" / "keys", tmp_path):
        with pytest.raises(Trouble, match="copy of the keys cannot be written"):
            taking.copy_keys(home.secret, place, tmp_path / "backups")
    assert {each.name for each in tmp_path.iterdir()} == {"home", "file"}


def test_what_a_killed_backup_has_left_goes_and_what_others_have_called_so_stays(
    tmp_path: Path,
) -> None:
    for name in (".liandong-999999999.partial", ".liandong-x.partial", ".liandong-.partial"):
        (tmp_path / name).mkdir()
    taking._remove_unfinished(tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {
        ".liandong-x.partial",
        ".liandong-.partial",
    }


def restored(path: Path, backup: Path, keys: Path | None = None) -> str:
    with pytest.raises(Trouble) as refused:
        asyncio.run(journey.restore(Home(path, Ports()), backup, keys, False))
    return refused.value.english


def test_a_folder_of_others_becomes_no_home(tmp_path: Path, backup: Path) -> None:
    documents = tmp_path / "documents"
    (documents / "held").mkdir(parents=True)
    (documents / "letter.txt").touch()
    said = restored(documents, backup, tmp_path / "keys")
    assert "not empty (letter.txt)" in said
    assert {each.name for each in documents.iterdir()} == {"held", "letter.txt"}


def test_the_keys_never_come_into_a_backup(tmp_path: Path, backup: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(backup)
    for path in (backup, backup / "home", link / "home"):
        assert "must never hold the keys" in restored(path, backup, tmp_path / "keys")
    assert {each.name for each in backup.iterdir()} == {NAME, "alarm.receipts.gz"}


def test_the_home_of_another_city_stays_as_it_is(home: Home, tmp_path: Path, backup: Path) -> None:
    home.secret.write_text("cd" * 32)
    forgotten = tmp_path / "forgotten"
    forgotten.write_text("a\n")
    before = {*home.path.rglob("*")}
    assert "other keys than" in restored(home.path, backup, tmp_path / "keys")
    assert "do not open this backup" in restored(home.path, backup)
    (home.path / "postgres" / "data").mkdir(parents=True)
    home.secret.write_text(SECRET)
    with pytest.raises(Trouble, match="holds data: a restore overwrites nothing"):
        asyncio.run(journey.restore(home, backup, None, False, forgotten))
    assert not (home.path / "forgotten").exists(), (
        "nobody is forgotten by a restore that is refused"
    )
    assert home.secret.read_text() == SECRET
    assert {each for each in before if each.exists()} == before


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no manifest": lambda made: (made / NAME).unlink(),
    "half a manifest": lambda made: (made / NAME).write_bytes((made / NAME).read_bytes()[:-40]),
    "an empty manifest": lambda made: (made / NAME).write_bytes(b""),
    "another document": lambda made: (made / NAME).write_bytes(b"[1]"),
    "no text": lambda made: (made / NAME).write_bytes(b"\xff\xfe"),
    "a seal of other letters": lambda made: (made / NAME).write_text(
        (made / NAME).read_text().replace('"seal":"', '"seal":"印')
    ),
    "a folder in its place": lambda made: ((made / NAME).unlink(), (made / NAME).mkdir()),
    "a table that is missing": lambda made: (made / "alarm.receipts.gz").unlink(),
    "a table cut short": lambda made: (made / "alarm.receipts.gz").write_bytes(b"row"),
    "a table that is a folder": lambda made: (
        (made / "alarm.receipts.gz").unlink(),
        (made / "alarm.receipts.gz").mkdir(),
    ),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_backup_is_refused_and_nothing_is_made(
    how: str, tmp_path: Path, backup: Path
) -> None:
    DAMAGE[how](backup)
    said = restored(tmp_path / "new", backup, tmp_path / "keys")
    assert "is damaged" in said or "is no backup" in said
    assert not (tmp_path / "new").exists()
