"""Takes a backup while the city works: COPY of every table, all over one snapshot.

COPY and not pg_dump: any server of version 17 or newer is read, over its protected wires too, and
what the tables look like is known by the migrations, whose names the manifest keeps.
"""

import gzip
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import asyncpg
import msgspec
import psutil

from backbone.postgres.migrate import schemas
from backbone.postgres.pool import Connection
from operate.backup import manifest as manifests
from operate.backup.manifest import FORMAT, NAME, Manifest, Migration, Part
from operate.home.keys import Keys
from operate.home.trouble import NO_ROOM, Trouble

LEAST = 170_000  # as server_version_num says it
BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
# A table that others refer to comes before them, so that its rows are there when it is filled.
TABLES = """
WITH RECURSIVE ours AS (
    SELECT c.oid, n.nspname AS schema, c.relname AS name FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relname <> 'migrations'
), deep AS (
    SELECT oid, 0 AS depth FROM ours
    UNION
    SELECT k.conrelid, deep.depth + 1 FROM deep
    JOIN pg_constraint k ON k.contype = 'f' AND k.confrelid = deep.oid AND k.conrelid <> deep.oid
)
SELECT o.schema, o.name,
       (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')
       AS columns
FROM ours o JOIN deep USING (oid)
GROUP BY o.oid, o.schema, o.name ORDER BY max(depth), o.schema, o.name
"""
PRESENT = "SELECT nspname::text FROM pg_namespace WHERE nspname = ANY($1) ORDER BY nspname"
HIGHEST = "SELECT coalesce(max(position), 0) FROM {schema}.journal"
# The months of the journal and of the outcomes: either may have some that the other has no more.
MONTHS = """
SELECT DISTINCT right(c.relname, 6)::bigint AS month FROM pg_inherits
JOIN pg_class AS c ON c.oid = inhrelid JOIN pg_class AS p ON p.oid = inhparent
JOIN pg_namespace AS n ON n.oid = p.relnamespace
WHERE n.nspname = $1 AND p.relname IN ('journal', 'outcomes') ORDER BY 1
"""
DONE = "SELECT name, checksum FROM {schema}.migrations ORDER BY time, name"


async def take(dsn: str, keys: Keys, place: Path) -> tuple[Path, Manifest]:
    """Write a backup into a new folder in `place`; return the folder. Raises Trouble.

    A backup that fails, or is stopped, leaves nothing behind.
    """
    conn = await asyncpg.connect(dsn)
    try:
        await demand_version(conn)
        with _new_folder(place) as fresh:
            await conn.execute(BEGIN)
            now = await conn.fetchval("SELECT now()")
            manifest = manifests.sealed(await _read_all(conn, keys, now, fresh), keys)
            _write(fresh / NAME, msgspec.json.format(msgspec.json.encode(manifest)))
            _sync(fresh)
            made = place / f"liandong-{now:%Y%m%dT%H%M%S.%fZ}"
            fresh.rename(made)
            _sync(place)
        return made, manifest
    finally:
        conn.terminate()


async def demand_version(conn: Connection) -> None:
    """Raise Trouble for a server that is too old: backup and city need PostgreSQL 17."""
    if int(await conn.fetchval("SHOW server_version_num")) < LEAST:
        told = await conn.fetchval("SHOW server_version")
        raise Trouble(
            f"The database server is PostgreSQL {told}; version 17 or newer is needed.",
            f"数据库服务器为 PostgreSQL {told}，需要 17 或更新版本。",
        )


async def _read_all(conn: Connection, keys: Keys, now: datetime, folder: Path) -> Manifest:
    names = [each.name for each in schemas()]
    here = [row[0] for row in await conn.fetch(PRESENT, names)]
    if not here:
        raise Trouble(
            "There is no city in this database: nothing to back up.",
            "该数据库中没有城市数据，无可备份。",
        )
    parts = [await _copy(conn, row, folder) for row in await conn.fetch(TABLES, here)]
    return Manifest(
        format=FORMAT,
        time=now.astimezone(UTC).isoformat(),
        server=str(await conn.fetchval("SHOW server_version")),
        keys=manifests.names_of(keys),
        positions={name: await conn.fetchval(HIGHEST.format(schema=name)) for name in here},
        migrations=[
            Migration(name, row["name"], row["checksum"])
            for name in here
            for row in await conn.fetch(DONE.format(schema=name))
        ],
        parts=parts,
        months={name: [row["month"] for row in await conn.fetch(MONTHS, name)] for name in here},
    )


async def _copy(conn: Connection, row: Any, folder: Path) -> Part:
    schema, table, columns = row["schema"], row["name"], row["columns"]
    quoted = ", ".join(f'"{name}"' for name in columns)
    path = folder / Part(schema, table, columns, 0, "").file
    with _private(path) as raw:
        hashed = _Hashed(raw)
        with gzip.GzipFile("", "wb", compresslevel=3, fileobj=hashed, mtime=0) as file:

            async def write(data: bytes) -> None:
                file.write(data)

            query = f"SELECT {quoted} FROM {schema}.{table}"  # noqa: S608 - names of our catalogue
            done = await conn.copy_from_query(query, output=write)
        raw.flush()
        os.fsync(raw.fileno())
    return Part(schema, table, columns, int(done.rpartition(" ")[2]), hashed.digest.hexdigest())


class _Hashed:
    """A file that is hashed while it is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


@contextmanager
def _new_folder(place: Path) -> Iterator[Path]:
    """A folder that is gone unless the block renames it. Raises Trouble if the disk is full."""
    fresh = place / f".liandong-{os.getpid()}.partial"
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_unfinished(place)
        fresh.mkdir(mode=0o700)
        yield fresh
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise Trouble(
                f"{place} cannot be written ({error.strerror or error}): name another place.",
                f"无法写入 {place}（{error.strerror or error}）：请换一个位置。",
            ) from error
        raise Trouble(
            f"The disk that holds {place} is full: the backup was given up, and what was written "
            "of it is removed. The city goes on; free some space, or name another place.",
            f"{place} 所在磁盘已满：备份已放弃，写下的部分已删除。城市照常运行；"
            "请腾出空间，或换一个位置。",
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _remove_unfinished(place: Path) -> None:
    """Remove what a backup has left that was killed: in a container it may have had our number."""
    for old in place.glob(".liandong-*.partial"):
        number = old.name.removeprefix(".liandong-").removesuffix(".partial")
        if not (number.isascii() and number.isdecimal()):
            continue  # no name that we give
        if int(number) == os.getpid() or not psutil.pid_exists(int(number)):
            shutil.rmtree(old)


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _write(path: Path, content: bytes) -> None:
    with _private(path) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy_keys(secret: Path, to: Path, place: Path) -> None:
    """Write a copy of the keys apart from the backups. Raises Trouble for a place beside them."""
    if to.resolve().is_relative_to(place.resolve()):
        raise Trouble(
            f"{to} lies with the backups: a thief of them would have the keys. Name another "
            "place with --keys.",
            f"{to} 与备份放在一起：得到备份者同时得到密钥。请用 --keys 指定其他位置。",
        )
    fresh = to.with_name(f".{to.name}.new")
    try:
        to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        _write(fresh, secret.read_bytes())
        fresh.replace(to)
        _sync(to.parent)
    except OSError as error:
        raise Trouble(
            f"The copy of the keys cannot be written to {to} ({error.strerror or error}): name a "
            "file in another place with --keys.",
            f"无法将密钥副本写入 {to}（{error.strerror or error}）："
            "请用 --keys 指定其他位置的文件。",
        ) from error
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
