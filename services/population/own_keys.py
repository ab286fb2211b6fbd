"""A person in care has a key of his own: with it, all that it has sealed is forgotten.

The key lies in the database, wrapped under the newest master key. What a text of the case says of
the person is sealed with it, too: the edge seals such pieces for all services, and they are sealed
anew here before the text is kept. A span of a person's own shows no mask.
"""

import re
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from backbone.postgres.data_keys import PERSON, DataKeys, opened, wrap
from backbone.postgres.numbers import today
from backbone.postgres.pool import Connection, Pool
from backbone.postgres.sealing import KeyMissing, Sealer
from backbone.postgres.span_sealing import SpanSealer
from backbone.shell.keys import ServiceKeys
from backbone.words.spans import OPENS, PERSONS_KEY, SPAN, persons_key

FORGOTTEN = "已依法遗忘"
BLANK = "＊"

READ = """
SELECT a.about, k.id, k.wrapped_by, k.wrapped, f.about IS NOT NULL AS forgotten,
    coalesce(c.state = 'SEALED', false) AS sealed
FROM unnest($1::uuid[]) AS a (about)
LEFT JOIN data_keys AS k ON k.about = a.about LEFT JOIN forgotten_keys AS f ON f.about = a.about
LEFT JOIN care_cases AS c ON c.id = a.about
"""
# Whose keys these are, or were.
ABOUT = """
SELECT id, about FROM data_keys WHERE id = ANY($1) AND about IS NOT NULL
UNION SELECT id, about FROM forgotten_keys WHERE id = ANY($1)
"""
# A request that is repeated after the person was forgotten makes no new key; nor does one about a
# case that does not exist.
MAKE = """
INSERT INTO data_keys (id, owner, wrapped_by, wrapped, about)
SELECT $1, 'population', $2, $3, $4::uuid
WHERE NOT EXISTS (SELECT FROM forgotten_keys WHERE about = $4)
  AND ($5 OR EXISTS (SELECT FROM care_cases WHERE id = $4 AND state <> 'FORGOTTEN'))
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class _Provider:
    """The person's key beside those of the service; alone, in the place of those of texts."""

    name: str
    own: bytes | None = field(repr=False)
    others: DataKeys
    is_alone: bool = False

    @property
    def lasting(self) -> bytes:
        return self.own if self.is_alone and self.own else self.others.lasting

    def newest(self) -> tuple[str, bytes]:
        return (self.name, self.own) if self.own else self.others.newest()

    def key(self, key: str) -> bytes | None:
        if PERSONS_KEY.fullmatch(key):
            return self.own if key == self.name else None
        return self.others.key(key)


class OwnKey:
    """Seals and opens the fields of one person. `is_sealed` tells the present state of the case;
    the stored answer to a repeated request may show an earlier one."""

    def __init__(self, keys: ServiceKeys, row: Any) -> None:
        self.name = name = row["id"] or ""
        key = opened(keys.fields.masters, row) if name else None
        self.has_key, self.is_forgotten = bool(name), bool(row["forgotten"])
        self.is_sealed = bool(row["sealed"])
        self._fields = Sealer(_Provider(name, key, keys.fields))
        self._texts = keys.sealer.spans
        own = _Provider(name, key, keys.fields, is_alone=True)
        self._spans = SpanSealer(own) if key and self._texts else None

    def seal(self, part: str, text: str) -> str:
        return self._fields.seal(part, text)

    def open(self, part: str, sealed: str) -> str:
        """The plain text, or the word that it is forgotten. Raises KeyMissing."""
        try:
            return self._fields.open(part, sealed)
        except KeyMissing as error:
            if self.is_forgotten and PERSONS_KEY.fullmatch(error.key):
                return FORGOTTEN
            raise

    def keep(self, text: str) -> str:
        """A text as it is kept: its sealed pieces are under the person's own key."""
        texts, own = self._texts, self._spans
        if OPENS not in text or texts is None or own is None:
            return text

        def kept(found: re.Match[str]) -> str:
            piece = None if persons_key(found) else texts.piece(found[3])
            return found[0] if piece is None else own.again(BLANK, f"{found[1]}|{piece}")

        return SPAN.sub(kept, text)

    def keep_plain(self, text: str, names: Collection[str]) -> str:
        """A text that no edge has searched, as it is kept: with these names sealed, too."""
        return self.keep(self.search(text, names))

    def search(self, text: str, names: Collection[str], among: Collection[str] = ()) -> str:
        """A text that no edge has searched, with these names and all numbers sealed as others are:
        the edge masks them for those who do not work on the case. What is sealed with this key, or
        with a person's key of `among`, stays."""
        texts, at = self._texts, 0
        if texts is None or not text:
            return text
        parts = []
        for found in SPAN.finditer(text):
            if persons_key(found) in {self.name, *among} - {""}:
                between = text[at : found.start()]
                parts += [texts.seal(between, names, closely=True), found[0]]
                at = found.end()
        return "".join([*parts, texts.seal(text[at:], names, closely=True)])

    def give(self, text: str) -> str:
        """A kept text as it leaves the service: its pieces are under the key of texts again."""
        return SPAN.sub(self._given, text) if OPENS in text else text

    def withhold(self, text: str) -> str:
        """A kept text as it leaves the service after the sealing of the case: what names the person
        is left out."""
        return self.give(SPAN.sub(self._withheld, text)) if OPENS in text else text

    def _withheld(self, found: re.Match[str]) -> str:
        return BLANK if persons_key(found) and not self.is_forgotten else found[0]

    def _given(self, found: re.Match[str]) -> str:
        texts, own = self._texts, self._spans
        if not persons_key(found):
            return found[0]
        if self.is_forgotten:
            return FORGOTTEN
        kept = own.piece(found[3]) if own else None
        if texts is None or kept is None:
            return found[1]
        mask, _, piece = kept.partition("|")
        return texts.again(mask, piece)


class PersonKeys:
    """The keys of the persons of all cases."""

    def __init__(self, pool: Pool, keys: ServiceKeys, listed: Collection[UUID] = ()) -> None:
        """`listed` are the cases whose keys were destroyed, as the list outside the database says:
        one that was restored knows of none that came after the backup."""
        self._pool, self._keys, self._listed = pool, keys, frozenset(listed)

    async def of(self, case_id: UUID) -> OwnKey:
        """The key of one case, as it is now: it is asked for each time, and not remembered."""
        return (await self.of_all(self._pool, [case_id]))[case_id]

    async def of_all(self, conn: Pool | Connection, case_ids: Iterable[UUID]) -> dict[UUID, OwnKey]:
        rows = await conn.fetch(READ, list(case_ids))
        return {row["about"]: self._own(row) for row in rows}

    async def by_names(self, names: Collection[str]) -> dict[str, OwnKey]:
        """The keys of these names, those that were destroyed among them."""
        if not names:
            return {}
        about = {row["id"]: row["about"] for row in await self._pool.fetch(ABOUT, [*names])}
        owns = await self.of_all(self._pool, {*about.values()})
        return {name: owns[case_id] for name, case_id in about.items()}

    async def made(self, case_id: UUID, *, is_new: bool = False) -> OwnKey:
        """The same, with a key for a case that has none; an older release made none."""
        own = await self.of(case_id)
        if own.has_key or own.is_forgotten:
            return own
        name = f"population-{PERSON}-{today().year}-{secrets.token_hex(8)}"
        wrapped_by, master = self._keys.fields.masters.newest()
        wrapped = wrap(master, name, secrets.token_bytes(32))
        await self._pool.execute(MAKE, name, wrapped_by, wrapped, case_id, is_new)
        return await self.of(case_id)

    def _own(self, row: Any) -> OwnKey:
        known: dict[str, Any] = dict(row)
        if row["about"] in self._listed:
            known |= {"id": None, "forgotten": True}
        return OwnKey(self._keys, known)
