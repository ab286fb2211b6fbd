"""The wires of a service in a secure city: its certificate, whom it trusts, its name at Kafka.

A folder holds `ca.pem`, the authorities that services trust, and for each identity `<name>.pem`:
its private key and certificate in one file, so that a renewal replaces both at once. `servers.pem`,
if there is one, holds the authorities of Kafka and PostgreSQL. Every user of these files reads them
anew when they change (`backbone.process.current`); a renewal needs no restart.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

SECURE, FOLDER = "LIANDONG_SECURE", "LIANDONG_CERTIFICATES"
# The identity of a service is this name in its certificate, whatever the host is called.
DOMAIN = ".liandong"
MECHANISM = "SCRAM-SHA-512"
# The names at Kafka, so that they stand apart from those of other programs.
USER = "liandong-"
YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")

# When the files of an identity were last written, to see a renewal.
Stamp: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Wires:
    """The files of one identity, and its password at Kafka; without one its certificate serves."""

    name: str
    folder: Path
    password: str = field(default="", repr=False)
    login: str = ""

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def own(self) -> Path:
        return self.folder / f"{self.name}.pem"

    @property
    def user(self) -> str:
        """The name at Kafka."""
        return self.login or f"{USER}{self.name}"

    @property
    def servers(self) -> Path:
        """The authorities that Kafka and PostgreSQL must be known to."""
        return servers_in(self.folder)

    def stamp(self) -> Stamp:
        """Changes when a file is replaced; zeros while one is missing."""
        return tuple(written(path) for path in (self.ca, self.own, self.servers))


@dataclass(frozen=True, slots=True)
class Protected:
    """Brokers that are reached over TLS as one user, or by certificate if there is no password."""

    addresses: str
    wires: Wires

    def __str__(self) -> str:
        return self.addresses


# Plain addresses are those of brokers without protection.
Brokers: TypeAlias = str | Protected


def servers_in(folder: Path) -> Path:
    own = folder / "servers.pem"
    return own if own.exists() else folder / "ca.pem"


def written(path: Path) -> int:
    """When a file was last written, to see a renewal; 0 while it is missing."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def is_secure(environ: Mapping[str, str], default: bool) -> bool:
    """Whether the wires are protected. Raises ValueError for a word that says neither."""
    said = environ.get(SECURE, "").strip().lower()
    if said and said not in YES + NO:
        raise ValueError(f"{SECURE} is neither 1 nor 0: {said!r}")
    return said in YES if said else default


def read_wires(name: str, environ: Mapping[str, str], flaws: list[str]) -> Wires | None:
    """The wires of a service, None in a city without protection; what is wrong joins `flaws`.

    A service that is started by hand has servers of its own, so it is protected unless told not to.
    """
    try:
        if not is_secure(environ, default=True):
            return None
    except ValueError as error:
        flaws.append(str(error))
        return None
    folder = environ.get(FOLDER, "")
    variable = f"LIANDONG_{name.upper().replace('-', '_')}_KAFKA_PASSWORD"
    if not folder:
        flaws.append(f"{FOLDER} is missing ({SECURE}=0 runs a city without protected wires)")
    if not environ.get(variable):
        flaws.append(f"{variable} is missing")
    wires = Wires(name, Path(folder), environ.get(variable, ""))
    flaws += [f"{path} cannot be read" for path in (wires.ca, wires.own) if not _readable(path)]
    return wires


def _readable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.R_OK)
