"""The PostgreSQL of a secure city: built with TLS, which that of the wheel is not.

Both are of one major version and open each other's data. It is downloaded once like Kafka's jars,
verified, and unpacked into the cache that all checkouts share.
"""

import io
import platform
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path

from operate.home.trouble import Trouble, full_disk_told
from operate.servers import jars
from operate.servers.jars import Jar

GROUP, VERSION = "io.zonky.test.postgres", "18.4.0"
# By machine: the name of its build, and the SHA-256 of that file.
BUILDS = {
    "x86_64": ("amd64", "401d4e69baba9072d3772607710df0d47b39a7632c6b01b2a5f5d85a9514e212"),
    "aarch64": ("arm64v8", "a9ec284923b9a7d2db41509bfb88c3d0eeb9f4aa5e2b29ea0aac5e8dbaf4c335"),
}


def folder() -> Path:
    """The folder with bin, lib and share. Downloads and unpacks it if need be. Raises Trouble."""
    cache = jars.cache_folder()
    jar = build_of(platform.machine())
    place = cache / "postgres" / f"{VERSION}-{jar.sha256[:16]}"
    if not place.exists():
        [path] = jars.fetch([jar], cache)
        with full_disk_told(cache), jars.alone(cache / "postgres.lock"):
            if not place.exists():
                unpack(path, place)
    return place


def build_of(machine: str) -> Jar:
    if machine not in BUILDS:
        raise Trouble(
            f"There is no PostgreSQL with TLS for {machine} to download: name a server of your own "
            "with DATABASE_URL, or run without LIANDONG_SECURE.",
            f"没有适用于 {machine} 的带 TLS 的 PostgreSQL 可供下载："
            "请用 DATABASE_URL 指定自己的服务器，或不设 LIANDONG_SECURE。",
        )
    name, checksum = BUILDS[machine]
    return Jar(GROUP, f"embedded-postgres-binaries-linux-{name}", VERSION, checksum)


def unpack(jar: Path, place: Path) -> None:
    """Unpack beside the place and rename, so that a half-done folder is never used."""
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=place.parent))
    try:
        with zipfile.ZipFile(jar) as outer:
            inner = next(name for name in outer.namelist() if name.endswith(".txz"))
            with tarfile.open(fileobj=io.BytesIO(outer.read(inner)), mode="r:xz") as archive:
                archive.extractall(fresh, filter="data")
        fresh.chmod(0o755)
        fresh.rename(place)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
