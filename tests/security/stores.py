"""Everything that a whole city has stored or tells, as raw bytes."""

import asyncio
import os
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from backbone.process.settings import PORTS
from operate.admin.deadletters import until_now
from operate.admin.topics import administrator
from tests.servers import PLAIN, Installed

DATABASES = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate"
TABLES = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema)' ORDER BY 1
"""
# What the planner keeps of the values of columns.
STATISTICS = """
SELECT schemaname, tablename, attname, most_common_vals::text, histogram_bounds::text FROM pg_stats
"""


async def tables(city: Installed) -> AsyncIterator[tuple[str, bytes]]:
    """Every table of every schema of every database, as PostgreSQL sends it."""
    admin = city.run["database"]
    for name in await _asked(admin, DATABASES):
        dsn = urlunsplit(urlsplit(admin)._replace(path=f"/{name}"))
        conn = await asyncpg.connect(dsn)
        try:
            for table in [row["name"] for row in await conn.fetch(TABLES)]:
                raw = bytearray()
                query = f"SELECT * FROM {table}"
                await conn.copy_from_query(query, output=_into(raw), format="binary")
                yield f"table {table}", bytes(raw)
            known = [repr(dict(row)) for row in await conn.fetch(STATISTICS)]
            yield f"statistics of {name}", "\n".join(known).encode()
        finally:
            await conn.close()


async def _asked(dsn: str, query: str) -> list[str]:
    conn = await asyncpg.connect(dsn)
    try:
        return [row[0] for row in await conn.fetch(query)]
    finally:
        await conn.close()


def _into(raw: bytearray) -> Callable[[bytes], Awaitable[None]]:
    async def take(part: bytes) -> None:
        raw.extend(part)

    return take


async def topics(city: Installed) -> AsyncIterator[tuple[str, bytes]]:
    """Every record of every topic, Kafka's own included: key, headers and value, decompressed."""
    async with administrator(city.run["kafka"]) as admin:
        parts = {
            each["topic"]: [each["partition"] for each in each["partitions"]]
            for each in await admin.describe_topics(await admin.list_topics())
        }
    async with AIOKafkaConsumer(bootstrap_servers=city.run["kafka"]) as consumer:
        for topic, partitions in sorted(parts.items()):
            raw = bytearray()
            async for record in until_now(consumer, [TopicPartition(topic, p) for p in partitions]):
                said = b"".join(name.encode() + text + b"\n" for name, text in record.headers)
                raw += b"\n".join((record.key or b"", said, record.value or b"", b""))
            yield f"topic {topic}", bytes(raw)


async def pages(city: Installed) -> AsyncIterator[tuple[str, bytes]]:
    """The metrics and readiness of every process, with all labels, and those of the supervisor."""
    base = int(city.env["LIANDONG_PORT"])
    ports = {base + metrics for _, metrics in PORTS.values()} | {base + 1, base + 2}
    urls = [f"http://127.0.0.1:{port}/{page}" for port in ports for page in ("metrics", "readyz")]
    async with httpx.AsyncClient(verify=PLAIN) as http:
        told = await asyncio.gather(*map(http.get, urls), return_exceptions=True)
    # Three services share one process, and with it one page.
    for url, answer in zip(urls, told, strict=True):
        if isinstance(answer, httpx.Response):
            yield url, answer.content


async def holding(
    city: Installed, forms: Iterable[bytes], folder: Path
) -> tuple[int, dict[str, bytes]]:
    """How many tables, topics and pages there are, and what of them holds one of these forms.

    The files of the installation are searched too: logs, the database's own with its log of
    changes, the segments of Kafka; and the spans that its collector was sent.
    """
    names: dict[Path, str] = {}
    for store in (tables, topics, pages):
        async for name, raw in store(city):
            path = folder / f"{len(names):04d}"
            await asyncio.to_thread(path.write_bytes, raw)
            names[path] = name
        lines = b"\n".join(each for each in forms if b"\n" not in each)
    # Kafka's indexes are gigabytes of holes that hold positions alone.
    grep = ("grep", "-ralF", "--exclude=*index", "-f", "-", str(folder), str(city.home.parent))
    searching = await asyncio.create_subprocess_exec(
        *grep, env={"LC_ALL": "C", "PATH": os.environ["PATH"]}, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    told, _ = await searching.communicate(lines)
    found = [Path(each) for each in told.decode().splitlines()]
    return len(names), {
        names.get(path, f"file {path}"): await asyncio.to_thread(_read, path) for path in found
    }


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has just been removed
        return b""
