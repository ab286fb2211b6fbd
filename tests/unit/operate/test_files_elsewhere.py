"""Files elsewhere that cannot be written: told where people look, and not only in a log."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from backbone.door.anchor import appending
from backbone.process.pulse import Pulse
from operate.admin.export import Export
from operate.home.trouble import Trouble
from services.population import destroying


def flaws_of(pulse: Pulse) -> list[str]:
    pulse.started()
    return pulse.unready()


def test_anchors_that_cannot_be_written_are_told_at_the_start_and_until_they_can(
    tmp_path: Path,
) -> None:
    pulse, file = Pulse(), tmp_path / "disk" / "anchors"
    told = appending(str(file), "alarm", pulse)
    assert "LIANDONG_ANCHORS (No such file" in flaws_of(pulse)[0]
    assert not pulse.unserving()
    told(1, b"1")
    file.parent.mkdir()
    told(2, b"2")
    assert not flaws_of(pulse)
    assert [json.loads(line)["position"] for line in file.read_text().splitlines()] == [2]
    appending(str(tmp_path), "alarm", pulse)
    assert "Is a directory" in flaws_of(pulse)[0]


class Row(dict[str, Any]):
    """A destroyed key that is not on the list yet, of a database that has nothing else."""

    async def fetch(self, _: str) -> list[Any]:
        return [self]

    async def execute(self, *_: Any) -> None:
        return None


async def test_destroyed_keys_that_cannot_be_listed_are_told_until_they_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Row(about=uuid4(), id="k", time=datetime.now(UTC))

    @asynccontextmanager
    async def of_the_row(_: Any) -> AsyncIterator[Row]:
        yield row

    monkeypatch.setattr(destroying, "transaction", of_the_row)
    pulse, file = Pulse(), tmp_path / "forgotten"
    pool: Any = None
    file.mkdir()
    with pytest.raises(OSError, match="directory"):
        await destroying._tell(pool, file, pulse)
    assert "LIANDONG_FORGOTTEN (Is a directory)" in flaws_of(pulse)[0]
    file.rmdir()
    await destroying._tell(pool, file, pulse)
    assert not flaws_of(pulse)
    assert str(row["about"]) in file.read_text()


def test_an_export_into_what_is_no_folder_is_told_as_that(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Trouble, match="name another folder"):
        Export(tmp_path / "file", "")
