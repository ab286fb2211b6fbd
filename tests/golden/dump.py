"""What a city has written: the rows of every schema and the records of every topic."""

import gzip
import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

# Accounts and sessions are no history; the directory and its copies follow from the demo's pack.
LEFT_OUT = frozenset(
    {"accounts", "api_keys", "sessions", "entries", "packs", "replica", "replica_bookmark"}
)
DIRECTORY = "liandong.directory.v1"
OF_EACH_KIND = 2  # entries of the directory, which has thousands
TABLES = """
SELECT table_schema, table_name FROM information_schema.tables
WHERE table_schema NOT IN ('pg_catalog', 'information_schema', 'public')
  AND table_type = 'BASE TABLE' ORDER BY 1, 2
"""


async def dump_database(dsn: str, folder: Path) -> None:
    """One file a schema: a line is `{"table": …, "row": …}`; all of one moment."""
    folder.mkdir(parents=True, exist_ok=True)
    conn = await asyncpg.connect(dsn)
    found: dict[str, list[Any]] = {}
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        for schema, table in await conn.fetch(TABLES):
            if table in LEFT_OUT:
                continue
            rows = await conn.fetch(f'SELECT to_jsonb(t)::text FROM "{schema}"."{table}" AS t')
            lines = sorted((json.loads(row[0]) for row in rows), key=_order)
            found.setdefault(schema, []).extend({"table": table, "row": each} for each in lines)
    await conn.close()
    for schema, lines in found.items():
        write(folder / f"{schema}.jsonl.gz", lines)


def _order(row: dict[str, Any]) -> tuple[int, str]:
    return row.get("position", 0), json.dumps(row, sort_keys=True)


async def dump_topics(bootstrap: str, folder: Path) -> None:
    """One file a topic, in the order of partition and offset; of the directory a few records."""
    folder.mkdir(parents=True, exist_ok=True)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        for topic, parts in sorted((await _partitions(bootstrap)).items()):
            records = await _records(consumer, parts)
            if topic == DIRECTORY:
                records = _a_few(records)
            if records:
                write(folder / f"{topic}.jsonl.gz", map(_line, records))
    finally:
        await consumer.stop()


async def _partitions(bootstrap: str) -> dict[str, list[TopicPartition]]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        names = [each for each in await admin.list_topics() if not each.startswith("__")]
        return {
            topic["topic"]: [
                TopicPartition(topic["topic"], each["partition"]) for each in topic["partitions"]
            ]
            for topic in await admin.describe_topics(names)
        }
    finally:
        await admin.close()


async def _records(consumer: AIOKafkaConsumer, parts: list[TopicPartition]) -> list[ConsumerRecord]:
    ends = await consumer.end_offsets(parts)
    consumer.assign(parts)
    await consumer.seek_to_beginning(*parts)
    found: list[ConsumerRecord] = []
    while any([await consumer.position(part) < end for part, end in ends.items()]):
        for batch in (await consumer.getmany(timeout_ms=500)).values():
            found += batch
    return sorted(found, key=lambda record: (record.partition, record.offset))


def _a_few(records: list[ConsumerRecord]) -> list[ConsumerRecord]:
    seen: Counter[bytes] = Counter()
    kept = []
    for record in records:
        kind = (record.key or b"").partition(b"/")[0]
        seen[kind] += 1
        if seen[kind] <= OF_EACH_KIND:
            kept.append(record)
    return kept


def _line(record: ConsumerRecord) -> dict[str, Any]:
    return {
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "key": record.key.decode() if record.key else None,
        "headers": [[name, value.decode()] for name, value in record.headers],
        "value": b64encode(record.value).decode() if record.value is not None else None,
    }


def write(path: Path, lines: Iterable[Any]) -> None:
    """JSON lines, compressed so that the same lines always give the same bytes."""
    text = "".join(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in lines)
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(text.encode())


def read(path: Path) -> list[Any]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]
