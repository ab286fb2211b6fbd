"""The checks of `liandong doctor` on the machine itself: memory, disk, downloads, PostgreSQL."""

import os
import shutil
import sys
from pathlib import Path

import psutil

from operate.admin.finding import Finding
from operate.cli.screen import words
from operate.home.home import Home
from operate.home.trouble import Trouble
from operate.servers import jars, postgres

GIGABYTE = 1024**3


def machine() -> Finding:
    free = psutil.virtual_memory().available
    version = ".".join(map(str, sys.version_info[:3]))
    cores, memory = os.cpu_count(), f"{free / GIGABYTE:.1f} GiB"
    seen = words(
        f"Python {version}, {cores} cores, {memory} of memory free",
        f"Python {version}，{cores} 核，可用内存 {memory}",
    )
    needed = words(
        "about 2.5 GiB are needed: end other programs, or add memory",
        "约需 2.5 GiB：请结束其他程序，或增加内存",
    )
    return Finding(words("machine", "机器"), seen, needed if free < 2 * GIGABYTE else "")


def disk(home: Home) -> Finding:
    folder = present(home.path)
    free = shutil.disk_usage(folder).free
    room = words(f"free some space on the disk of {folder}", f"请在 {folder} 所在磁盘腾出空间")
    seen = words(f"{free / GIGABYTE:.1f} GiB free", f"剩余 {free / GIGABYTE:.1f} GiB")
    return Finding(words("disk", "磁盘"), seen, room if free < GIGABYTE else "")


def present(path: Path) -> Path:
    """The path itself, or its nearest existing parent."""
    return next(each for each in (path, *path.parents) if each.exists())


def downloads() -> list[Finding]:
    """Count the Kafka files that are present and as pinned, without downloading any."""
    wanted = jars.read_list()
    folder = jars.cache_folder() / "m2"
    good = [jar for jar in wanted if jars.is_good(folder / jar.path, jar)]
    seen = words(
        f"{len(good)} of {len(wanted)} Kafka files in {folder}",
        f"{folder} 中有 Kafka 文件 {len(good)}/{len(wanted)} 个",
    )
    pinned = words(", all as pinned", "，均与锁定版本一致")
    return [Finding(words("downloads", "下载"), seen + pinned * (len(good) == len(wanted)))]


def permission() -> list[Finding]:
    if os.environ.get("DATABASE_URL"):
        return [Finding("PostgreSQL", words("from DATABASE_URL", "由 DATABASE_URL 指定"))]
    try:
        disguised = postgres.disguise()
    except Trouble as trouble:
        seen = words("cannot run as root here", "此处无法以 root 运行")
        return [Finding("PostgreSQL", seen, str(trouble))]
    as_root = words("as root, in a user namespace", "以 root 在用户命名空间中运行")
    return [Finding("PostgreSQL", as_root if disguised else words("embedded", "内嵌"))]
