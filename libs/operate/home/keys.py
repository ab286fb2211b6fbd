"""The keys of an installation: a file with one secret, and one more for each key rotation.

The file of an installation that was never rotated is the secret alone, 64 hexadecimal digits.
After a rotation it is JSON: `{"secret": …, "seals": [{"made": …, "secret": …}, …]}`, oldest first;
`retired` has the public keys of secrets that were thrown away. Where a token keeps the master key
(`token`), each secret stands here as that token has wrapped it.
"""

import fcntl
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backbone.postgres.migrate import secret_of
from backbone.process.keyring import Keyring
from backbone.process.settings import SCHEMAS
from backbone.process.signing import publics_of
from operate.home.home import write
from operate.home.token import Token
from operate.home.trouble import Trouble, full_disk_told

# The name under which the `liandong` command itself calls services.
OPERATOR = "liandong"
NAMES = sorted({*SCHEMAS.values(), OPERATOR})
SECRET = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Seal:
    """The secret that one rotation added; the key of each service derives from it."""

    made: datetime
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Retired:
    """A rotation whose secret was thrown away: its public keys verify what it has signed."""

    made: datetime
    publics: Mapping[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Keys:
    """Passwords, tokens and each service's first key derive from the secret; later keys from
    `seals`, oldest first. The same file gives the same keys, so a restart changes nothing.
    """

    secret: bytes = field(repr=False)
    seals: tuple[Seal, ...] = ()
    retired: tuple[Retired, ...] = ()
    # The token that has wrapped the secrets of the file; None for a file that holds them itself.
    kept_by: Token | None = None

    @classmethod
    def of(cls, path: Path, data: Path) -> "Keys":
        """Read the keys, or make them. Raises Trouble if they are missing but `data` exists."""
        if not path.exists():
            if data.exists():
                raise Trouble(
                    f"{path} is missing, and without it the data in {data} cannot be opened: "
                    f"put it back, or move {data} away to start empty.",
                    f"缺少 {path}，没有它就无法打开 {data} 中的数据：请放回该文件，"
                    f"或移走 {data} 以空数据重新开始。",
                )
            make(path)
        return cls.read(path)

    @classmethod
    def read(cls, path: Path) -> "Keys":
        """Raises Trouble for a file that is missing or damaged."""
        try:
            return _parsed(path.read_text().strip())
        except FileNotFoundError as error:
            raise Trouble(
                f"There are no keys yet: {path} is made by the first `liandong up`.",
                f"尚无密钥：首次执行 liandong up 时生成 {path}。",
            ) from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Trouble(
                f"{path} is damaged, or not this user's to read: put back a copy of it; nothing "
                "else opens the sealed data.",
                f"{path} 已损坏或当前用户无权读取：请放回其备份；没有它就无法打开已加密的数据。",
            ) from error

    def derive(self, purpose: str) -> str:
        return secret_of(self.secret, purpose)

    def password(self, role: str) -> str:
        return self.derive(f"role/{role}")

    def sealing(self, service: str) -> list[str]:
        """The keys of a service, oldest first: 32 bytes each, as hex. The last one seals."""
        every = (self.secret, *(seal.secret for seal in self.seals))
        return [secret_of(each, f"key/{service}") for each in every]

    def keyring(self, service: str) -> Keyring:
        return Keyring(tuple(bytes.fromhex(key) for key in self.sealing(service)))

    def signers(self) -> str:
        """The public keys of all services and the operator as JSON; old ones stay in it."""
        told = {}
        for name in NAMES:
            first, *later = publics_of(self.keyring(name))
            told[name] = [first, *(each.publics[name] for each in self.retired), *later]
        return json.dumps(told, indent=1)

    @property
    def token(self) -> str:
        """The token by which the services of one installation authenticate each other."""
        return self.derive("token")

    def api_key(self, unit: str, role: str, team: str = "") -> str:
        return f"ldk_{self.derive(f'apikey/{unit}/{role}/{team}')[:40]}"


def make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(path.parent) as folder:
        if not path.exists():  # else another command has made them at this moment
            _store(path, secrets.token_hex(32), folder)


def rotate(path: Path) -> Keys:
    """Add a secret, from which each service gets a new key; return all keys. Raises Trouble.

    The file is synced before this returns: text sealed with a lost key could never be opened.
    """
    fresh = Seal(datetime.now(UTC).replace(microsecond=0), secrets.token_bytes(32))
    return _changed(path, lambda keys: replace(keys, seals=(*keys.seals, fresh)))


def retire(path: Path, newest: Seal) -> Keys:
    """Throw away the secrets of all rotations before this one; return the keys that stay.

    Raises Trouble, with nothing changed, if another rotation came meanwhile.
    """

    def without(keys: Keys) -> Keys:
        if keys.seals[-1:] != (newest,):
            raise Trouble(
                "The keys were rotated meanwhile: run `liandong seals reseal` again first.",
                "其间密钥又被轮换：请先重新执行 liandong seals reseal。",
            )
        gone = tuple(Retired(each.made, _publics(each)) for each in keys.seals[:-1])
        return replace(keys, seals=(newest,), retired=(*keys.retired, *gone))

    return _changed(path, without)


def publish(secret: Path, path: Path) -> None:
    """Write the public keys of all services into a file that they read, if they have changed.

    The secrets are read anew: those of a process that started before a rotation would take its keys
    out again, and what is coded with them would be refused. Raises Trouble if they cannot be read.
    """
    with full_disk_told(path.parent), _alone(secret.parent):
        signers = Keys.read(secret).signers()
        if not path.exists() or path.read_text() != signers:
            write(path, signers)


def put_into_token(path: Path, token: Token) -> Keys:
    """Write the secrets anew, each wrapped by the token. Raises Trouble."""
    return _changed(path, lambda keys: replace(keys, kept_by=token))


def _publics(seal: Seal) -> dict[str, dict[str, str]]:
    alone = Keys(seal.secret)
    return {name: publics_of(alone.keyring(name))[0] for name in NAMES}


def _changed(path: Path, change: Callable[[Keys], Keys]) -> Keys:
    """Change the file of keys. Raises Trouble."""
    Keys.read(path)
    with full_disk_told(path.parent), _alone(path.parent) as folder:
        keys = change(Keys.read(path))
        _store(path, _written(keys), folder)
    return keys


def _written(keys: Keys) -> str:
    """The text of the file."""
    token = keys.kept_by

    def kept(secret: bytes) -> str:
        return token.wrap(secret) if token else secret.hex()

    document: dict[str, Any] = {"secret": kept(keys.secret)}
    document["seals"] = [{"made": e.made.isoformat(), "secret": kept(e.secret)} for e in keys.seals]
    if keys.retired:
        gone = [{"made": e.made.isoformat(), "publics": e.publics} for e in keys.retired]
        document["retired"] = gone
    if token:
        document["token"] = {"label": token.label, "key": token.key}
    return json.dumps(document)


def _parsed(text: str) -> Keys:
    """Parse the file's text. Raises ValueError, KeyError, TypeError, or Trouble for a token."""
    document: dict[str, Any] = json.loads(text) if text.startswith("{") else {"secret": text}
    known = document.get("token")
    token = Token(known["label"], known["key"]) if known else None

    def read(kept: str) -> bytes:
        return token.unwrap(kept) if token else _secret(kept)

    moments = [datetime.fromisoformat(each["made"]) for each in document.get("seals", [])]
    secrets_of = [read(each["secret"]) for each in document.get("seals", [])]
    told = document.get("retired", [])
    gone = [Retired(datetime.fromisoformat(each["made"]), each["publics"]) for each in told]
    seals = tuple(map(Seal, moments, secrets_of))
    return Keys(read(document["secret"]), seals, tuple(gone), token)


def _secret(text: str) -> bytes:
    if not SECRET.fullmatch(text):
        raise ValueError("not 64 hexadecimal digits")
    return bytes.fromhex(text)


@contextmanager
def _alone(folder: Path) -> Iterator[int]:
    """Lock the folder, so that concurrent rotations do not lose each other's key."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _store(path: Path, text: str, folder: int) -> None:
    """Write under another name and rename, so that a full disk never leaves half a secret."""
    fresh = path.with_name("secret.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    os.fsync(folder)
