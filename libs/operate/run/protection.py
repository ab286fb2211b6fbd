"""The protection of an installation's wires, with its certificates and passwords."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from backbone.process.certificates import flaw_of
from backbone.process.wires import (
    FOLDER,
    SECURE,
    Brokers,
    Protected,
    Wires,
    is_secure,
    servers_in,
)
from operate.home import certificates
from operate.home.certificates import IDENTITIES, OPERATOR
from operate.home.home import Home
from operate.home.keys import Keys
from operate.home.trouble import Trouble
from operate.servers.postgres import verified

ADMIN_USER, ADMIN_PASSWORD = "KAFKA_ADMIN_USER", "KAFKA_ADMIN_PASSWORD"


@dataclass(frozen=True, slots=True)
class Protection:
    """`secure`, the folder of the certificates, and the administrator of a Kafka of one's own."""

    secure: bool = False
    folder: Path = Path()
    admin: str = ""
    admin_password: str = field(default="", repr=False)

    @classmethod
    def remembered(cls, told: Mapping[str, Any]) -> "Protection":
        return cls(**{**told, "folder": Path(told["folder"])})

    def to_remember(self) -> dict[str, Any]:
        return {
            "secure": self.secure,
            "folder": str(self.folder),
            "admin": self.admin,
            "admin_password": self.admin_password,
        }

    def of(self, name: str) -> Wires | None:
        """The wires of an identity; None without protection."""
        return Wires(name, self.folder) if self.secure else None

    def demanded(self, dsn: str) -> str:
        """The address of a database of one's own. Raises Trouble if it gives protection away."""
        if not self.secure:
            return dsn
        mode = dict(parse_qsl(urlsplit(dsn).query)).get("sslmode", "verify-full")
        if mode != "verify-full":
            raise Trouble(
                f"DATABASE_URL says sslmode={mode}, which does not prove that the server is yours: "
                f"use sslmode=verify-full, or {SECURE}=0 for a city without protected wires.",
                f"DATABASE_URL 的 sslmode={mode} 无法证明服务器身份："
                f"请改用 sslmode=verify-full，或设 {SECURE}=0 以不加保护的方式运行。",
            )
        return verified(dsn, servers_in(self.folder))

    def administered(self, addresses: str) -> Brokers:
        """A Kafka of one's own as its administrator reaches it."""
        if not self.secure:
            return addresses
        wires = Wires(OPERATOR, self.folder, self.admin_password, self.admin)
        return Protected(addresses, wires)

    def told(self, keys: Keys, names: Sequence[str]) -> dict[str, str]:
        """The environment of a process of these services: their own passwords only."""
        if not self.secure:
            return {SECURE: "0"}
        passwords = {
            f"LIANDONG_{name.upper().replace('-', '_')}_KAFKA_PASSWORD": kafka_password(keys, name)
            for name in names
        }
        return {SECURE: "1", FOLDER: str(self.folder), **passwords}

    def prepare(self, home: Home) -> None:
        """Make missing certificates, renew those that are due. Raises Trouble for unusable ones."""
        if not self.secure:
            return
        if self.folder == default_folder(home) or (self.folder / certificates.AUTHORITY).exists():
            certificates.create(self.folder)
            certificates.renew_due(self.folder)
        for name in IDENTITIES:
            if flaw := flaw_of(Wires(name, self.folder)):
                raise Trouble(flaw.english, flaw.chinese)


OPEN = Protection()


def protection_of(home: Home, servers: Mapping[str, str]) -> Protection:
    """The protection that the environment asks for; with servers of one's own it is the default."""
    try:
        secure = is_secure(os.environ, default=any(servers.values()))
    except ValueError as error:
        raise Trouble(f"{error}.", f"{SECURE} 只能是 1 或 0：{error}。") from error
    folder = Path(os.environ.get(FOLDER) or default_folder(home)).absolute()
    admin, password = os.environ.get(ADMIN_USER, ""), os.environ.get(ADMIN_PASSWORD, "")
    return Protection(secure, folder, admin, password)


def default_folder(home: Home) -> Path:
    return home.path / "certificates"


def kafka_password(keys: Keys, service: str) -> str:
    """The password with which a service comes to Kafka."""
    return keys.derive(f"kafka/{service}")
