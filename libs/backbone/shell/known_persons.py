"""The persons that a record knows: free texts about it are searched for their names."""

import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Any
from uuid import UUID

from google.protobuf.message import Message

from backbone.door.rows import RowsOf
from backbone.postgres.sealing import KeyMissing
from backbone.postgres.states import with_proof

log = logging.getLogger(__name__)

NamesOf = Callable[[Any], Collection[str] | Awaitable[Collection[str]]]

SealedIn = Callable[[Any], Collection[str]]


class KnownPersons:
    """Reads the record that a request names in `field`, and the names it knows."""

    def __init__(self, rows: RowsOf, field: str, names_of: NamesOf) -> None:
        self._rows, self._field, self._names_of = rows, field, names_of
        table = rows.decider.table.name
        self._one = f"SELECT {with_proof('t')} FROM {table} AS t WHERE id = $1"  # noqa: S608

    async def __call__(self, request: Message) -> Collection[str]:
        try:
            about = UUID(getattr(request, self._field, ""))
        except ValueError:
            return ()
        row = await self._rows.one(self._one, about)
        try:
            found = self._names_of(self._rows.decider.from_row(row)) if row else ()
            return await found if isinstance(found, Awaitable) else found
        except KeyMissing as error:  # the text is taken all the same: a life may depend on it
            log.error("seal.key_missing", extra={"key": error.key, "field": error.field})
            return ()
