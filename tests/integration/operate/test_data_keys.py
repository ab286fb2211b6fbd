"""Keys of data over a real database: made once, wrapped anew beside the city, the old retired."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from backbone.postgres.data_keys import wrap
from backbone.process.keyring import key_id
from backbone.process.settings import KEEPS_TEXTS
from backbone.process.signing import publics_of
from liandong.alarm.v1 import alarm_service_pb2 as desk
from liandong.alarm.v1.alarm_service_pb2_grpc import AlarmServiceStub
from operate.admin import data_keys
from operate.admin.data_keys import BATCH, OWNERS, SEALING, schemas_of
from operate.home.keys import Keys, Retired, Seal, retire, rotate
from operate.home.trouble import Trouble
from tests.desks import TAKER, a_desk_city
from tests.installation import Installation
from tests.ledger.building import SECRET
from tests.serving import Home, calling, everything_at_rest, serving, until

MADE = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = Keys(SECRET)
SECOND = Keys(SECRET, (Seal(MADE, b"s" * 32),))
THIRD = Keys(SECRET, (*SECOND.seals, Seal(MADE, b"t" * 32)))
# What stays of the third after the older ones are thrown away.
LAST = Keys(SECRET, THIRD.seals[1:])
CALL = desk.ReceiveAlarmRequest(
    kind="KIND_CALL",
    caller=desk.CallerFacts(number="13800001234", name="王小明"),
    category="traffic.accident",
    narrative="两车相撞，联系13900004321",
)


@asynccontextmanager
async def connected(database: Installation) -> AsyncIterator[Any]:
    conn = await asyncpg.connect(database.admin)
    try:
        yield conn
    finally:
        await conn.close()


async def wrapped_by(database: Installation) -> dict[str, set[str]]:
    """The master keys that wrap the keys of each schema, by owner and schema."""
    found = {}
    async with connected(database) as conn:
        for owner in OWNERS:
            for schema in schemas_of(owner):
                query = f"SELECT wrapped_by FROM {schema}.data_keys WHERE owner = $1"
                rows = await conn.fetch(query, owner)
                found[f"{owner} {schema}"] = {row[0] for row in rows}
    return found


async def persons(database: Installation, keys: Keys, count: int) -> dict[str, bytes]:
    """Give so many persons a key of their own."""
    name, master = keys.keyring("population").newest()
    made = {f"population-person-2026-{n:016x}": n.to_bytes(32, "big") for n in range(count)}
    rows = [(key, name, wrap(master, key, secret), uuid4()) for key, secret in made.items()]
    async with connected(database) as conn:
        await conn.executemany(
            "INSERT INTO population.data_keys (id, owner, wrapped_by, wrapped, about) "
            "VALUES ($1, 'population', $2, $3, $4)",
            rows,
        )
    return made


async def test_every_owner_has_a_root_and_those_of_texts_are_alike(database: Installation) -> None:
    before = await wrapped_by(database)
    for owner in OWNERS:
        newest = FIRST.keyring(owner).newest()[0]
        assert all(before[f"{owner} {schema}"] == {newest} for schema in schemas_of(owner))
    await data_keys.ensure(database.admin, FIRST)
    async with connected(database) as conn:
        roots = {
            (await conn.fetchrow(f"SELECT id FROM {schema}.data_keys WHERE owner = 'texts'"))[0]
            for schema in schemas_of("texts")
        }
        counts = [await conn.fetchval(f"SELECT count(*) FROM {s}.data_keys") for s in SEALING]
    assert len(roots) == 1 and counts == [2, 2, 2, 2], "a second time nothing is added"


async def test_wrapped_anew_nothing_remains_under_the_old_key_and_everything_opens(
    database: Installation,
) -> None:
    async with serving(database, a_desk_city(), "alarm") as before:
        receipt = await received(before)
    assert await data_keys.stale(database.admin, SECOND) > 0
    told: list[tuple[str, int, int]] = []
    done = await data_keys.reseal(database.admin, SECOND, lambda *each: told.append(each))
    assert done == dict.fromkeys(SEALING, 1) | {"texts": 6}
    assert ("alarm", 1, 1) in told and ("workflow (texts)", 1, 1) in told
    assert await data_keys.stale(database.admin, SECOND) == 0
    for where, masters in (await wrapped_by(database)).items():
        assert masters == {SECOND.keyring(where.split()[0]).newest()[0]}

    await data_keys.reseal(database.admin, THIRD)
    # The second secret is gone, and the first is used for nothing that is sealed.
    async with serving(database, a_desk_city(), "alarm", seals=LAST.seals) as after:
        async with calling(after, "alarm", AlarmServiceStub) as call:
            asked = desk.RevealCallerRequest(receipt_id=receipt)
            shown = (await call("RevealCaller", asked, TAKER, purpose="回访")).caller
            read = desk.GetReceiptRequest(receipt_id=receipt)
            narrative = (await call("GetReceipt", read, TAKER)).receipt.narrative
        assert (shown.number, shown.name) == ("13800001234", "王小明")
        assert "⟦" in narrative or "13900004321" in narrative
        await received(after)
        stored = await everything_at_rest(database, "alarm")
    for old in (FIRST, SECOND):
        assert f".{old.keyring('alarm').newest()[0]}." not in stored
    assert "v2.alarm-fields-" in stored


async def received(home: Home) -> str:
    async with calling(home, "alarm", AlarmServiceStub) as call:
        return str((await call("ReceiveAlarm", CALL, TAKER, uuid4().hex)).receipt.id)


async def test_what_was_broken_off_goes_on_where_it_was(
    database: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await persons(database, FIRST, 2 * BATCH + 7)
    seen: list[int] = []

    def breaks_off(where: str, done: int, total: int) -> None:
        if where == "population":
            seen.append(done)
            if done == BATCH:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await data_keys.reseal(database.admin, SECOND, breaks_off)
    assert seen == [BATCH]
    remaining = await data_keys.reseal(database.admin, SECOND, lambda *each: None)
    assert remaining["population"] == len(made) + 1 - BATCH, "with the root of the service"
    assert await data_keys.stale(database.admin, SECOND) == 0
    async with connected(database) as conn:
        rows = await conn.fetch("SELECT * FROM population.data_keys WHERE about IS NOT NULL")
    masters = LAST.keyring("population"), SECOND.keyring("population")
    assert {row["id"]: data_keys._opened(masters[1], "", row) for row in rows} == made


async def test_nothing_is_wrapped_under_a_key_that_a_process_at_work_does_not_have(
    database: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a rotation that was killed before it restarted the services, `reseal` took the keys of
    every person in care from those that ran on, and of all that they had not opened yet."""
    monkeypatch.setattr(data_keys, "LOOK", 0.01)
    await persons(database, FIRST, 1)
    before = await wrapped_by(database)
    async with serving(database, a_desk_city(), "alarm", "population"):
        await until(lambda: at_work(database, "alarm", "population"))
        assert await data_keys.behind(database.admin, FIRST) == []
        with pytest.raises(Trouble, match="do not have the newest key: alarm, population"):
            await data_keys.reseal(database.admin, SECOND)
        assert await wrapped_by(database) == before
    async with serving(database, a_desk_city(), "alarm", seals=SECOND.seals):
        await until(lambda: at_work(database, "alarm"))
        assert await data_keys.behind(database.admin, THIRD) == ["alarm"]
        assert await data_keys.behind(database.admin, FIRST) == [], "it has the first one, too"
        gone = Retired(MADE, {s: publics_of(SECOND.keyring(s))[1] for s in KEEPS_TEXTS})
        retired = replace(LAST, retired=(gone,))
        assert await data_keys.behind(database.admin, retired) == ["alarm"]
        await data_keys.reseal(database.admin, SECOND)
    assert await data_keys.stale(database.admin, SECOND) == 0


async def at_work(database: Installation, *names: str) -> bool:
    """Whether these services have told the database which key they have."""
    roles = [f"liandong_{name}" for name in names]
    async with connected(database) as conn:
        rows = await conn.fetch(data_keys.AT_WORK, roles, data_keys.SEALS_WITH)
    return {row["role"] for row in rows} == {*roles}


async def test_two_at_once_do_not_hinder_each_other(database: Installation) -> None:
    await persons(database, FIRST, BATCH + 1)
    both = [data_keys.reseal(database.admin, SECOND) for _ in range(2)]
    done = await asyncio.gather(*both)
    assert sum(each["population"] for each in done) >= BATCH + 2
    assert await data_keys.stale(database.admin, SECOND) == 0


async def test_a_key_whose_master_key_is_gone_is_told_and_left_alone(
    database: Installation,
) -> None:
    lost = Keys(SECRET, (Seal(MADE, b"l" * 32),))
    await persons(database, lost, 1)
    name = lost.keyring("population").newest()[0]
    with pytest.raises(Trouble, match=f"under the master key {name}, which is not among"):
        await data_keys.reseal(database.admin, SECOND)
    assert await data_keys.stale(database.admin, SECOND) > 0


async def test_a_damaged_key_is_told(database: Installation) -> None:
    async with connected(database) as conn:
        await conn.execute("UPDATE alarm.data_keys SET wrapped = 'x'::bytea WHERE owner = 'alarm'")
    with pytest.raises(Trouble, match=r"is damaged: restore the row of alarm\.data_keys"):
        await data_keys.reseal(database.admin, SECOND)


async def test_retired_keys_are_thrown_away_and_what_they_signed_is_verified(
    tmp_path: Path,
) -> None:
    path = tmp_path / "secret"
    path.write_text(SECRET.hex() if len(SECRET) == 32 else "5e" * 32)
    rotate(path)
    keys = rotate(path)
    signers = keys.signers()
    with pytest.raises(Trouble, match="rotated meanwhile"):
        retire(path, keys.seals[0])
    kept = retire(path, keys.seals[-1])
    assert kept.seals == keys.seals[-1:] and Keys.read(path) == kept
    assert keys.seals[0].secret.hex() not in path.read_text()
    assert kept.signers() == signers, "public keys stay, in their order"
    assert replace(kept, retired=()).signers() != signers
    assert key_id(kept.keyring("alarm").sealing) == key_id(keys.keyring("alarm").sealing)
    rotate(path)
    assert len(Keys.read(path).seals) == 2 and len(Keys.read(path).retired) == 1
