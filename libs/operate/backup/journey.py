"""The ways of `liandong backup` and `liandong restore`, from the refusals to the proof."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from aiokafka.errors import KafkaError

from backbone.door.evidence import Flaw
from operate.admin import topics
from operate.backup import forgotten as forgotten_keys
from operate.backup import manifest as manifests
from operate.backup import proving, renewing, restoring, taking, unfinished
from operate.backup.manifest import Manifest
from operate.backup.refusing import (
    demand_home,
    demand_own_keys,
    demand_room,
    demand_still,
    is_there,
)
from operate.backup.standing import promoted, serving
from operate.home.home import Home, write
from operate.home.keys import Keys
from operate.home.outside import demand_outside
from operate.home.trouble import Trouble, full_disk, full_disk_told
from operate.run import boot
from operate.run.installation import Installation
from operate.servers.postgres import Postgres


@dataclass(frozen=True, slots=True)
class Restored:
    """The result of a restore, and the folder into which the Kafka of the lost time was put.

    `since` are the migrations that the backup, or the database of then, did not have.
    """

    time: str
    rows: int
    folded: int
    flaws: list[Flaw]
    aside: Path | None
    since: list[str]


async def back_up(home: Home, place: Path, copy: Path | None) -> tuple[Path, Manifest]:
    """Take a backup of the running city, or of the data of one that is down. Raises Trouble."""
    for each in filter(None, (place, copy)):
        demand_outside(home.path, each)
    if copy is not None and home.secret.exists():
        taking.copy_keys(home.secret, copy, place)
    if home.supervisor():
        return await _taken(Installation.here(home), place)
    demand_data(home, installation := _at_rest(home))
    home.make()
    with home.locked():
        async with serving(home, installation.postgres):
            return await _taken(installation, place)


def _at_rest(home: Home) -> Installation:
    installation = Installation.chosen(home)
    installation.protection.prepare(home)
    return installation


def demand_data(home: Home, installation: Installation) -> None:
    """Raise Trouble if an embedded database was never made here."""
    server = installation.postgres
    if server and not (server.data / "PG_VERSION").exists():
        raise Trouble(f"There is no city in {home.path}.", f"{home.path} 中没有城市数据。")


async def _taken(installation: Installation, place: Path) -> tuple[Path, Manifest]:
    try:
        await (await asyncpg.connect(installation.admin_dsn, timeout=5)).close()
    except (OSError, asyncpg.CannotConnectNowError) as error:
        raise boot.no_database(installation, error) from error
    return await taking.take(installation.admin_dsn, installation.keys, place)


async def restore(
    home: Home, folder: Path, copy: Path | None, forget: bool, forgotten: Path | None = None
) -> Restored:
    """Bring a city back from a backup into an empty home, or an empty database. Raises Trouble.

    `forgotten` is the list of destroyed keys, which the restored city carries out again.

    Everything that may be refused is looked at first; a restore that fails leaves nothing.
    """
    demand_still(home)
    manifest = manifests.read(folder)
    demand_home(home, folder)
    path = copy or home.secret
    if not is_there(path):
        raise Trouble(
            f"{path} is missing: name the copy of the keys with --keys; nothing else opens "
            "a backup.",
            f"缺少 {path}：请用 --keys 指定密钥副本；没有它任何备份都无法打开。",
        )
    keys = Keys.read(path)
    manifests.demand_keys(manifest, keys, path)
    manifests.demand_whole(manifest, folder)
    restoring.schemas_of(manifest)
    demand_own_keys(home, keys, path)
    destroyed = forgotten_keys.lines_of(forgotten)
    with full_disk_told(home.path):
        home.make()
    with home.locked(), _new_data(home, path) as (installation, server):
        await demand_leave(installation, forget)
        async with serving(home, server):
            if server:
                await boot.create_database(server.dsn)
            async with unfinished.alone(installation.admin_dsn):
                await restoring.demand_empty(installation.admin_dsn)
                since = await restoring.fill(installation.admin_dsn, manifest, folder, keys)
                folded, flaws = await proving.prove(installation)
                aside = await part_from_kafka(installation)
                forgotten_keys.keep(home, destroyed)
                await unfinished.end(installation.admin_dsn)
    rows = sum(part.rows for part in manifest.parts)
    return Restored(manifest.time, rows, folded, flaws, aside, since)


async def adopt(home: Home, forget: bool) -> Restored:
    """Make a city of a database that PostgreSQL itself brought back to an earlier moment."""
    demand_still(home)
    demand_data(home, installation := _at_rest(home))
    home.make()
    with home.locked():
        await demand_leave(installation, forget)
        async with serving(home, installation.postgres):
            await promoted(installation.admin_dsn)
            await unfinished.begin(installation.admin_dsn, unfinished.IN_PLACE)
            since = await boot.migrate(installation, restoring=True)
            await renewing.renew(installation.admin_dsn)
            folded, flaws = await proving.prove(installation)
            aside = await part_from_kafka(installation)
            await unfinished.end(installation.admin_dsn)
    return Restored(datetime.now(UTC).isoformat(), 0, folded, flaws, aside, since)


@contextmanager
def _new_data(home: Home, keys: Path) -> Iterator[tuple[Installation, Postgres | None]]:
    """An installation with the keys, and an embedded server with data of its own.

    The data get their place at the end: a restore that fails, or is killed, leaves no city.
    """
    made = not home.secret.exists()
    if made:
        write(home.secret, keys.read_text())
    aside = home.path / "postgres.restoring"
    try:
        installation = _at_rest(home)
        shutil.rmtree(aside, ignore_errors=True)
        place = installation.postgres
        if place:
            demand_room(installation, place)
        with full_disk_told(home.path):
            yield installation, replace(place, folder=aside) if place else None
            if place:
                place.folder.mkdir(exist_ok=True)
                (aside / "data").rename(place.data)
    except BaseException as error:
        if made:
            home.secret.unlink()
        if isinstance(error, asyncpg.DiskFullError):
            raise full_disk(home.path) from error
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


async def demand_leave(installation: Installation, forget: bool) -> None:
    """Raise Trouble if another's Kafka has topics of a city, and their end was not asked for."""
    if installation.kafka or forget:
        return
    if await _topics_of(installation):
        raise Trouble(
            f"Kafka at {installation.bootstrap} has topics of a city, which tell what the restored "
            "one does not know. Say --forget-kafka to delete them; the next start fills them anew "
            "from the journals. Nothing was changed.",
            f"{installation.bootstrap} 的 Kafka 中有城市的主题，其内容与恢复后的数据不符。"
            "确认删除请加 --forget-kafka；下次启动时由日志重新填充。未作任何更改。",
        )


async def _topics_of(installation: Installation) -> set[str]:
    try:
        return await topics.existing(installation.brokers)
    except (KafkaError, OSError) as error:
        raise await boot.no_kafka(installation) from error


async def part_from_kafka(installation: Installation) -> Path | None:
    """Part from the events of the time that is lost; the next start fills Kafka from the journals.

    An embedded Kafka is put aside, where it is returned; the topics of another one are deleted.
    """
    node = installation.kafka
    if node is None:
        await topics.forget(installation.brokers)
        return None
    if not node.data.exists():
        return None
    aside = node.folder.with_name(f"kafka.before-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    node.folder.rename(aside)
    return aside
