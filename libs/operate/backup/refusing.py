"""Where a restore is refused, before anything is changed."""

from contextlib import suppress
from pathlib import Path

from operate.home import leftovers
from operate.home.home import Home
from operate.home.keys import Keys
from operate.home.kinds import is_own
from operate.home.outside import resolved
from operate.home.trouble import Trouble
from operate.run.installation import Installation
from operate.servers.postgres import ARCHIVE, Postgres


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


def is_there(path: Path) -> bool:
    """False also for a file in a folder that this user may not enter."""
    with suppress(OSError):
        return path.exists()
    return False


def demand_home(home: Home, backup: Path) -> None:
    """Raise Trouble for a home in the backup, which would get the keys, and for a folder of others:
    a city removes and overwrites files there by their names."""
    if resolved(home.path).is_relative_to(resolved(backup)):
        raise Trouble(
            f"{home.path} lies in the backup, which must never hold the keys: restore into another "
            "home.",
            f"{home.path} 位于备份之中，而备份中不得有密钥：请恢复到另一文件夹。",
        )
    if home.secret.exists() or not home.path.is_dir():
        return
    if foreign := sorted(each.name for each in home.path.iterdir() if not is_own(each.name)):
        told = ", ".join(foreign[:3])
        raise Trouble(
            f"{home.path} is no home of a city, and not empty ({told}): a restore needs a new or "
            "empty folder: LIANDONG_HOME=… liandong restore …",
            f"{home.path} 不是城市的主目录，且不为空（{told}）：恢复须使用新的或空的文件夹："
            "LIANDONG_HOME=… liandong restore …",
        )


def demand_own_keys(home: Home, keys: Keys, path: Path) -> None:
    """Raise Trouble if the home has other keys than those that would be put there."""
    if home.secret.exists() and Keys.read(home.secret) != keys:
        raise Trouble(
            f"{home.secret} holds other keys than {path}: nothing of them is overwritten. Move it "
            "away, or restore into another home.",
            f"{home.secret} 中的密钥与 {path} 不同：不会覆盖。请移走它，或恢复到另一文件夹。",
        )


def demand_room(installation: Installation, place: Postgres) -> None:
    """Raise Trouble if there are data in the place, or the log of other data in the archive."""
    if place.data.exists():
        raise Trouble(
            f"{place.data} holds data: a restore overwrites nothing. Move it away, or restore into "
            "another home.",
            f"{place.data} 中已有数据：恢复不会覆盖。请移走它，或恢复到另一文件夹。",
        )
    demand_new_archive(installation)


def demand_new_archive(installation: Installation) -> None:
    """Raise Trouble for an archive of another database: the files of both have the same names."""
    folder = installation.postgres and installation.postgres.archive
    if folder and any(folder.iterdir()):
        raise Trouble(
            f"{folder} holds the log of the database that is lost: nothing of it is overwritten. "
            f"Name a new folder with {ARCHIVE}.",
            f"{folder} 中有原数据库的归档：不会覆盖。请用 {ARCHIVE} 指定新文件夹。",
        )
