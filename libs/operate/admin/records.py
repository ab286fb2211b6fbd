"""The deciders of every service, and what they prove of the rows of a database."""

import importlib
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

from backbone.door.beside import CodedRows
from backbone.door.codes import Codes
from backbone.door.decider import Decider
from backbone.door.evidence import Flaw
from backbone.door.proven import ProvenJournal
from backbone.door.rows import ProvenRows
from backbone.process.signing import Verifier
from backbone.shell.proving import forged_rows
from backbone.words.city import City
from backbone.words.errors import Unavailable
from operate.home.keys import Keys

# Where each schema's deciders are made, as functions of the city or ready.
MAKERS = {
    "alarm": ("alarm.wiring", ("build_decider",)),
    "dispute": ("dispute.wiring", ("build_decider",)),
    "emergency": ("emergency.deciders", ("missions", "statuses")),
    "petition": ("petition.wiring", ("build_decider",)),
    "population": ("population.wiring", ("build_decider",)),
    "workflow": ("workflow.wiring", ("build_decider", "build_supervisions")),
}


def no_city() -> City:
    """Folding needs no city: an event says all that it changes."""
    raise Unavailable("DIRECTORY_NOT_LOADED")


@cache
def deciders() -> dict[str, list[Decider[Any]]]:
    """The deciders by schema; imported late, because most commands do not need the services."""
    found: dict[str, list[Decider[Any]]] = {}
    for schema, (module, names) in MAKERS.items():
        made = (getattr(importlib.import_module(f"services.{module}"), name) for name in names)
        found[schema] = [each if isinstance(each, Decider) else each(no_city) for each in made]
    return found


async def forged(conn: Any, schema: str, keys: Keys) -> AsyncIterator[Flaw]:
    """The rows of one schema that the door has not written, and wrong columns beside them; nothing
    is changed."""
    if schema == "gateway":
        coded = importlib.import_module("services.gateway.accounts.coded")
        async for flaw in coded.Coded(keys.keyring(schema)).forged(conn):
            yield flaw
        return
    codes = Codes(keys.keyring(schema), schema)
    if schema == "directory":
        entries = importlib.import_module("services.directory.storage").ENTRIES
        async for where in CodedRows(codes, entries).forged(conn):
            yield Flaw(where, "is not what the directory has written")
        return
    if (known := deciders().get(schema)) is None:
        return
    journal = ProvenJournal(conn, Verifier(keys.signers()), schema, codes)
    async for flaw in forged_rows(conn, ProvenRows(conn, journal), known, on=conn):
        yield flaw
