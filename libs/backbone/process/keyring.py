"""The keys of one service, read from its environment: the last one seals, all of them open."""

import re
from dataclasses import dataclass, field
from hashlib import sha256

KEY = re.compile(r"[0-9a-fA-F]{64}")


def key_id(key: bytes) -> str:
    """Eight hexadecimal digits that identify a key without revealing it."""
    return sha256(b"liandong key id\0" + key).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys of 32 bytes, oldest first: a rotation adds one at the end and removes none."""

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
