"""Signatures of services: Ed25519 for events, which last; a code between two services for calls.

Every service derives its private keys from its own keyring and knows the public keys of all. An
event carries a signature that any reader, also years later, checks with public keys alone. A call,
or a command on its topic, carries an authentication code: HMAC-SHA-256 under a key that X25519
agrees between sender and receiver, so that only these two can make it, at a fiftieth of the cost
of a signature. An event on its topic carries such codes beside its signature, one for each service,
so that a reader of the hour need not check the signature. Key ids stand before all of them; a
rotation adds keys and removes none.
"""

import hmac
import json
import logging
import time
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from backbone.process.keyring import Keyring, key_id

log = logging.getLogger(__name__)

ID = 4  # bytes of a key's id before a signature or a code
SIGNATURE = 64  # bytes of a signature itself
SHORT = 16  # bytes of a code that stands beside a signature or among others
# Seconds between two readings of the file of public keys for ids that are not known.
REREAD = 1.0
SIGN, AGREE = b"liandong sign", b"liandong agree"

Publics = Mapping[str, list[dict[str, str]]]


def _seed(key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, purpose, sha256)


def publics_of(keyring: Keyring) -> list[dict[str, str]]:
    """The public keys of one service, oldest first, as the file of all of them holds them."""
    return [
        {
            "id": key_id(key),
            "sign": Ed25519PrivateKey.from_private_bytes(_seed(key, SIGN))
            .public_key()
            .public_bytes_raw()
            .hex(),
            "agree": X25519PrivateKey.from_private_bytes(_seed(key, AGREE))
            .public_key()
            .public_bytes_raw()
            .hex(),
        }
        for key in keyring.keys
    ]


class Verifier:
    """The public keys of all services: from JSON, or from a file that is read again for an id
    that is not known, because a rotation adds keys while services run."""

    def __init__(self, told: str, own: Publics | None = None) -> None:
        """Raises OSError or ValueError if the keys cannot be read."""
        self._told = told
        self._own = own or {}
        self._read_at = 0.0
        self._keys: dict[tuple[str, str], dict[str, str]] = {}
        self._first: dict[str, dict[str, str]] = {}
        self._signing: dict[tuple[str, str], Ed25519PublicKey] = {}
        self._read()

    def is_signed(self, name: str, statement: bytes, signature: bytes) -> bool:
        """Whether the service of that name has signed the statement, with any key of its own."""
        key = self._verifying(name, signature[:ID].hex())
        try:
            if key is not None:
                key.verify(signature[ID : ID + SIGNATURE], statement)
        except InvalidSignature:
            return False
        return key is not None

    def agreeing(self, name: str, key: str) -> bytes | None:
        """The public key for agreements of a service by its id; of an empty id, the first one."""
        found = self._known(name, key) if key else self._first.get(name)
        return bytes.fromhex(found["agree"]) if found else None

    def _verifying(self, name: str, key: str) -> Ed25519PublicKey | None:
        known = self._signing.get((name, key))
        if known is None and (found := self._known(name, key)):
            known = Ed25519PublicKey.from_public_bytes(bytes.fromhex(found["sign"]))
            self._signing[name, key] = known
        return known

    def _known(self, name: str, key: str) -> dict[str, str] | None:
        if (name, key) not in self._keys and time.monotonic() > self._read_at + REREAD:
            try:
                self._read()
            except (OSError, ValueError) as error:
                log.error("signers.unreadable", extra={"error": str(error)})
        return self._keys.get((name, key))

    def _read(self) -> None:
        self._read_at = time.monotonic()
        text = self._told
        if text and not text.startswith("{"):
            text = Path(text).read_text()
        found: dict[str, Any] = json.loads(text) if text else {}
        for name, own in self._own.items():
            # A rotation may have given another process of this service a newer key.
            found[name] = [*own, *(each for each in found.get(name, ()) if each not in own)]
        self._keys = {(name, each["id"]): each for name, keys in found.items() for each in keys}
        self._first = {name: keys[0] for name, keys in found.items()}
        self.names = tuple(sorted(found))


class Signatures(Verifier):
    """One service's own keys beside the public keys of all."""

    def __init__(self, name: str, keyring: Keyring, told: str) -> None:
        """`told` is JSON, or the path of the file of public keys; a service always knows its own.

        Raises OSError or ValueError if the keys cannot be read.
        """
        super().__init__(told, {name: publics_of(keyring)})
        self.name = name
        self._id = bytes.fromhex(key_id(keyring.sealing))
        self._private = Ed25519PrivateKey.from_private_bytes(_seed(keyring.sealing, SIGN))
        self._newest = X25519PrivateKey.from_private_bytes(_seed(keyring.sealing, AGREE))
        # Others agree with the first key: it is the one that every process of this service has
        # while a rotation restarts them one after the other.
        self._lasting = X25519PrivateKey.from_private_bytes(_seed(keyring.lasting, AGREE))
        self._to = lru_cache(maxsize=64)(self._agreed_to)
        self._from = lru_cache(maxsize=256)(self._agreed_from)

    def sign(self, statement: bytes) -> bytes:
        """The signature, and after it a code by which this service knows it again."""
        own = self._short(self.name, sha256(statement).digest())
        return self._id + self._private.sign(statement) + own

    def code(self, receiver: str, statement: bytes) -> bytes:
        """The code that only this service and the receiver can make. Raises LookupError."""
        return self._id + hmac.digest(self._to(receiver), statement, "sha256")

    def is_coded(self, sender: str, statement: bytes, code: bytes) -> bool:
        """Whether the sender has made this code for this service."""
        try:
            key = self._from(sender, code[:ID].hex())
        except LookupError:
            return False
        return hmac.compare_digest(hmac.digest(key, statement, "sha256"), code[ID:])

    def codes(self, statement: bytes, signature: bytes) -> bytes:
        """A code for each service: `key id,service:code,service:code`, in hexadecimal digits.

        Nothing for a statement that this service has not signed, or not yet in this form: a row
        that was forged in its database gets no code.
        """
        own, digest = signature[ID + SIGNATURE :], sha256(statement).digest()
        if not own or not self._is_short(self.name, signature[:ID].hex(), digest, own):
            return b""
        each = (f"{name}:{self._short(name, digest).hex()}" for name in self.names)
        return ",".join((self._id.hex(), *each)).encode()

    def is_among(self, sender: str, statement: bytes, codes: bytes) -> bool:
        """Whether the sender has made the code for this service among `codes`."""
        found = {
            name: code for name, _, code in (each.partition(b":") for each in codes.split(b","))
        }
        key, code = codes[: 2 * ID], found.get(self.name.encode(), b"")
        digest = sha256(statement).digest()
        try:
            return self._is_short(sender, key.decode(), digest, bytes.fromhex(code.decode()))
        except ValueError:
            return False

    def _short(self, receiver: str, digest: bytes) -> bytes:
        """The code of a digest: a statement of some kilobytes is hashed once for all receivers."""
        return hmac.digest(self._to(receiver), digest, "sha256")[:SHORT]

    def _is_short(self, sender: str, key: str, digest: bytes, code: bytes) -> bool:
        try:
            made = hmac.digest(self._from(sender, key), digest, "sha256")[:SHORT]
        except LookupError:
            return False
        return hmac.compare_digest(made, code)

    def _agreed_to(self, receiver: str) -> bytes:
        return self._agreed(self._newest, receiver, "")

    def _agreed_from(self, sender: str, key: str) -> bytes:
        return self._agreed(self._lasting, sender, key)

    def _agreed(self, own: X25519PrivateKey, name: str, key: str) -> bytes:
        other = self.agreeing(name, key)
        if other is None:
            raise LookupError(f"no key {key or 'at all'} of {name} is known")
        return sha256(AGREE + own.exchange(X25519PublicKey.from_public_bytes(other))).digest()
