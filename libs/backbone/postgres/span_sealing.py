"""Seals the personal pieces of a free text, and opens them for those who may see them.

The keys are those of all services that keep texts: a text passes between them. Sealing is
deterministic (AES-SIV, RFC 5297), so a repeated request is the same request.
"""

import hmac
import logging
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterable
from hashlib import sha256, sha512

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from backbone.process.keyring import KeyProvider
from backbone.process.metrics import SEALED_SPANS
from backbone.words.letters import Span
from backbone.words.masks import masked
from backbone.words.mentions import NUMBER
from backbone.words.personal_numbers import PHONE, numbers_in
from backbone.words.persons import names_and_numbers, persons_in, unnamed
from backbone.words.spans import OPENS, SPAN, span

log = logging.getLogger(__name__)

VERSION = "v1"
# A seal holds a piece of a text, or a name that texts are searched for.
TEXT, NAME = "text", "name"
# Before a name or number that is kept from all who read texts. No name begins with it.
KEPT = "!"
# What machines write: ids, codes, numbers and times. The letters of a name in it are none. An
# asterisk is a person's copy of a mask.
WRITTEN_BY_MACHINES = re.compile(r"[!-)+-~]*")


class SpanSealer:
    """Seals with the newest key, and opens with any."""

    def __init__(self, keys: KeyProvider) -> None:
        self._keys = keys
        self._ciphers: dict[str, AESSIV] = {}
        self._index_key = hmac.digest(keys.lasting, b"index of spans", sha256)

    def seal(self, text: str, names: Collection[str] = (), *, closely: bool = False) -> str:
        """The text with its personal numbers, and these persons, sealed; sealed spans stay.
        `closely`: also what may be another word, for persons who are to be named to nobody."""
        if OPENS not in text:
            return self._plain(text, names, closely)
        parts, at = [], 0
        for found in SPAN.finditer(text):
            if self._opened(found[3], TEXT) is None:
                continue  # typed by a person, not sealed by us: a plain text
            parts += [self._plain(text[at : found.start()], names, closely), found[0]]
            at = found.end()
        return "".join([*parts, self._plain(text[at:], names, closely)])

    def open(self, text: str) -> str:
        """The text as it was written; a span whose key is missing stays masked."""
        if OPENS not in text:
            return text
        return SPAN.sub(lambda found: _first(self._opened(found[3], TEXT), found[1]), text)

    def again(self, mask: str, piece: str) -> str:
        """A span of this piece with this mask."""
        index = hmac.digest(self._index_key, piece.encode(), sha256).hex()[:16]
        return span(mask, index, self._sealed(piece, TEXT))

    def piece(self, sealed: str) -> str | None:
        """The plain text of a span; None if it does not open."""
        return self._opened(sealed, TEXT)

    def seal_name(self, name: str, kept: bool = False) -> str:
        """Seal a person's name for the services that look for it in texts; it is never shown. Of a
        person who is `kept`, pieces of texts are not shown either; that may be a number, too."""
        return self._sealed(f"{KEPT if kept else ''}{name.strip()}", NAME)

    def names(self, sealed: Iterable[str]) -> list[str]:
        """The names behind these seals; those whose key is missing are left out."""
        opened = (self._opened(each, NAME) for each in sealed if each)
        return [name.removeprefix(KEPT) for name in opened if name]

    def kept(self, sealed: Iterable[str]) -> list[str]:
        """Those names and numbers behind these seals that are kept from all readers."""
        opened = (self._opened(each, NAME) for each in sealed if each)
        return [name.removeprefix(KEPT) for name in opened if name and name.startswith(KEPT)]

    def open_but(self, text: str, kept: Collection[str]) -> str:
        """The text as it was written, without these persons and numbers, also where they are not
        sealed: their names may have become known only afterwards."""
        return _bare(self.open(text), *names_and_numbers(kept))

    def hide_but(self, text: str, kept: Collection[str]) -> str:
        """The text as others see it, without these persons and numbers: nor their masks, in which
        the surname stands."""
        who = names_and_numbers(kept)

        def shown(found: re.Match[str]) -> str:
            piece = self._opened(found[3], TEXT) or ""
            told = unnamed(piece, *who)
            return found[1] if told == piece else told

        return _bare(SPAN.sub(shown, text) if OPENS in text else text, *who)

    def _plain(self, text: str, names: Collection[str], closely: bool) -> str:
        parts, end = [], 0
        persons = persons_in(text, names, closely=closely)
        for start, stop, kind in _apart([*numbers_in(text), *persons]):
            parts += [text[end:start], self._span(text[start:stop], kind)]
            end = stop
        return "".join([*parts, text[end:]]) if parts else text

    def _span(self, piece: str, kind: str) -> str:
        SEALED_SPANS.inc()
        bare = "".join(sign for sign in piece if sign.isalnum())
        return self.again(masked(kind, piece if kind == PHONE else bare), piece)

    def _sealed(self, piece: str, what: str) -> str:
        name, key = self._keys.newest()
        cipher = self._ciphers.get(name) or self._ciphers.setdefault(name, AESSIV(_doubled(key)))
        sealed = cipher.encrypt(piece.encode(), [_bound(name, what)])
        return f"{VERSION}.{name}.{urlsafe_b64encode(sealed).decode()}"

    def _opened(self, sealed: str, what: str) -> str | None:
        version, name, body = (*sealed.split("."), "", "")[:3]
        cipher = self._cipher(name) if version == VERSION else None
        if cipher is None:
            log.error("seal.key_missing", extra={"key": name, "field": what})
            return None
        try:
            return cipher.decrypt(urlsafe_b64decode(body), [_bound(name, what)]).decode()
        except (InvalidTag, ValueError):
            return None

    def _cipher(self, name: str) -> AESSIV | None:
        known = self._ciphers.get(name)
        if known is None and (key := self._keys.key(name)) is not None:
            known = self._ciphers[name] = AESSIV(_doubled(key))
        return known


def _bare(text: str, names: Collection[str], numbers: Collection[str]) -> str:
    """The text without these persons; of a code no part is one, but it may be a whole number."""
    told = unnamed(text, names, numbers)
    return text if told != NUMBER and WRITTEN_BY_MACHINES.fullmatch(text) else told


def _apart(spans: Collection[Span]) -> list[Span]:
    """In order; of two that overlap the longer one that begins first."""
    apart: list[Span] = []
    for each in sorted(spans, key=lambda each: (each[0], -each[1])):
        if not apart or each[0] >= apart[-1][1]:
            apart.append(each)
        elif each[1] > apart[-1][1]:
            apart[-1] = (apart[-1][0], each[1], apart[-1][2])
    return apart


def _first(opened: str | None, mask: str) -> str:
    return mask if opened is None else opened


def _doubled(key: bytes) -> bytes:
    """AES-SIV takes two keys of 256 bits."""
    return hmac.digest(key, b"spans of texts", sha512)


def _bound(key: str, what: str) -> bytes:
    return f"{VERSION}.{key}.{what}".encode()
