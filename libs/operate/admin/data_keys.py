"""The keys of sealed data, as the operator keeps them: made, wrapped anew, counted."""

import asyncio
import secrets
from collections.abc import Callable, Iterable
from typing import Any

import asyncpg

from backbone.postgres.data_keys import TEXTS, root_id, unwrap, wrap
from backbone.postgres.pool import Connection
from backbone.process.keyring import SEALS_WITH, Keyring, key_id
from backbone.process.settings import KEEPS_TEXTS
from operate.home.keys import Keys
from operate.home.trouble import Trouble

# The services that hold personal data, and the owner of keys that pass between services.
SEALING = ("alarm", "petition", "dispute", "population")
OWNERS = (*SEALING, TEXTS)
# A transaction of this many keys is over long before a service would wait for one of them.
BATCH = 500
LOOKS, LOOK = 10, 0.3

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('liandong.data_keys', 0))"
HAS = "SELECT to_regclass($1) IS NOT NULL"
ROOTS = """
SELECT id, wrapped_by, wrapped FROM {schema}.data_keys
WHERE owner = $1 AND wrapped_by = $2 AND about IS NULL AND starts_with(id, $1 || '-')
ORDER BY time DESC, id DESC LIMIT 1
"""
KEEP = """
INSERT INTO {schema}.data_keys (id, owner, wrapped_by, wrapped) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""
STALE = """
SELECT id, wrapped_by, wrapped FROM {schema}.data_keys WHERE owner = $1 AND wrapped_by <> $2
ORDER BY id LIMIT $3 FOR UPDATE
"""
COUNT = "SELECT count(*) FROM {schema}.data_keys WHERE owner = $1 AND wrapped_by <> $2"
KEPT = "SELECT count(*) FROM {schema}.data_keys WHERE id = ANY($1::text[])"
WRAP = """
UPDATE {schema}.data_keys AS k SET wrapped_by = $1, wrapped = n.wrapped
FROM unnest($2::text[], $3::bytea[]) AS n (id, wrapped) WHERE k.id = n.id
"""
AT_WORK = """
SELECT DISTINCT usename::text AS role, application_name AS said FROM pg_stat_activity
WHERE datname = current_database() AND usename = ANY($1) AND starts_with(application_name, $2)
"""

# Hears of progress: the owner and schema, how many keys are done, and of how many.
Told = Callable[[str, int, int], None]


def _untold(owner: str, done: int, total: int) -> None:
    """Say nothing."""


def schemas_of(owner: str) -> tuple[str, ...]:
    """The schemas that keep the keys of this owner."""
    return KEEPS_TEXTS if owner == TEXTS else (owner,)


async def ensure(dsn: str, keys: Keys) -> None:
    """Give each owner a root that was made under its newest master key, unless it has one."""
    conn = await asyncpg.connect(dsn)
    try:
        async with conn.transaction():
            await conn.execute(LOCK)
            for owner in OWNERS:
                if places := await _present(conn, owner):
                    await _ensure(conn, owner, places, keys.keyring(owner))
    finally:
        await conn.close()


async def reseal(dsn: str, keys: Keys, told: Told = _untold) -> dict[str, int]:
    """Wrap every key under the newest master key of its owner, beside the living city.

    Each batch is a transaction: one that is broken off goes on where it was. Returns how many keys
    were wrapped anew, by owner. Raises Trouble for a key whose master key is missing, and, with
    nothing changed, where a process at work would open nothing any more.
    """
    await demand_newest(dsn, keys)
    await ensure(dsn, keys)
    done: dict[str, int] = {}
    conn = await asyncpg.connect(dsn)
    try:
        for owner in OWNERS:
            masters = keys.keyring(owner)
            for schema in await _present(conn, owner):
                await _adopt(conn, schema, owner, masters)
                wrapped = await _reseal(conn, schema, owner, masters, told)
                done[owner] = done.get(owner, 0) + wrapped
    finally:
        await conn.close()
    return done


async def behind(dsn: str, keys: Keys) -> list[str]:
    """The schemas whose processes at work do not have the newest master key: since a rotation that
    was broken off, or because what starts them cannot read the file of keys. One that has a newer
    one has this one, too."""
    roles = {f"liandong_{schema}": schema for schema in KEEPS_TEXTS}
    older = {schema: _told_before(keys, schema) for schema in KEEPS_TEXTS}
    conn = await asyncpg.connect(dsn)
    try:
        rows = await conn.fetch(AT_WORK, [*roles], SEALS_WITH)
    finally:
        await conn.close()
    return sorted({roles[row["role"]] for row in rows if row["said"] in older[roles[row["role"]]]})


def _told_before(keys: Keys, schema: str) -> set[str]:
    """What the connections of a process say that has an older key alone, or one of the retired."""
    before = [key_id(each) for each in keys.keyring(schema).keys[:-1]]
    before += [each.publics[schema]["id"] for each in keys.retired]
    return {SEALS_WITH + each for each in before}


async def demand_newest(dsn: str, keys: Keys) -> None:
    """Raise Trouble for processes that do not have the newest master key."""
    for _ in range(LOOKS):  # the connections of a process that has just ended go in a moment
        if not (late := await behind(dsn, keys)):
            return
        await asyncio.sleep(LOOK)
    names = ", ".join(late)
    raise Trouble(
        f"Processes at work do not have the newest key: {names}. They would open nothing that is "
        "under it: `liandong restart` them; where another program runs them, write their "
        "environment anew (docs/deploy.md) and restart them. If that does not help, the supervisor "
        "cannot read the keys: supervisor.log says why, and `liandong down`, `liandong up` is the "
        "remedy. Nothing was changed in the database.",
        f"正在运行的进程没有最新密钥：{names}。它们将无法打开由该密钥保护的内容："
        "请执行 liandong restart 重新启动；若由其他程序运行，请重新生成其环境文件"
        "（docs/deploy.md）后重启。若仍无效，则是守护进程无法读取密钥，原因见 supervisor.log："
        "请执行 liandong down 再 liandong up。数据库中未作任何更改。",
    )


async def stale(dsn: str, keys: Keys) -> int:
    """How many keys are still wrapped under an older master key, or known as one alone."""
    count = 0
    conn = await asyncpg.connect(dsn)
    try:
        for owner in OWNERS:
            masters = keys.keyring(owner)
            old = [key_id(each) for each in masters.keys[1:-1]]
            for schema in await _present(conn, owner):
                kept = await conn.fetchval(KEPT.format(schema=schema), old)
                count += len(old) - kept + await _stale(conn, schema, owner, masters)
    finally:
        await conn.close()
    return count


async def _present(conn: Connection, owner: str) -> list[str]:
    """The schemas of this owner that this database has: a service may have one of its own."""
    places = schemas_of(owner)
    return [each for each in places if await conn.fetchval(HAS, f"{each}.data_keys")]


async def _ensure(conn: Connection, owner: str, places: Iterable[str], masters: Keyring) -> None:
    newest, master = masters.newest()
    found: list[Any] = [
        await conn.fetchrow(ROOTS.format(schema=each), owner, newest) for each in places
    ]
    known = next((row for row in found if row is not None), None)
    root = unwrap(master, known["id"], known["wrapped"]) if known else secrets.token_bytes(32)
    name = root_id(owner, root)
    for schema, row in zip(places, found, strict=True):
        if row is None:
            kept = wrap(master, name, root)
            await conn.execute(KEEP.format(schema=schema), name, owner, newest, kept)


async def _adopt(conn: Connection, schema: str, owner: str, masters: Keyring) -> None:
    """Keep older master keys wrapped under the newest one: earlier releases have sealed with them.

    The first one stays in the file of keys, because indexes and PINs derive from it.
    """
    newest, master = masters.newest()
    for old in masters.keys[1:-1]:
        name = key_id(old)
        await conn.execute(KEEP.format(schema=schema), name, owner, newest, wrap(master, name, old))


async def _stale(conn: Connection, schema: str, owner: str, masters: Keyring) -> int:
    return int(await conn.fetchval(COUNT.format(schema=schema), owner, masters.newest()[0]))


async def _reseal(conn: Connection, schema: str, owner: str, masters: Keyring, told: Told) -> int:
    newest, master = masters.newest()
    total, done = await _stale(conn, schema, owner, masters), 0
    where = f"{schema} ({owner})" if owner == TEXTS else schema
    while True:
        async with conn.transaction():
            rows = await conn.fetch(STALE.format(schema=schema), owner, newest, BATCH)
            names = [row["id"] for row in rows]
            anew = [wrap(master, row["id"], _opened(masters, schema, row)) for row in rows]
            await conn.execute(WRAP.format(schema=schema), newest, names, anew)
        done += len(rows)
        told(where, done, max(total, done))
        if len(rows) < BATCH:
            return done


def _opened(masters: Keyring, schema: str, row: Any) -> bytes:
    master = masters.key(row["wrapped_by"])
    if master is None:
        raise Trouble(
            f"The key {row['id']} of {schema} is wrapped under the master key {row['wrapped_by']}, "
            "which is not among the keys of this installation: put a copy of the file of keys back "
            "that has it. The keys that came before are wrapped anew; this one was not touched.",
            f"{schema} 的密钥 {row['id']} 由主密钥 {row['wrapped_by']} 保护，而本系统的密钥文件中"
            "没有它：请放回含有该密钥的副本。此前的密钥已重新加密，该密钥未被改动。",
        )
    try:
        return unwrap(master, row["id"], row["wrapped"])
    except ValueError as error:
        raise Trouble(
            f"The key {row['id']} of {schema} is damaged: restore the row of {schema}.data_keys "
            "from a backup; nothing else opens what it has sealed.",
            f"{schema} 的密钥 {row['id']} 已损坏：请从备份中恢复 {schema}.data_keys 的该行，"
            "否则其加密的内容无法打开。",
        ) from error
