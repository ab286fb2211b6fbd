"""Archive files: the rows of a month as JSON lines, compressed, beside a sealed manifest."""

import gzip
import hmac
import json
import os
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from backbone.door.evidence import COLUMNS
from backbone.postgres.migrate import secret_of
from backbone.postgres.pool import Connection
from operate.admin.export import plain_of
from operate.archive.months import Due
from operate.backup.manifest import digest_of
from operate.home.keys import Keys
from operate.home.trouble import NO_ROOM, Trouble, full_disk

FORMAT = 1
PURPOSE = "archive"
ROWS = f"{COLUMNS.replace('FROM journal', 'FROM journal_{month}')} ORDER BY position"


class Manifest(msgspec.Struct, frozen=True):
    """The contents of an archive: the rows of one month of one journal, between two anchors.

    `before` is the hash of the manifest of the month before, so that none can be left out. Only the
    installation's own secret can make the `seal`.
    """

    format: int
    service: str
    month: int
    rows: int
    sha256: str
    since: int
    start: str
    position: int
    digest: str
    before: str
    seal: str = ""

    @property
    def hash(self) -> bytes:
        return sha256(msgspec.json.encode(self)).digest()


def file_of(place: Path, service: str, month: int) -> Path:
    return place / f"{service}.{month}.jsonl.gz"


def manifest_of(place: Path, service: str, month: int) -> Path:
    return place / f"{service}.{month}.manifest.json"


def sealed(manifest: Manifest, keys: Keys) -> Manifest:
    """The manifest with its seal."""
    bare = msgspec.structs.replace(manifest, seal="")
    secret = secret_of(keys.secret, PURPOSE).encode()
    seal = hmac.digest(secret, msgspec.json.encode(bare), sha256).hex()
    return msgspec.structs.replace(bare, seal=seal)


async def write(
    conn: Connection, place: Path, keys: Keys, service: str, due: Due, last: Any | None
) -> Manifest:
    """Write one month, `last` being the row of the archive before it; return the manifest.

    A file of that name that the database does not know was left by an attempt that failed: it is
    overwritten.
    """
    path = file_of(place, service, due.month)
    try:
        rows, told = await _write_rows(conn, path, due.month)
        since, start = (last["position"], last["digest"]) if last else (0, b"")
        manifest = sealed(
            Manifest(
                FORMAT,
                service,
                due.month,
                rows,
                told,
                since,
                start.hex(),
                due.position,
                due.digest.hex(),
                last["manifest"].hex() if last else "",
            ),
            keys,
        )
        _replace(manifest_of(place, service, due.month), msgspec.json.encode(manifest))
    except OSError as error:
        path.with_suffix(".new").unlink(missing_ok=True)
        if error.errno in NO_ROOM:
            raise full_disk(place) from error
        raise Trouble(
            f"{place} cannot be written ({error.strerror or error}): name another place.",
            f"无法写入 {place}（{error.strerror or error}）：请换一个位置。",
        ) from error
    return manifest


async def _write_rows(conn: Connection, path: Path, month: int) -> tuple[int, str]:
    fresh, rows = path.with_suffix(".new"), 0
    make_folder(path.parent)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
        with gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as file:
            async with conn.transaction(readonly=True):
                async for row in conn.cursor(ROWS.format(month=month), prefetch=1_000):
                    plain = {name: plain_of(value) for name, value in row.items()}
                    file.write(json.dumps(plain, ensure_ascii=False).encode() + b"\n")
                    rows += 1
        raw.flush()
        os.fsync(raw.fileno())
    fresh.replace(path)
    return rows, digest_of(path)


def make_folder(place: Path) -> None:
    place.mkdir(mode=0o700, parents=True, exist_ok=True)


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read_manifest(place: Path, service: str, month: int) -> Manifest | None:
    """The manifest; None if it is missing or cannot be read."""
    try:
        return msgspec.json.decode(manifest_of(place, service, month).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return None


def rows_of(place: Path, service: str, month: int) -> Iterator[dict[str, Any]]:
    """The rows of an archive, in the order of positions, as the journal has them."""
    with gzip.open(file_of(place, service, month), "rb") as file:
        for line in file:
            yield _row(msgspec.json.decode(line))


def _row(plain: dict[str, Any]) -> dict[str, Any]:
    for name in ("payload", "hash", "signature"):
        plain[name] = bytes.fromhex(plain[name])
    for name in ("aggregate_id", "request_id"):
        plain[name] = UUID(plain[name])
    plain["time"] = datetime.fromisoformat(plain["time"])
    return plain
