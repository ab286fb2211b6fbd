"""The keys that seal data: kept by the database, wrapped under master keys that it never has.

A root is random; the keys of its owner, one for each purpose and year, derive from it. When a
master key is replaced, the roots are wrapped anew and what they have sealed stays as it is: a
journal, whose rows are chained and signed, could not be sealed anew without losing its proof.
"""

import asyncio
import hmac
import logging
import re
import secrets
from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backbone.postgres.numbers import today
from backbone.postgres.pool import Pool, said_by
from backbone.process.keyring import Keyring, key_id
from backbone.process.pulse import Pulse
from backbone.words.errors import Unavailable

log = logging.getLogger(__name__)

# The purposes of keys.
FIELDS, SPANS, PERSON = "fields", "spans", "person"
# The owner of the keys of free texts, which pass between services.
TEXTS = "texts"
DERIVED = re.compile(r"([a-z]+)-([a-z]+)-([0-9]{4})-([0-9a-f]{8})")
NONCE = 12
# How often the table is read again, in looks; and how often is looked for a key that is missed.
LOOKS, LOOK = 50, 0.2

# How many lost keys are named.
SHOWN = 3
UNOPENED = "Personal data cannot be opened"

# The keys of single records are read with their records.
READ = """
SELECT id, wrapped_by, wrapped FROM data_keys WHERE owner = $1 AND about IS NULL ORDER BY time, id
"""


def root_id(owner: str, root: bytes) -> str:
    return f"{owner}-{key_id(root)}"


def wrap(master: bytes, name: str, key: bytes) -> bytes:
    """The key as the database keeps it, bound to its id."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(_wrapping(master)).encrypt(nonce, key, name.encode())


def unwrap(master: bytes, name: str, wrapped: bytes) -> bytes:
    """Raises ValueError if it was not wrapped under this master key with this id."""
    try:
        cipher = AESGCM(_wrapping(master))
        return cipher.decrypt(wrapped[:NONCE], wrapped[NONCE:], name.encode())
    except InvalidTag as error:
        raise ValueError("wrapped under another key, or for another id") from error


def opened(masters: Keyring, row: Any) -> bytes | None:
    """The key of a row; None if its master key is not here, or is not the one that wrapped it."""
    master = masters.key(row["wrapped_by"])
    try:
        return unwrap(master, row["id"], bytes(row["wrapped"])) if master else None
    except ValueError:
        log.error("data_key.damaged", extra={"key": row["id"]})
        return None


class DataKeys:
    """The keys of one owner and purpose, by id. Those of other years and purposes open, too."""

    def __init__(self, owner: str, purpose: str, masters: Keyring) -> None:
        self.owner, self.purpose, self.masters = owner, purpose, masters
        # The ids that were asked for in vain since the table was last read.
        self.missed: set[str] = set()
        # Those of sealed fields that the table did not have then either. A span of a text may be
        # one that a stranger has typed.
        self.lost: set[str] = set()
        self._read = False
        self._roots: dict[str, bytes] = {}  # by the digits of their ids, oldest first
        self._others: dict[str, bytes] = {}
        self._year, self._newest = 0, ("", b"")

    @property
    def lasting(self) -> bytes:
        return self.masters.lasting

    def newest(self) -> tuple[str, bytes]:
        year = today().year
        if year != self._year:
            self._newest = self._of(year)
            self._year = year
        return self._newest

    def key(self, key: str) -> bytes | None:
        found = self._found(key)
        if found is None:
            self.missed.add(key)
        return found

    def learn(self, rows: Iterable[Any]) -> None:
        """Take over the rows of the table, oldest first."""
        self._roots, self._others = {}, {}
        for row in rows:
            name, root = row["id"], opened(self.masters, row)
            if root is None:
                continue  # newer than this process, which goes on with those that it can open
            if name == root_id(self.owner, root):
                self._roots[key_id(root)] = root
            else:  # a master key of before, with which earlier releases have sealed
                self._others[name] = root
        asked = self.lost | {key for key in self.missed if self._seals_fields(key)}
        self.lost = {key for key in asked if self._found(key) is None}
        self.missed.clear()
        self._read, self._year = True, 0

    def _of(self, year: int) -> tuple[str, bytes]:
        if not self._read:
            raise Unavailable("UNKNOWN_REPEAT")
        if not self._roots:
            return self.masters.newest()
        name = next(reversed(self._roots))
        derived = f"{self.owner}-{self.purpose}-{year}-{name}"
        return derived, _derived(self._roots[name], derived)

    def _seals_fields(self, key: str) -> bool:
        """Whether the id is of this purpose, or of a master key, as earlier releases wrote it."""
        parts = DERIVED.fullmatch(key)
        return self.purpose == FIELDS and (parts[2] == FIELDS if parts else key.isalnum())

    def _found(self, key: str) -> bytes | None:
        parts = DERIVED.fullmatch(key)
        if parts is None:
            return self.masters.key(key) or self._others.get(key)
        root = self._roots.get(parts[4]) if parts[1] == self.owner else None
        return root and _derived(root, key)


async def read_keys(pool: Pool, known: Sequence[DataKeys]) -> None:
    """Read the keys of these owners from the database."""
    for each in known:
        each.learn(await pool.fetch(READ, each.owner))


def flaw_of(lost: Collection[str]) -> str:
    """The sentence for keys that sealed values name and the table lacks; else empty."""
    if not lost:
        return ""
    named = ", ".join([*sorted(lost)[:SHOWN], *(["…"] if len(lost) > SHOWN else [])])
    return (
        f"{UNOPENED}: there is no key {named}. Restore its row of data_keys, or the file of keys, "
        f"from a backup (docs/keys.md). 缺少密钥 {named}，其加密的个人信息无法显示："
        "请从备份恢复 data_keys 中的对应行或密钥文件（见 docs/keys.md）。"
    )


async def run_keys(pool: Pool, pulse: Pulse, known: Sequence[DataKeys]) -> None:
    """Read the keys now and again, and at once when one was missed; for ever."""
    while True:
        pulse.beat("keys")
        try:
            await read_keys(pool, known)
            pulse.note("lost keys", flaw_of({key for each in known for key in each.lost}))
        except Exception as error:  # noqa: BLE001  # the database tells readiness itself
            log.warning("keys.away", extra={"error": said_by(error)})
        for _ in range(LOOKS):
            await asyncio.sleep(LOOK)
            if any(each.missed for each in known):
                break


def _wrapping(master: bytes) -> bytes:
    return hmac.digest(master, b"wraps the keys of data", sha256)


def _derived(root: bytes, name: str) -> bytes:
    return hmac.digest(root, name.encode(), sha256)
