"""The persons that a record knows: free texts about it are searched for their names."""

import logging
from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import Any
from uuid import UUID

from google.protobuf.message import Message

from backbone.door.rows import RowsOf
from backbone.postgres.sealing import KeyMissing
from backbone.postgres.states import with_proof
from backbone.rpc.free_texts import FreeTexts

log = logging.getLogger(__name__)

NamesOf = Callable[[Any], Collection[str] | Awaitable[Collection[str]]]

SealedIn = Callable[[Any], Collection[str]]


def know_sealed(
    texts: FreeTexts, rows: RowsOf, field: str, sealed_in: SealedIn, **which: str
) -> None:
    """Let the texts of a service know the persons whom these records have sealed: to seal them, and
    to take out of a repeat's answer who has asked for protection since."""
    spans = texts.sealer
    if spans is not None:
        named = KnownPersons(rows, field, lambda each: spans.names(sealed_in(each)), **which)
        texts.persons.append(named)
    know_since(texts, rows, field, sealed_in, **which)


def know_since(
    texts: FreeTexts, rows: RowsOf, field: str, sealed_in: SealedIn, **which: str
) -> None:
    """Let the texts of a service know these persons for the answers to repeated requests alone."""
    texts.sealed_persons.append(KnownPersons(rows, field, sealed_in, **which))


class KnownPersons:
    """Reads the records that a request names in `field`, and the names they know.

    `which` is the condition that selects them by these ids, $1; without it they are their ids.
    """

    def __init__(
        self, rows: RowsOf, field: str, names_of: NamesOf, which: str = "id = ANY($1)"
    ) -> None:
        self._rows, self._field, self._names_of = rows, field, names_of
        table = rows.decider.table.name
        self._records = f"SELECT {with_proof('t')} FROM {table} AS t WHERE {which}"  # noqa: S608

    async def __call__(self, request: Message) -> Collection[str]:
        about = list(ids_in(getattr(request, self._field, ())))
        rows = await self._rows.some(self._records, about) if about else ()
        known = [name for row in rows for name in await self._names(row)]
        return list(dict.fromkeys(known))

    async def _names(self, row: Any) -> Collection[str]:
        try:
            found = self._names_of(self._rows.decider.from_row(row))
            return await found if isinstance(found, Awaitable) else found
        except KeyMissing as error:  # the text is taken all the same: a life may depend on it
            log.error("seal.key_missing", extra={"key": error.key, "field": error.field})
            return ()


def ids_in(given: Any) -> Iterator[UUID]:
    """The ids in a field that names one record or several; what is no id names none."""
    for text in [given] if isinstance(given, str) else given:
        try:
            yield UUID(text)
        except ValueError:
            continue
