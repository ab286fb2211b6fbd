"""Personal data at rest: sealed before it enters a command, opened only to show it to somebody.

A sealed text is `v1.` and base64 of nonce and AES-256-GCM ciphertext, bound to the name of its
field. State, journal, events and Kafka therefore never hold the plain text.
"""

import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PREFIX = "v1."
NONCE = 12
# A person's or a firm's: what is left after the first sign may say which one.
NAMES = ("name", "subscriber", "against")
# A mobile number and an id number are shown in one form everywhere, and known by it.
USUAL = re.compile(r"1[3-9][0-9]{9}|[0-9]{17}[0-9Xx]")


class Sealer:
    """Seals and opens with the key of one service; another service's key opens nothing."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._index_key = hmac.digest(key, b"index", sha256)

    def seal(self, field: str, text: str) -> str:
        """Return the sealed text; what is empty stays empty."""
        if not text:
            return ""
        nonce = secrets.token_bytes(NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, text.encode(), field.encode())
        return PREFIX + urlsafe_b64encode(sealed).decode()

    def open(self, field: str, sealed: str) -> str:
        """Raises ValueError for what this key did not seal for this field."""
        if not sealed:
            return ""
        raw = urlsafe_b64decode(sealed.removeprefix(PREFIX))
        try:
            return self._cipher.decrypt(raw[:NONCE], raw[NONCE:], field.encode()).decode()
        except InvalidTag as error:
            raise ValueError("sealed with another key or for another field") from error

    def index(self, field: str, text: str) -> str:
        """The same text always gives the same index: to find an exact value without storing it."""
        if not text:
            return ""
        return hmac.new(self._index_key, f"{field}\0{text}".encode(), sha256).hexdigest()[:32]


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
