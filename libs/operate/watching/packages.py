"""Prometheus and Alertmanager: those of this machine, else Debian's packages, unpacked once."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from operate.home.trouble import Trouble, full_disk_told
from operate.servers.jars import cache_folder

# The program, and the package that has it.
PACKAGES = {
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "amtool": "prometheus-alertmanager",
}
# Debian's build reads its templates there. In our copy the path begins where the program starts,
# so that no file of the machine is needed; both have the same length.
SHARED = b"/usr/share/prometheus/alertmanager"
BESIDE = b"usr//share/prometheus/alertmanager"
PATIENCE = 300.0


def program(name: str) -> Path:
    """The path of a program, downloaded and unpacked when needed. Raises Trouble."""
    found = shutil.which(name)
    if found:
        return Path(found)
    return unpacked(PACKAGES[name]) / "usr" / "bin" / name


def unpacked(package: str) -> Path:
    """The folder with the files of a package, downloaded when needed. Raises Trouble."""
    folder = cache_folder() / "debian" / package
    if not folder.exists():
        _unpack(package, folder)
    return folder


def root_of(path: Path) -> Path:
    """The folder from which a program finds its files."""
    return path.parents[2]


def _unpack(package: str, into: Path) -> None:
    """Download and unpack beside, then move: a half-made folder is never used."""
    into.parent.mkdir(parents=True, exist_ok=True)
    with full_disk_told(into.parent), (into.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another checkout may be at it
        if into.exists():
            return
        beside = into.with_name(f".{package}.{os.getpid()}")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        try:
            _run(package, ["apt-get", "download", package], beside)
            [file] = beside.glob("*.deb")
            _run(package, ["dpkg", "-x", str(file), "unpacked"], beside)
            for each in (beside / "unpacked" / "usr" / "bin").glob("*"):
                each.write_bytes(each.read_bytes().replace(SHARED, BESIDE))
            (beside / "unpacked").rename(into)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def _run(package: str, command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unavailable(package, str(error)) from error
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        raise _unavailable(package, said[0] if said else done.stderr.strip()[-200:])


def _unavailable(package: str, why: str) -> Trouble:
    return Trouble(
        f"Debian's package {package} cannot be had here ({why}): run `apt-get update` as root "
        "once, or install Prometheus and Alertmanager yourself, so that they stand in PATH. "
        "The city runs without them.",
        f"无法取得 Debian 软件包 {package}（{why}）：请先以 root 执行一次 apt-get update，"
        "或自行安装 Prometheus 和 Alertmanager 并放入 PATH。没有它们，联动照常运行。",
    )
