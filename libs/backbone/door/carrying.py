"""A notice carries the outcome of a command, so that the front needs no query for it.

Every role of the database may listen and notify, so a carried outcome is sealed with the service's
own key for the channel of its front.
"""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any, TypeAlias

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec.structs import replace

from backbone.door.decider import Decider
from backbone.door.outcomes import Outcome

# Bytes of a notice, of which Postgres takes fewer than 8,000. A longer one carries the id alone.
LONGEST = 7_900
MARK = "="  # ids are hexadecimal and never begin with it
# The channels of fronts that read carried outcomes; those of 0.1.0 listen at `front_…` for ids.
CHANNEL = "front2_"
CHANNELS = 64  # fronts whose keys are at hand
# The outcome without its state; the table, shape and document of the state, empty for a refusal.
Carried: TypeAlias = tuple[Outcome, str, int, str]
NONCE = 12  # bytes


class Carrier:
    """Seals outcomes for fronts, and opens them there. `key` is a lasting key of the service."""

    def __init__(self, key: bytes, deciders: Sequence[Decider[Any]]) -> None:
        # A key for each channel, which lives as long as its process: nonces are random.
        self._cipher = lru_cache(CHANNELS)(
            lambda channel: AESGCM(hmac.digest(key, f"notices {channel}".encode(), sha256))
        )
        self._deciders = {each.table.name: each for each in deciders}
        self._of_record = {each.record: each for each in deciders}

    def seal(self, channel: str, outcome: Outcome) -> str:
        """The text of a notice, or an empty text if it would be too long."""
        table, shape, doc = "", 0, ""
        if outcome.state is not None:
            decider = self._of_record[type(outcome.state)]
            table, shape = decider.table.name, decider.table.shape
            doc = decider.to_doc(outcome.state)
        plain = msgspec.msgpack.encode((replace(outcome, state=None), table, shape, doc))
        nonce = secrets.token_bytes(NONCE)
        sealed = nonce + self._cipher(channel).encrypt(nonce, plain, b"")
        text = MARK + b64encode(sealed).decode()
        return text if len(text) <= LONGEST else ""

    def open(self, channel: str, text: str) -> Outcome:
        """The outcome with its state; without, if this process cannot read the state.

        Raises ValueError for a text that was not sealed for this channel.
        """
        try:
            sealed = b64decode(text.removeprefix(MARK), validate=True)
            plain = self._cipher(channel).decrypt(sealed[:NONCE], sealed[NONCE:], b"")
        except InvalidTag as error:
            raise ValueError("a notice that was not sealed for this channel") from error
        carried: Carried = msgspec.msgpack.decode(plain, type=Carried)
        outcome, table, shape, doc = carried
        decider = self._deciders.get(table)
        if decider is None or shape != decider.table.shape:
            return outcome
        return replace(outcome, state=decider.from_doc(doc, shape))
