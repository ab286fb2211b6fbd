"""What is found in archives that were changed, without a database."""

import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from backbone.door.anchor import MONTH, digest_of, month_of, of_one_month
from backbone.door.journal import FIRST, JournalRow, sealed
from backbone.postgres.months import flaw_of
from backbone.words.actor import Actor
from operate.admin.export import plain_of
from operate.archive import checking, files
from operate.archive.checking import Chains, flaws_in, wrong_anchors, wrong_manifest
from operate.archive.files import FORMAT, Manifest
from operate.backup.manifest import digest_of as digest_of_file
from operate.home.keys import Keys

KEYS = Keys(b"a secret")
ONE, OTHER = UUID(int=1), UUID(int=2)


def some_rows(of: UUID, count: int, first: int = 0, last: bytes = FIRST) -> list[dict[str, Any]]:
    """The rows of a record as the journal has them."""
    rows = []
    for version in range(1, count + 1):
        row = sealed(
            JournalRow(
                aggregate_id=of,
                version=version,
                kind="liandong.incident.claimed.v1",
                payload=b"what was said",
                request_id=UUID(int=version),
                actor=Actor("li", "police"),
                time=datetime(2026, 11, 1, 8, version, 0, 7, tzinfo=UTC),
                correlation_id="",
                causation_id="",
                traceparent="",
            ),
            last,
        )
        last = row.hash
        plain = {name: value for name, value in asdict(row).items() if name != "actor"}
        rows.append({"position": first + version, "actor": "li", "unit": "police", **plain})
    return rows


def anchored(rows: list[dict[str, Any]], size: int, start: bytes = FIRST) -> list[dict[str, Any]]:
    found = []
    for begin in range(0, len(rows), size):
        part = rows[begin : begin + size]
        start = digest_of(start, part)
        found.append({"position": part[-1]["position"], "digest": start})
    return found


@given(count=st.integers(1, 30), size=st.integers(1, 9), data=st.data())
def test_any_row_that_is_missing_doubled_moved_or_changed_contradicts_an_anchor(
    count: int, size: int, data: st.DataObject
) -> None:
    rows = some_rows(ONE, count)
    anchors = anchored(rows, size)
    assert list(wrong_anchors(rows, anchors, FIRST)) == []
    place = data.draw(st.integers(0, count - 1))
    changed = {**rows[place], "hash": b"other"}
    for other in (
        [*rows[:place], *rows[place + 1 :]],
        [*rows[: place + 1], *rows[place:]],
        [*rows[:place], changed, *rows[place + 1 :]],
        [*rows, {**rows[-1], "position": rows[-1]["position"] + 1}],
    ):
        assert list(wrong_anchors(other, anchors, FIRST)) != []
    assert list(wrong_anchors(rows, anchors, b"another start")) != []


@dataclass
class Archive:
    """A file of two records, its manifest and its anchors."""

    place: Path
    rows: list[dict[str, Any]]
    anchors: list[dict[str, Any]]
    manifest: Manifest

    def flaws(self) -> list[str]:
        found = flaws_in(self.place, self.manifest, self.anchors, Chains(None), lambda row: None)
        return [f"{each.where} {each.what}" for each in found]

    def write(self, rows: list[dict[str, Any]]) -> None:
        lines = [json.dumps({name: plain_of(value) for name, value in r.items()}) for r in rows]
        path = files.file_of(self.place, "workflow", 202611)
        path.write_bytes(gzip.compress("\n".join(lines).encode()))


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    rows = [*some_rows(ONE, 4), *some_rows(OTHER, 3, first=10)]
    anchors = anchored(rows, 3)
    last = anchors[-1]
    made = Archive(tmp_path, rows, anchors, None)  # type: ignore[arg-type]
    made.write(rows)
    told = digest_of_file(files.file_of(tmp_path, "workflow", 202611))
    bare = Manifest(
        FORMAT, "workflow", 202611, 7, told, 0, "", last["position"], last["digest"].hex(), ""
    )
    made.manifest = files.sealed(bare, KEYS)
    return made


def test_an_archive_is_read_as_it_was_written(archive: Archive) -> None:
    assert list(files.rows_of(archive.place, "workflow", 202611)) == archive.rows
    assert checking.wrong_file(archive.place, archive.manifest) == ""
    assert archive.flaws() == []


@pytest.mark.parametrize("name", ["actor", "unit", "kind", "payload", "version", "hash", "time"])
def test_a_changed_column_of_a_row_is_named(archive: Archive, name: str) -> None:
    old = archive.rows[1][name]
    new = {str: "x", bytes: b"x", int: 7, datetime: datetime(2020, 1, 1, tzinfo=UTC)}[type(old)]
    archive.write([archive.rows[0], {**archive.rows[1], name: new}, *archive.rows[2:]])
    assert any(f"archive 202611 {ONE}@" in flaw for flaw in archive.flaws())
    assert checking.wrong_file(archive.place, archive.manifest) == "has a file that was changed"


def test_a_file_that_cannot_be_read_is_a_flaw_and_no_crash(archive: Archive) -> None:
    path = files.file_of(archive.place, "workflow", 202611)
    whole = path.read_bytes()
    for content in (b"", b"no gzip", whole[:-20], gzip.compress(b"{}\n"), gzip.compress(b"[1")):
        path.write_bytes(content)
        assert archive.flaws() != [], content


def test_a_record_that_goes_on_is_kept_and_one_that_ended_is_compared() -> None:
    chains, rows = Chains(None), some_rows(ONE, 4)
    assert [chains.wrong_with(row) for row in rows[:2]] == ["", ""]
    assert [chains.wrong_with(row) for row in rows[2:]] == ["", ""]
    assert not Chains(None).end(ONE, 4, rows[3]["hash"])
    assert chains.end(ONE, 4, rows[3]["hash"])
    assert chains.open == {}
    assert chains.wrong_with(rows[1]) == ""
    assert list(chains.again) == [ONE], "its earlier rows are looked up in the ledger"


def test_a_manifest_that_is_not_the_written_one_is_named(archive: Archive) -> None:
    manifest = archive.manifest
    known = {"manifest": manifest.hash, "digest": bytes.fromhex(manifest.digest)}
    assert wrong_manifest(manifest, known, "", KEYS) == ""
    for other, word in (
        (None, "no manifest"),
        (replace(manifest, rows=8), "not sealed"),
        (files.sealed(manifest, Keys(b"of another city")), "not sealed"),
        (files.sealed(replace(manifest, before="ab"), KEYS), "follows another"),
        (files.sealed(replace(manifest, sha256="ab"), KEYS), "another manifest"),
    ):
        assert word in wrong_manifest(other, known, "", KEYS)


def test_an_anchor_ends_with_its_month() -> None:
    positions = [5, 9, 202611 * MONTH + 1, 202611 * MONTH + 2, 202612 * MONTH + 1]
    rows = [{"position": each} for each in positions]
    assert [month_of(each) for each in positions] == [0, 0, 202611, 202611, 202612]
    assert len(of_one_month(rows)) == 2
    assert len(of_one_month(rows[2:])) == 2
    assert len(of_one_month(rows[4:])) == 1


@pytest.mark.parametrize(
    ("ahead", "late", "said"),
    [
        (1, 0.0, ""),
        (2, 0.9, ""),
        (0, 0.0, "no partition for the coming month"),
        (0, 2.0, "2 hours behind"),
        (1, 30.0, "30 hours behind"),
    ],
)
def test_a_missing_or_late_month_is_told(ahead: int, late: float, said: str) -> None:
    flaw = flaw_of(ahead, late)
    assert (said in flaw) if said else flaw == ""
