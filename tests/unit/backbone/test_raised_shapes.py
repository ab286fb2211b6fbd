"""A shape that was raised by hand is no newer release's: that one would have coded its row."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from backbone.door.codes import Codes
from backbone.door.rows import ProvenRows
from backbone.process.keyring import Keyring
from backbone.process.metrics import FORGED
from backbone.shell.proving import _wrong_with
from backbone.words.errors import Broken, Unavailable

HASH = b"the last event"


class Journal:
    """One event, which ends in this hash."""

    service = "ledger"
    codes = Codes(Keyring((bytes(32),)), service)

    async def rows(self, *_: Any) -> list[Any]:
        return [{"version": 1, "hash": HASH, "payload": b""}]


def newer(doc: str, shape: int) -> Any:
    raise Unavailable("NEWER_SHAPE", table="notes", shape=shape)


NOTES: Any = SimpleNamespace(
    table=SimpleNamespace(name="notes"),
    from_doc=newer,
    fold=lambda events: "a state",
    from_row=lambda row: newer("", 99),
)


def a_row(**parts: Any) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "version": 1,
        "shape": 99,
        "doc": "{}",
        "hash": HASH,
        "proof": None,
    } | parts


@pytest.fixture
def rows() -> ProvenRows:
    nothing: Any = None
    journal: Any = Journal()
    return ProvenRows(nothing, journal)


async def test_without_a_code_it_is_forged_and_rings(rows: ProvenRows) -> None:
    alarms = FORGED.labels("row", "ledger")
    before = alarms._value.get()
    with pytest.raises(Broken, match="EVIDENCE_BROKEN"):
        await rows.prove(NOTES, a_row())
    assert alarms._value.get() == before + 1
    assert await _wrong_with(rows, NOTES, a_row(), None) == "is not what the door has written"


async def test_one_with_the_code_of_a_newer_release_waits_for_it(rows: ProvenRows) -> None:
    row = a_row()
    row["proof"] = rows.code(
        "notes", [row[name] for name in ("id", "version", "shape", "doc", "hash")]
    )
    assert (await rows.prove(NOTES, row))["shape"] == 99
    assert "NEWER_SHAPE" in await _wrong_with(rows, NOTES, row, None)
