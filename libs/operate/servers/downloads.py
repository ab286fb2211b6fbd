"""Downloads jars from Maven's repository, or from the mirror that the machine's owner names.

It is imported only where a jar is missing.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import requests
import truststore
from jgo.maven import MavenContext

from operate.home.trouble import Trouble
from operate.servers.jars import Jar, is_good


def download(
    repository: Path, missing: list[Jar], pool: ThreadPoolExecutor, done: Callable[[int], object]
) -> None:
    """Download these jars into the local repository. Raises Trouble.

    Certificates are of no concern to a start that has all jars: to trust the machine's changes
    the ssl module for all threads, and breaks a connection that another one makes meanwhile.
    """
    maven = MavenContext(repo_cache=repository, remote_repos=mirror(), timeout=30)
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
