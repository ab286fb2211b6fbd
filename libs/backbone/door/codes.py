"""Codes of rows, which only their service can make: over what a row says, with a key of its own.

Codes are made with the first key of the service, which is never retired.
"""

import hmac
from hashlib import sha256

from backbone.process.keyring import Keyring, key_id

PURPOSE = b"liandong row"
ID, CODE = 4, 16  # bytes of the key's id and of the code


class Codes:
    """The codes of one service."""

    def __init__(self, keyring: Keyring, service: str) -> None:
        self.service = service
        self._keys = {
            bytes.fromhex(key_id(key)): hmac.digest(key, PURPOSE, sha256) for key in keyring.keys
        }
        self._own = bytes.fromhex(key_id(keyring.lasting))

    def of(self, told: bytes) -> bytes:
        """The code of what a row says; `told` begins with the name of its table."""
        return self._code(self._own, told)

    def fits(self, told: bytes, given: bytes | None) -> bool:
        """Whether the service has made this code for what the row says."""
        known = (given or b"")[:ID]
        return known in self._keys and hmac.compare_digest(self._code(known, told), given or b"")

    def _code(self, known: bytes, told: bytes) -> bytes:
        said = f"{self.service}.".encode() + told
        return known + hmac.digest(self._keys[known], said, sha256)[:CODE]
