"""The steps of `liandong archive`: prove, write, read back, take out."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from backbone.door.codes import Codes
from backbone.door.demanded import signed_by
from backbone.door.evidence import verify as prove
from backbone.postgres.pool import Connection
from backbone.process.signing import Verifier
from operate.admin import anchors
from operate.admin.evidence import TABLES as RECORDS
from operate.archive import checking, files, months, policy, removing
from operate.archive.files import Manifest
from operate.archive.months import Due
from operate.home import absence
from operate.home.keys import Keys
from operate.home.trouble import Trouble
from operate.run.installation import Installation

# The services whose records come to an end, and which therefore have a policy.
ENDING = """
SELECT DISTINCT table_schema::text FROM information_schema.columns
WHERE column_name = 'rank' AND EXISTS (
    SELECT FROM information_schema.tables AS t
    WHERE t.table_schema = columns.table_schema AND t.table_name = 'archives')
ORDER BY 1
"""
LEDGER = "SELECT month, version FROM archived WHERE aggregate_id = $1"
# Held until the connection closes. A second run would write a month anew whose rows the first one
# has taken out.
ALONE = "SELECT pg_try_advisory_lock(hashtextextended('liandong.archive', 0))"
Tell = Callable[[str, int], None]


@dataclass
class Archived:
    """The months and rows of one service that were archived, or would be."""

    service: str
    months: list[int] = field(default_factory=list)
    rows: int = 0
    records: int = 0
    stay: int = 0
    may_go: dict[int, int | None] = field(default_factory=dict)


@asynccontextmanager
async def connected(installation: Installation) -> AsyncIterator[Connection]:
    """An administrator's connection. Raises Trouble without a database."""
    try:
        conn = await asyncpg.connect(installation.admin_dsn, timeout=5)
    except (OSError, asyncpg.PostgresError) as error:
        raise absence.of(installation, "postgres") from error
    try:
        yield conn
    finally:
        await conn.close()


async def archive(
    installation: Installation,
    place: Path,
    today: date,
    tell: Tell,
    *,
    elsewhere: str = "",
    look: bool = False,
) -> list[Archived]:
    """Archive the months that are due; with `look`, only name them. Raises Trouble.

    The hash of each archive is added to the file of anchors `elsewhere`, if one is named, also of
    one whose run was killed before it could.
    """
    done = []
    if elsewhere and not look:
        anchors.append(elsewhere, [])  # refused now rather than after the work
    kept = {} if look else anchors.read(elsewhere)
    async with connected(installation) as conn:
        if not look:
            await _demand_alone(conn)
        services = [row[0] for row in await conn.fetch(ENDING)]
        rules = policy.read(policy.path_of(), services)
        for service in services:
            await conn.execute(f'SET search_path TO "{service}"')
            latest = policy.latest_due(today, rules[service])
            due = await months.due(conn, service, latest)
            found = Archived(service, [each.month for each in due])
            if not look:
                if due:
                    await _demand_sound(conn, installation, service)
                written = Written(place, installation.keys, services, tell)
                await written.perform(conn, found, due)
            known = await months.archives(conn)
            if elsewhere and not look:
                name = anchors.archives_of(service)
                lines = [(name, each["month"], each["manifest"]) for each in known]
                anchors.append(elsewhere, [each for each in lines if each[:2] not in kept])
            every = dict.fromkeys([*(each["month"] for each in known), *found.months])
            found.may_go = {month: policy.may_go(month, rules[service]) for month in every}
            done.append(found)
    return done


async def _demand_alone(conn: Connection) -> None:
    """Raise Trouble while another `liandong archive` runs on this database."""
    if not await conn.fetchval(ALONE):
        raise Trouble(
            "Another `liandong archive` runs on this database: wait for its end. Nothing was "
            "archived.",
            "此数据库上正有另一个 liandong archive 在运行：请等待其结束。未归档任何内容。",
        )


async def _demand_sound(conn: Connection, installation: Installation, service: str) -> None:
    """Raise Trouble for a journal with a flaw: an archive of it would prove nothing."""
    signed = await signed_by(
        conn,
        Verifier(installation.keys.signers()),
        service,
        Codes(installation.keys.keyring(service), service),
    )
    tables = [row[0] for row in await conn.fetch(RECORDS, service)]
    async for flaw in prove(conn, *tables, signed=signed):
        raise Trouble(
            f"The evidence of {service} has a flaw: {flaw.where} {flaw.what}. `liandong verify` "
            "names all; nothing was archived.",
            f"{service} 的存证有问题：{flaw.where} {flaw.what}。请执行 liandong verify；未归档。",
        )


@dataclass(frozen=True, slots=True)
class Written:
    """Writes months into `place`, sealed by `keys`, and takes their rows out of the database; a row
    stays while its matter is open in one of the `services`."""

    place: Path
    keys: Keys
    services: list[str]
    tell: Tell

    async def perform(self, conn: Connection, found: Archived, due: list[Due]) -> None:
        known = await months.archives(conn)
        last: Any = known[-1] if known else None
        written: list[tuple[Due, Manifest]] = []
        for each in due:
            self.tell(found.service, each.month)
            of = (conn, self.place, self.keys)
            manifest = await files.write(*of, found.service, each, last)
            await _demand_readable(conn, self.place, manifest)
            written.append((each, manifest))
            found.rows += manifest.rows
            last = {
                "month": each.month,
                "position": each.position,
                "digest": each.digest,
                "manifest": manifest.hash,
            }
        if last is not None:
            told = (str(self.place), self.services, written, last["month"])
            found.records, found.stay = await removing.take_out(conn, *told)


async def _demand_readable(conn: Connection, place: Path, manifest: Manifest) -> None:
    """Raise Trouble unless the file, read back from the disk, holds what the anchors cover."""
    wrong = checking.wrong_file(place, manifest)
    if not wrong:
        anchors = await conn.fetch(checking.ANCHORS, manifest.since, manifest.position)
        rows = files.rows_of(place, manifest.service, manifest.month)
        start = bytes.fromhex(manifest.start)
        wrong = next(checking.wrong_anchors(rows, anchors, start), "")
    if wrong:
        raise Trouble(
            f"The archive {manifest.service}.{manifest.month} in {place}, read back, {wrong}. "
            "Nothing was taken out of the database: look at the disk.",
            f"{place} 中的档案 {manifest.service}.{manifest.month} 回读不符：{wrong}。"
            "数据库中没有移出任何内容，请检查磁盘。",
        )


async def show(installation: Installation, of: UUID, place: str) -> list[dict[str, Any]]:
    """The archived rows of a record or matter in all services, in order. Raises Trouble."""
    found: list[dict[str, Any]] = []
    async with connected(installation) as conn:
        for service in [row[0] for row in await conn.fetch(ENDING)]:
            await conn.execute(f'SET search_path TO "{service}"')
            row = await conn.fetchrow(LEDGER, of)
            upto = row["month"] if row else 0
            for each in await months.archives(conn):
                if each["month"] <= upto:
                    folder = Path(place or each["place"])
                    found += _rows(folder, service, each["month"], of)
    return found


def _rows(place: Path, service: str, month: int, of: UUID) -> list[dict[str, Any]]:
    path = files.file_of(place, service, month)
    if not path.exists():
        raise Trouble(
            f"{path} is not there: name the folder of the archives with --archives.",
            f"找不到 {path}：请用 --archives 指定档案文件夹。",
        )
    return [
        {"service": service, "archive": month, **row}
        for row in files.rows_of(place, service, month)
        if row["aggregate_id"] == of
    ]
