"""The ways of `liandong backup` and `liandong restore`, from the refusals to the proof."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from aiokafka.errors import KafkaError

from backbone.door.evidence import Flaw
from operate.admin import topics
from operate.backup import manifest as manifests
from operate.backup import proving, renewing, restoring, taking
from operate.backup.manifest import Manifest
from operate.backup.standing import promoted, serving
from operate.home import leftovers
from operate.home.home import Home, write
from operate.home.keys import Keys
from operate.home.trouble import Trouble, full_disk_told
from operate.run import boot
from operate.run.installation import Installation
from operate.servers.postgres import ARCHIVE


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore has brought back, and where the Kafka of the lost time was put."""

    time: str
    rows: int
    folded: int
    flaws: list[Flaw]
    aside: Path | None


async def back_up(home: Home, place: Path, copy: Path | None) -> tuple[Path, Manifest]:
    """Take a backup of the running city, or of the data of one that is down. Raises Trouble."""
    if copy is not None and home.secret.exists():
        taking.copy_keys(home.secret, copy, place)
    try:
        if home.supervisor():
            return await _taken(Installation.here(home), place)
        demand_data(home, installation := _at_rest(home))
        with home.locked():
            async with serving(home, installation.postgres):
                return await _taken(installation, place)
    except (OSError, asyncpg.CannotConnectNowError) as error:
        raise boot.no_database(Installation.here(home), error) from error


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
    return await taking.take(installation.admin_dsn, installation.keys, place)


async def restore(home: Home, folder: Path, copy: Path | None, forget: bool) -> Restored:
    """Bring a city back from a backup into an empty home, or an empty database. Raises Trouble.

    Everything that may be refused is looked at first; a restore that fails leaves nothing.
    """
    demand_still(home)
    manifest = manifests.read(folder)
    path = copy or home.secret
    keys = Keys.read(path)
    manifests.demand_keys(manifest, keys, path)
    manifests.demand_whole(manifest, folder)
    restoring.schemas_of(manifest)
    demand_own_keys(home, keys, path)
    with full_disk_told(home.path):
        home.make()
    with home.locked(), _new_data(home, path) as installation:
        aside = await _without_kafka(installation, forget)
        async with serving(home, installation.postgres):
            if installation.postgres:
                await boot.create_database(installation.postgres.dsn)
            await restoring.demand_empty(installation.admin_dsn)
            await restoring.fill(installation.admin_dsn, manifest, folder, keys)
            folded, flaws = await proving.prove(installation)
    rows = sum(part.rows for part in manifest.parts)
    return Restored(manifest.time, rows, folded, flaws, aside)


async def adopt(home: Home, forget: bool) -> Restored:
    """Make a city of a database that PostgreSQL itself brought back to an earlier moment."""
    demand_still(home)
    demand_data(home, installation := _at_rest(home))
    with home.locked():
        aside = await _without_kafka(installation, forget)
        async with serving(home, installation.postgres):
            await promoted(installation.admin_dsn)
            await boot.migrate(installation)
            await renewing.renew(installation.admin_dsn)
            folded, flaws = await proving.prove(installation)
    return Restored(datetime.now(UTC).isoformat(), 0, folded, flaws, aside)


def demand_still(home: Home) -> None:
    """Raise Trouble if a city lives in the home."""
    alive = home.supervisor() or (home.path.exists() and leftovers.find(str(home.path)))
    if alive:
        raise Trouble(
            f"A city is running in {home.path}: a restore touches no living city. End it with "
            "`liandong down`, or restore into another home: LIANDONG_HOME=… liandong restore …",
            f"{home.path} 中有正在运行的城市：恢复不触碰运行中的系统。请先执行 liandong down，"
            "或恢复到另一文件夹：LIANDONG_HOME=… liandong restore …",
        )


def demand_own_keys(home: Home, keys: Keys, path: Path) -> None:
    """Raise Trouble if the home has other keys than those that would be put there."""
    if home.secret.exists() and Keys.read(home.secret) != keys:
        raise Trouble(
            f"{home.secret} holds other keys than {path}: nothing of them is overwritten. Move it "
            "away, or restore into another home.",
            f"{home.secret} 中的密钥与 {path} 不同：不会覆盖。请移走它，或恢复到另一文件夹。",
        )


@contextmanager
def _new_data(home: Home, keys: Path) -> Iterator[Installation]:
    """An installation with the keys and an empty database, both gone again if the block fails."""
    made = not home.secret.exists()
    if made:
        write(home.secret, keys.read_text())
    server = None
    try:
        installation = _at_rest(home)
        if installation.postgres and installation.postgres.data.exists():
            raise Trouble(
                f"{installation.postgres.data} holds data: a restore overwrites nothing. Move it "
                "away, or restore into another home.",
                f"{installation.postgres.data} 中已有数据：恢复不会覆盖。请移走它，"
                "或恢复到另一文件夹。",
            )
        demand_new_archive(installation)
        server = installation.postgres
        with full_disk_told(home.path):
            yield installation
    except BaseException:
        if server:
            shutil.rmtree(server.data, ignore_errors=True)
        if made:
            home.secret.unlink()
        raise


def demand_new_archive(installation: Installation) -> None:
    """Raise Trouble for an archive of another database: the files of both have the same names."""
    folder = installation.postgres and installation.postgres.archive
    if folder and any(folder.iterdir()):
        raise Trouble(
            f"{folder} holds the log of the database that is lost: nothing of it is overwritten. "
            f"Name a new folder with {ARCHIVE}.",
            f"{folder} 中有原数据库的归档：不会覆盖。请用 {ARCHIVE} 指定新文件夹。",
        )


async def _without_kafka(installation: Installation, forget: bool) -> Path | None:
    """Part from the events of the time that is lost; the next start fills Kafka from the journals.

    An embedded Kafka is put aside, where it is returned; of another one topics are deleted only if
    that was said. Raises Trouble if it was not.
    """
    node = installation.kafka
    if node:
        if not node.data.exists():
            return None
        aside = node.folder.with_name(f"kafka.before-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        node.folder.rename(aside)
        return aside
    try:
        if not await topics.existing(installation.brokers):
            return None
        if forget:
            await topics.forget(installation.brokers)
            return None
    except (KafkaError, OSError) as error:
        raise await boot.no_kafka(installation) from error
    raise Trouble(
        f"Kafka at {installation.bootstrap} has topics of a city, which tell what the restored one "
        "does not know. Say --forget-kafka to delete them; the next start fills them anew from "
        "the journals. Nothing was changed.",
        f"{installation.bootstrap} 的 Kafka 中有城市的主题，其内容与恢复后的数据不符。"
        "确认删除请加 --forget-kafka；下次启动时由日志重新填充。未作任何更改。",
    )
