"""Personal data at rest: sealed before it enters a command, opened only to show it.

A sealed text is `v2.`, the id of its key, a dot, and base64url of nonce and AES-256-GCM
ciphertext; the key's id and the name of the field are its associated data. `v1.` texts are of a
time with one key: they name none, and the first key opens them. State, journal, events and Kafka
never hold the plain text.
"""

import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backbone.process.keyring import Keyring, key_id

NONCE = 12
V2 = re.compile(r"v2\.([0-9a-f]{8})\.([A-Za-z0-9_=-]*)")
# A person's or a firm's: what is left after the first sign may say which one.
NAMES = ("name", "subscriber", "against")
# A mobile number and an id number are shown in one form everywhere, and known by it.
USUAL = re.compile(r"1[3-9][0-9]{9}|[0-9]{17}[0-9Xx]")


class KeyMissing(Exception):
    """A text was sealed with a key that this keyring lacks: it opens once the key is back."""

    def __init__(self, key: str, field: str) -> None:
        self.key = key
        self.field = field
        super().__init__(f"{field} is sealed with key {key}, which is missing")


class Sealer:
    """Seals with the newest key of one service and opens with any; no other service's key does."""

    def __init__(self, keyring: Keyring) -> None:
        self._ciphers = {key_id(key): AESGCM(key) for key in keyring.keys}
        self._sealing = key_id(keyring.sealing)
        self._first = key_id(keyring.lasting)
        self._index_key = hmac.digest(keyring.lasting, b"index", sha256)

    def seal(self, field: str, text: str) -> str:
        """Return the sealed text; an empty text stays empty."""
        if not text:
            return ""
        nonce = secrets.token_bytes(NONCE)
        cipher = self._ciphers[self._sealing]
        sealed = nonce + cipher.encrypt(nonce, text.encode(), _bound(self._sealing, field))
        return f"v2.{self._sealing}.{urlsafe_b64encode(sealed).decode()}"

    def open(self, field: str, sealed: str) -> str:
        """Raises KeyMissing, or ValueError for a text that was not sealed so for this field."""
        if not sealed:
            return ""
        key, bound, body = self._parts(field, sealed)
        if key not in self._ciphers:
            raise KeyMissing(key, field)
        raw = urlsafe_b64decode(body)
        try:
            return self._ciphers[key].decrypt(raw[:NONCE], raw[NONCE:], bound).decode()
        except InvalidTag as error:
            raise ValueError("sealed with another key or for another field") from error

    def _parts(self, field: str, sealed: str) -> tuple[str, bytes, str]:
        """The id of the key, the associated data, and nonce and ciphertext in base64url."""
        if found := V2.fullmatch(sealed):
            return found[1], _bound(found[1], field), found[2]
        if sealed.startswith("v1."):
            return self._first, field.encode(), sealed.removeprefix("v1.")
        raise ValueError("not a sealed text")

    def index(self, field: str, text: str) -> str:
        """The same text always gives the same index: to find an exact value without storing it.

        It derives from the first key, so it stays equal when keys are rotated.
        """
        if not text:
            return ""
        return hmac.new(self._index_key, f"{field}\0{text}".encode(), sha256).hexdigest()[:32]


def _bound(key: str, field: str) -> bytes:
    return f"v2.{key}.{field}".encode()


def masked(field: str, text: str) -> str:
    """What a screen shows of a part of personal data: enough to recognise, not enough to reveal.

    Of a name the first sign, of all else half at most; a mobile or id number as everybody knows it.
    """
    if field.rpartition(".")[2] in NAMES:
        first, last = len(text[1:2]), 0
    elif USUAL.fullmatch(text):
        first, last = 3, 4
    else:
        first = last = len(text) // 4
    return text[:first] + "*" * (len(text) - first - last) + text[len(text) - last :]
