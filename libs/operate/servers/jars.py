"""Kafka's jars: downloaded once into the user's cache, verified by SHA-256 at each start."""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
import truststore
from jgo.maven import MavenContext

from operate.home.trouble import Trouble, full_disk_told

LIST = Path(__file__).with_name("jars.txt")
Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the pinned list."""

    group: str
    name: str
    version: str
    sha256: str

    @property
    def path(self) -> Path:
        """The jar's path below a Maven repository."""
        folder = Path(*self.group.split("."), self.name, self.version)
        return folder / f"{self.name}-{self.version}.jar"


def cache_folder() -> Path:
    """The folder of downloads, which all checkouts of this user share."""
    parent = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(parent) / "liandong"


def read_list(path: Path = LIST) -> list[Jar]:
    """Each line is `group:name:version sha256`; deploy/pin_jars.py writes the file."""
    lines = [line for line in path.read_text().splitlines() if line and line[0] != "#"]
    return [Jar(*line.replace(" ", ":").split(":")) for line in lines]


def fetch(
    jars: list[Jar], cache: Path, progress: Progress = lambda done, total: None
) -> list[Path]:
    """Return the path of each jar, in order; missing and damaged jars are downloaded.

    Raises Trouble if a jar cannot be downloaded, or differs from the pinned one.
    """
    cache.mkdir(parents=True, exist_ok=True)
    maven = MavenContext(repo_cache=cache / "m2", remote_repos=mirror(), timeout=30)
    kept = [maven.repo_cache / jar.path for jar in jars]
    with full_disk_told(cache), alone(cache / "m2.lock"), ThreadPoolExecutor(8) as pool:
        good = list(pool.map(is_good, kept, jars))
        missing = [jar for jar, is_there in zip(jars, good, strict=True) if not is_there]
        progress(len(jars) - len(missing), len(jars))
        if missing:
            download(maven, missing, pool, lambda done: progress(sum(good) + done, len(jars)))
    return kept


def download(
    maven: MavenContext, missing: list[Jar], pool: ThreadPoolExecutor, done: Callable[[int], object]
) -> None:
    """Certificates are of no concern to a start that has all jars: to trust the machine's changes
    the ssl module for all threads, and breaks a connection that another one makes meanwhile."""
    with the_machine_s_certificates():
        for number, _ in enumerate(pool.map(lambda jar: one(maven, jar), missing), 1):
            done(number)


def mirror() -> dict[str, str] | None:
    """The repository that LIANDONG_MAVEN_MIRROR names, None for Maven's default."""
    address = os.environ.get("LIANDONG_MAVEN_MIRROR")
    return {"mirror": address.rstrip("/")} if address else None


def one(maven: MavenContext, jar: Jar) -> Path:
    """Download one jar; a damaged copy, such as half a download, is downloaded again."""
    artifact = maven.project(jar.group, jar.name).at_version(jar.version).artifact()
    kept = maven.repo_cache / jar.path
    if is_good(kept, jar):
        return kept
    for _ in range(2):
        kept.unlink(missing_ok=True)
        try:
            artifact.resolve()
        except (requests.RequestException, RuntimeError) as error:
            failure: Exception = error
            continue
        if is_good(kept, jar):
            return kept
        failure = ValueError("its SHA-256 is not the one in libs/operate/servers/jars.txt")
    kept.unlink(missing_ok=True)
    raise not_had(jar, failure) from failure


@contextmanager
def the_machine_s_certificates() -> Iterator[None]:
    """Trust the authorities that this machine trusts, as pip does: a proxy that inspects the
    traffic signs with an authority of its own, which the machine's owner has installed."""
    truststore.inject_into_ssl()
    try:
        yield
    finally:
        truststore.extract_from_ssl()


def not_had(jar: Jar, failure: Exception) -> Trouble:
    if isinstance(failure, requests.exceptions.SSLError):
        return untrusted(jar, failure)
    return Trouble(
        f"{jar.path.name} could not be downloaded ({failure}). Check the network, or name a Maven "
        "repository that you can reach: LIANDONG_MAVEN_MIRROR=https://… make run",
        f"无法下载 {jar.path.name}（{failure}）。请检查网络，或指定可访问的 Maven 仓库："
        "LIANDONG_MAVEN_MIRROR=https://… make run",
    )


def untrusted(jar: Jar, failure: Exception) -> Trouble:
    return Trouble(
        f"{jar.path.name} could not be downloaded: this machine does not trust the certificate of "
        f"the repository, or of a proxy on the way ({failure}). Install the certificate of its "
        "authority on this machine (on Debian and Ubuntu: into /usr/local/share/ca-certificates, "
        "then update-ca-certificates), or name its file: SSL_CERT_FILE=… make run",
        f"无法下载 {jar.path.name}：本机不信任仓库或途中代理的证书（{failure}）。"
        "请在本机安装其颁发机构的证书（Debian、Ubuntu：放入 /usr/local/share/ca-certificates "
        "后执行 update-ca-certificates），或指定证书文件：SSL_CERT_FILE=… make run",
    )


def is_good(path: Path, jar: Jar) -> bool:
    return path.exists() and checksum(path) == jar.sha256


def checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold a lock file, so that two checkouts do not write the same jar at once."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
