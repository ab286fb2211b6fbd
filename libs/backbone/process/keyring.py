"""Where keys come from: by the id that each sealed value names. The master keys of one service are
read from its environment."""

import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

KEY = re.compile(r"[0-9a-fA-F]{64}")
# So do connections to the database name the newest key that their process has.
SEALS_WITH = "liandong seals with "


def key_id(key: bytes) -> str:
    """Eight hexadecimal digits that identify a key without revealing it."""
    return sha256(b"liandong key id\0" + key).hexdigest()[:8]


class KeyProvider(Protocol):
    """Gives the key of every sealed value, by its id."""

    @property
    def lasting(self) -> bytes:
        """The key that no rotation changes: values that must stay equal derive from it."""

    def newest(self) -> tuple[str, bytes]:
        """The id and the key that seal now. Raises Unavailable while they are not known yet."""

    def key(self, key: str) -> bytes | None:
        """The key with this id; None if it is not here, or is here no more."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The master keys of one service, 32 bytes each, oldest first: a rotation adds one at the end.

    They wrap the keys that the database keeps (`backbone.postgres.data_keys`). Earlier releases
    sealed with them, and so does a service whose database has no keys yet.
    """

    keys: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def read(cls, text: str) -> "Keyring":
        """Read comma-separated keys in hexadecimal. Raises ValueError with the text of `flaw`."""
        if found := flaw(text):
            raise ValueError(found)
        return cls(tuple(bytes.fromhex(each) for each in text.split(",")))

    @property
    def sealing(self) -> bytes:
        """The key that seals."""
        return self.keys[-1]

    @property
    def lasting(self) -> bytes:
        """The first key, which no rotation changes. Values that must stay equal derive from it:
        exact-match indexes, PINs, and the hashes that recognise a repeated request.
        """
        return self.keys[0]

    def newest(self) -> tuple[str, bytes]:
        return key_id(self.sealing), self.sealing

    @property
    def told(self) -> str:
        """What the connections of its process say of it to the operator."""
        return SEALS_WITH + key_id(self.sealing)

    def key(self, key: str) -> bytes | None:
        return next((each for each in self.keys if key_id(each) == key), None)


def flaw(text: str) -> str:
    """The first flaw in the text of a keyring, without quoting it; empty if there is none."""
    keys = text.split(",")
    for number, key in enumerate(keys, 1):
        if not KEY.fullmatch(key):
            which = "" if len(keys) == 1 else f"key {number} of {len(keys)} is "
            return f"{which}not 64 hexadecimal digits"
    if len({key.lower() for key in keys}) < len(keys):
        return "one key stands twice"
    return ""
