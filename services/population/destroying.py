"""Destroys the key of a person, and keeps the list of destroyed keys outside the database.

The key goes in the transaction of the event. A database that is restored from a backup of before
has the key again: so the list lies in a file elsewhere, and is carried out at every start.
"""

import asyncio
import json
import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from backbone.door.batch import Batch
from backbone.postgres.pool import Connection, Pool, is_transient, transaction
from backbone.process.pulse import Pulse
from backbone.process.settings import SettingsError

log = logging.getLogger(__name__)

FILE = "LIANDONG_FORGOTTEN"
EVENT = "liandong.population.person_forgotten.v1"
EVERY = 2.0

DESTROY = """
WITH gone AS (DELETE FROM data_keys WHERE about = ANY($1::uuid[]) RETURNING about, id)
INSERT INTO forgotten_keys (about, id, told)
SELECT a.about, coalesce(gone.id, ''), $2
FROM unnest($1::uuid[]) AS a (about) LEFT JOIN gone ON gone.about = a.about
ON CONFLICT DO NOTHING
"""
UNTOLD = "SELECT about, id, time FROM forgotten_keys WHERE NOT told ORDER BY time LIMIT 100"
TOLD = "UPDATE forgotten_keys SET told = true WHERE about = ANY($1::uuid[])"


async def ride(conn: Connection, batch: Batch) -> None:
    """Destroy the keys of the persons whom this batch forgets."""
    gone = [row.aggregate_id for row in batch.journal_rows if row.kind == EVENT]
    if gone:
        await conn.execute(DESTROY, gone, False)


def file_of(environ: Mapping[str, str]) -> Path | None:
    """The file of the list; None in a city that has neither a place for it nor a home. Raises
    SettingsError for one that cannot be read: a restored key would open what was forgotten."""
    home = environ.get("LIANDONG_HOME", "")
    named = environ.get(FILE, "") or (home and str(Path(home) / "forgotten"))
    path = Path(named) if named else None
    try:
        listed_in(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{FILE}: the list cannot be read: {error}") from error
    return path


def listed_in(path: Path | None) -> frozenset[UUID]:
    """The cases on the list. A line that was cut off when a machine failed is left out: the
    database, which was not restored then, has it."""
    try:
        lines = path.read_text().splitlines() if path else []
    except FileNotFoundError:
        return frozenset()
    return frozenset(each for line in lines if (each := _case_of(line)) is not None)


def _case_of(line: str) -> UUID | None:
    try:
        return UUID(json.loads(line)["about"])
    except (ValueError, KeyError, TypeError):
        log.error("forgotten.unreadable", extra={"line": line[:40]})
        return None


async def run_list(pool: Pool, pulse: Pulse, path: Path | None) -> None:
    """Destroy what the list has, once; then write onto it what was destroyed since. For ever."""
    done = False
    while True:
        pulse.beat("forgotten")
        try:
            if not done:
                await _carry_out(pool, path)
                done = True
            await _tell(pool, path, pulse)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("forgotten.away", extra={"error": str(error)})
        await asyncio.sleep(EVERY)


async def _carry_out(pool: Pool, path: Path | None) -> None:
    if listed := listed_in(path):
        await pool.execute(DESTROY, list(listed), True)


async def _tell(pool: Pool, path: Path | None, pulse: Pulse) -> None:
    if path is None:
        return
    async with transaction(pool) as conn:
        rows = await conn.fetch(UNTOLD)
        if rows:
            try:
                await asyncio.to_thread(_append, path, rows)
            except OSError as error:
                pulse.note("forgotten", flaw_of(error))
                raise
            await conn.execute(TOLD, [row["about"] for row in rows])
    pulse.note("forgotten", "")


def flaw_of(error: OSError) -> str:
    return (
        f"destroyed keys cannot be written to {FILE} ({error.strerror or error}): a restore would "
        "bring them back; mend it, and they are written"
    )


def _append(path: Path, rows: Iterable[Any]) -> None:
    """Write the lines through to the disk; a line that stands twice does no harm."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a") as file:
        for row in rows:
            told = {"about": str(row["about"]), "key": row["id"], "time": row["time"].isoformat()}
            file.write(json.dumps(told) + "\n")
        file.flush()
        os.fsync(file.fileno())
