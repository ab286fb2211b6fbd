"""A pack is loaded whole or not at all, keeps its version, and may wait for its moment."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from backbone.process.pulse import Pulse
from backbone.words.errors import InvalidArgument, Unavailable
from services.directory import storage
from services.directory.holding import put_in_force
from services.directory.wiring import Directory
from tests.integration.directory.conftest import demo

RENAMED = {"organisations.csv": ("青山镇派出所", "青山镇新派出所")}
POLICE = "990101001-police"


async def test_before_the_first_pack_nothing_is_known(directory: Directory) -> None:
    await directory.holding.renew()
    with pytest.raises(Unavailable, match="DIRECTORY_NOT_LOADED"):
        _ = directory.holding.city


async def test_a_loaded_pack_answers_at_once_and_after_a_restart(directory: Directory) -> None:
    loaded = await directory.loader.load(demo(), None, "somebody")
    assert not loaded.pending
    assert loaded.counts["grids"] == 1_200
    await directory.holding.renew()
    assert directory.holding.city.head.version == loaded.version
    assert directory.holding.city.head.entries == loaded.changed
    assert directory.holding.locate(108.912, 34.231).code.startswith("990101001")


async def test_only_what_differs_changes_and_what_is_gone_goes(directory: Directory) -> None:
    first = await directory.loader.load(demo(), None, "somebody")
    other = {**RENAMED, "accounts.csv": ("clerk.990101001-police", "clerk2.990101001-police")}
    second = await directory.loader.load(demo(other), None, "somebody")
    assert second.version > first.version
    # The unit, the two people whose account came and went, and the head.
    assert (second.changed, second.removed) == (4, 0)
    fewer = {
        **other,
        "competences.csv": ("care,care,civil_affairs,,,,其他帮扶由民政部门牵头\n", ""),
    }
    with pytest.raises(InvalidArgument, match="PACK_REFUSED") as refused:
        await directory.loader.load(demo(fewer), None, "somebody")
    assert refused.value.facts["cause"] == "CATEGORY_WITHOUT_OWNER"
    redundant = "traffic.accident,traffic.accident,police,,,,交通事故由事发地公安机关处理\n"
    third = await directory.loader.load(
        demo({**other, "competences.csv": (redundant, "")}), None, "somebody"
    )
    assert (third.changed, third.removed) == (1, 1)
    await directory.holding.renew()
    assert "traffic.accident" not in directory.holding.city.competences
    assert directory.holding.city.units[POLICE].name == "青山镇新派出所"


async def test_the_same_pack_again_changes_nothing_and_is_published_again(
    directory: Directory,
) -> None:
    first = await directory.loader.load(demo(), None, "somebody")
    await directory.pool.execute("UPDATE entries SET unpublished = false")
    again = await directory.loader.load(demo(), None, "somebody")
    assert (again.version, again.changed, again.removed) == (first.version, 0, 0)
    waiting = await directory.pool.fetchval("SELECT count(*) FROM entries WHERE unpublished")
    assert waiting == first.changed


async def test_a_pack_waits_for_its_moment_and_is_then_the_newest(directory: Directory) -> None:
    await directory.loader.load(demo(), None, "somebody")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    waiting = await directory.loader.load(demo(RENAMED), tomorrow, "somebody")
    assert waiting.pending
    assert not await directory.loader.put_due_in_force()
    routes = {"routes.yaml": ("没有规则可循的", "无规则可循的")}
    meanwhile = await directory.loader.load(demo(routes), None, "somebody")
    await directory.pool.execute(
        "UPDATE packs SET effective_time = now() WHERE in_force_time IS NULL"
    )
    assert await directory.loader.put_due_in_force()
    assert not await directory.loader.put_due_in_force()
    await directory.holding.renew()
    assert directory.holding.city.units[POLICE].name == "青山镇新派出所"
    assert directory.holding.city.head.version > meanwhile.version


@pytest.mark.parametrize(
    ("corrected", "then"),
    [(RENAMED, "青山镇新派出所"), (None, "青山镇派出所")],
    ids=["a corrected one", "the city in force, again"],
)
async def test_a_due_pack_that_is_refused_is_told_and_another_one_takes_its_place(
    directory: Directory, corrected: dict[str, tuple[str, str]] | None, then: str
) -> None:
    """A release may refuse what an earlier one has checked; loading overrules it, as is advised."""
    await directory.loader.load(demo(), None, "somebody")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await directory.loader.load(demo(RENAMED), tomorrow, "somebody")
    await directory.pool.execute(
        "UPDATE packs SET effective_time = now(), archive = 'x' WHERE in_force_time IS NULL"
    )
    assert "cannot be put in force" in await put_in_force(directory.loader, Pulse())
    await directory.holding.renew()
    assert directory.holding.city.units[POLICE].name == "青山镇派出所", "what was in force is read"
    await directory.loader.load(demo(corrected), None, "somebody")
    assert await put_in_force(directory.loader, Pulse()) == ""
    await directory.holding.renew()
    assert directory.holding.city.units[POLICE].name == then


async def test_another_city_is_refused(directory: Directory) -> None:
    await directory.loader.load(demo(), None, "somebody")
    await directory.pool.execute(
        "UPDATE entries SET body = $1 WHERE key = 'city'", b"\x1a\x08\x0a\x06880000"
    )
    with pytest.raises(InvalidArgument, match="ANOTHER_CITY"):
        await directory.loader.load(demo(RENAMED), None, "somebody")


async def test_two_loads_at_once_come_one_after_the_other(directory: Directory) -> None:
    other = {"routes.yaml": ("没有规则可循的", "无规则可循的")}
    one, two = await asyncio.gather(
        directory.loader.load(demo(RENAMED), None, "one"),
        directory.loader.load(demo(other), None, "two"),
    )
    assert one.version != two.version
    await directory.holding.renew()
    assert directory.holding.city.head.version == max(one.version, two.version)


async def test_a_slow_load_is_not_cut_off(directory: Directory) -> None:
    """A large city takes longer than the limit of ordinary transactions."""
    async with directory.pool.acquire() as conn, conn.transaction():
        await conn.execute("SET LOCAL transaction_timeout = '1s'")
        await storage.lock(conn)
        await conn.execute("SELECT pg_sleep(1.5)")
