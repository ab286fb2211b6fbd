"""Reads the months of the database: partitions, anchors at their ends, archives."""

from dataclasses import dataclass
from typing import Any

from backbone.door.anchor import MONTH
from backbone.postgres.pool import Connection
from operate.home.trouble import Trouble

PARTITIONS = """
SELECT right(inhrelid::regclass::text, 6)::bigint AS month FROM pg_inherits
WHERE inhparent = 'journal'::regclass ORDER BY 1
"""
ARCHIVES = """
SELECT month, place, rows, position, digest, manifest, time FROM archives ORDER BY month
"""
END = """
SELECT (SELECT max(position) FROM journal_{month}) AS last,
       (SELECT count(*) FROM unsent WHERE position < $1) AS unsent,
       pg_sequence_last_value('journal_position_seq') AS reached
"""
ANCHOR = "SELECT position, digest FROM anchors WHERE position <= $1 ORDER BY position DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Due:
    """A month that is to be written: its last row is covered by the anchor `position`, `digest`."""

    month: int
    position: int
    digest: bytes


def end_of(month: int) -> int:
    """The first position after a month."""
    return (month + 89 if month % 100 == 12 else month + 1) * MONTH


async def partitions(conn: Connection) -> list[int]:
    return [row["month"] for row in await conn.fetch(PARTITIONS)]


async def archives(conn: Connection) -> list[Any]:
    """The archives of the schema of this connection, in the order of months."""
    return await conn.fetch(ARCHIVES)


async def due(conn: Connection, service: str, latest: int) -> list[Due]:
    """The months up to `latest` that are not archived yet. Raises Trouble if one cannot be."""
    done = {row["month"] for row in await archives(conn)}
    found = []
    for month in await partitions(conn):
        if month > latest or month in done:
            continue
        [row] = await conn.fetch(END.format(month=month), end_of(month))
        if row["reached"] < end_of(month):
            break  # the journal is still in it
        anchor = await conn.fetchrow(ANCHOR, end_of(month) - 1)
        if row["last"] is None:
            position, digest = (anchor["position"], anchor["digest"]) if anchor else (0, b"")
        elif anchor is None or anchor["position"] != row["last"]:
            raise unready(service, month, "no anchor covers its end", "没有锚点覆盖其末尾")
        else:
            position, digest = anchor["position"], anchor["digest"]
        if row["unsent"]:
            raise unready(service, month, "Kafka lacks events of it", "尚有事件未送达 Kafka")
        found.append(Due(month, position, digest))
    return found


def unready(service: str, month: int, why: str, chinese: str) -> Trouble:
    return Trouble(
        f"The month {month} of {service} is not ready to be archived: {why}. Start the city, wait "
        "ten minutes, and ask again; nothing was taken out of the database.",
        f"{service} 的 {month} 月尚不能归档：{chinese}。请启动系统，十分钟后重试；"
        "数据库中没有移出任何内容。",
    )
