"""Encryption of personal data: sealed before it enters a command, opened only to be shown.

A sealed text is `v2.`, the id of its key, a dot, and base64url of nonce and AES-256-GCM
ciphertext; the key's id and the name of the field are its associated data. The id says whose key
it is, for what and of which year (`alarm-fields-2026-1a2b3c4d`); eight digits alone are a master
key. `v1.` texts were sealed before keys had ids: the first key opens them. State, journal, events
and Kafka never hold the plain text.
"""

import hmac
import logging
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backbone.postgres.span_sealing import SpanSealer
from backbone.process.keyring import KeyProvider, key_id
from backbone.process.metrics import UNOPENED_FIELDS
from backbone.words.spans import KEY

NONCE = 12
V2 = re.compile(rf"v2\.({KEY})\.([A-Za-z0-9_=-]*)")


log = logging.getLogger(__name__)

# In the place of a field whose key is lost: the record is shown with it.
UNOPENED = "［缺少密钥，无法显示 · key missing, not shown］"


class Opens(Protocol):
    """Opens sealed fields. Raises KeyMissing."""

    def open(self, field: str, sealed: str) -> str: ...


class KeyMissing(Exception):
    """A text was sealed with a key that is not in this keyring."""

    def __init__(self, key: str, field: str) -> None:
        self.key = key
        self.field = field
        super().__init__(f"{field} is sealed with key {key}, which is missing")


class Sealer:
    """Seals with the newest key of one service, and opens with any key that its provider has."""

    def __init__(self, keys: KeyProvider, texts: KeyProvider | None = None) -> None:
        """`texts` gives the keys of free texts; a service that keeps no texts has none."""
        self.spans = SpanSealer(texts) if texts else None
        self._keys = keys
        self._ciphers: dict[str, AESGCM] = {}
        self._first = key_id(keys.lasting)
        self._index_key = hmac.digest(keys.lasting, b"index", sha256)

    def seal(self, field: str, text: str) -> str:
        """Return the sealed text, bound to the name of its field; an empty text stays empty."""
        if not text:
            return ""
        name, key = self._keys.newest()
        cipher = self._ciphers.get(name) or self._ciphers.setdefault(name, AESGCM(key))
        nonce = secrets.token_bytes(NONCE)
        sealed = nonce + cipher.encrypt(nonce, text.encode(), _bound(name, field))
        return f"v2.{name}.{urlsafe_b64encode(sealed).decode()}"

    def seal_if_changed(self, field: str, text: str, before: str) -> str:
        """Return `before` if it holds this text already, else the sealed text.

        Two seals of one text differ, so a field that was not changed keeps the seal it has.
        """
        try:
            return before if before and self.open(field, before) == text else self.seal(field, text)
        except (KeyMissing, ValueError):
            return self.seal(field, text)

    def open(self, field: str, sealed: str) -> str:
        """Return the plain text. Raises KeyMissing, or ValueError if not sealed for this field."""
        if not sealed:
            return ""
        key, bound, body = self._parts(field, sealed)
        cipher = self._cipher(key, field)
        raw = urlsafe_b64decode(body)
        try:
            return cipher.decrypt(raw[:NONCE], raw[NONCE:], bound).decode()
        except InvalidTag as error:
            raise ValueError("sealed with another key or for another field") from error

    def _cipher(self, name: str, field: str) -> AESGCM:
        known = self._ciphers.get(name)
        if known is None:
            key = self._keys.key(name)
            if key is None:
                raise KeyMissing(name, field)
            known = self._ciphers[name] = AESGCM(key)
        return known

    def _parts(self, field: str, sealed: str) -> tuple[str, bytes, str]:
        """The id of the key, the associated data, and nonce and ciphertext in base64url."""
        if found := V2.fullmatch(sealed):
            return found[1], _bound(found[1], field), found[2]
        if sealed.startswith("v1."):
            return self._first, field.encode(), sealed.removeprefix("v1.")
        raise ValueError("not a sealed text")

    def called(self, name: str) -> str:
        """The name, sealed so that every service that keeps texts finds it in them; empty for an
        empty name."""
        return self.spans.seal_name(name) if self.spans and name.strip() else ""

    def names(self, called: Iterable[str]) -> list[str]:
        """The names behind what `called` has sealed; those whose key is missing are left out."""
        return self.spans.names(called) if self.spans else []

    def index(self, field: str, text: str) -> str:
        """The keyed hash of a text, 32 hexadecimal digits, which finds exact values unrevealed.

        It uses the first key, so it stays the same when keys are rotated.
        """
        if not text:
            return ""
        return hmac.new(self._index_key, f"{field}\0{text}".encode(), sha256).hexdigest()[:32]


def shown_by(opens: Opens, field: str, sealed: str, show: Callable[[str, str], str]) -> str:
    """What `show` makes of the field and its plain text for those who read the record, such as a
    mask; a mark where its key is lost. One lost key hides one field: no record, and no page."""
    try:
        return show(field, opens.open(field, sealed))
    except KeyMissing as error:
        log.error("seal.key_missing", extra={"key": error.key, "field": error.field})
        UNOPENED_FIELDS.inc()
        return UNOPENED


def _bound(key: str, field: str) -> bytes:
    return f"v2.{key}.{field}".encode()
