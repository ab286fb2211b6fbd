"""Stored outcomes that were changed by hand: no repeat is answered by them."""

from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from backbone.door.beside import CodedRows
from backbone.door.codes import Codes
from backbone.door.door import Door
from backbone.door.rows import Rows
from backbone.door.stored import OUTCOMES
from backbone.postgres.pool import Pool
from backbone.process.keyring import Keyring
from backbone.process.metrics import FORGED
from backbone.process.pulse import Pulse
from tests.ledger.building import CARRIER, a_claim, a_request, notes, shelves, written
from tests.ledger.domain import Release
from tests.servers import running_task

CODES = Codes(Keyring((bytes(32),)), "ledger")
CODED = CodedRows(CODES, OUTCOMES)
Admin = Any


@pytest.fixture
def door(pool: Pool) -> Door:
    """Its outcomes have codes; its states need none here."""
    rows = Rows(pool)
    rows.codes = CODES
    return Door(pool, [notes, shelves], carrier=CARRIER, rows=rows)


def alarms() -> float:
    return FORGED.labels("row", "ledger")._value.get()


async def flaws(pool: Pool) -> list[str]:
    async with pool.acquire() as conn:
        return [where async for where in CODED.forged(conn)]


# What one writes who wants another answer; $1 is the request. Without `proof` the window is over.
DONE = "UPDATE outcomes SET reason = '', kind = '', facts = '{}', version = 2 WHERE request_id = $1"
REFUSED = "UPDATE outcomes SET reason = 'NOT_YOURS', kind = 'Denied' WHERE request_id = $1"
NOTHING = "UPDATE outcomes SET version = 0 WHERE request_id = $1"
NAMELESS = "UPDATE outcomes SET reason = 'NOT_YOURS', version = 0 WHERE request_id = $1"
FACTS = "UPDATE outcomes SET facts = '[1]' WHERE request_id = $1"
BARE = "UPDATE outcomes SET proof = NULL, version = 1 WHERE request_id = $1"


async def test_a_sound_one_is_what_it_was(door: Door, pool: Pool) -> None:
    note_id = await written(door)
    claim, late = a_claim(note_id, call="first"), a_claim(note_id, "wang", call="first")
    [done] = await door.perform([claim])
    [refused] = await door.perform([late])
    assert (done.reason, refused.reason != "") == ("", True)
    for request, answer in ((claim, done), (late, refused)):
        for call in ("first", "again"):
            [heard] = await door.perform([replace(request, call=call)])
            assert (heard.reason, heard.facts, heard.version) == (
                answer.reason, answer.facts, answer.version
            )  # fmt: skip
    assert [each.reason for each in await door.find([late.request_id])] == [refused.reason]
    assert await flaws(pool) == []


async def test_a_refusal_does_not_become_an_acceptance(
    door: Door, pool: Pool, admin: Admin
) -> None:
    note_id = await written(door)
    await door.perform([a_claim(note_id, call="first")])
    late = a_claim(note_id, "wang", call="first")
    await door.perform([late])
    await admin.execute(DONE, late.request_id)
    before = alarms()
    for call in ("first", "again"):
        [heard] = await door.perform([replace(late, call=call)])
        assert (heard.reason, heard.kind, heard.state) == ("EVIDENCE_BROKEN", "Broken", None)
    [found] = await door.find([late.request_id])
    assert found.reason == "EVIDENCE_BROKEN"
    assert alarms() == before + 3
    assert await flaws(pool) == [f"outcomes {late.request_id}"]


@pytest.mark.parametrize("change", [REFUSED, NOTHING, NAMELESS, FACTS, BARE])
async def test_an_acceptance_does_not_become_another_answer(
    door: Door, admin: Admin, change: str
) -> None:
    note_id = await written(door)
    claim = a_claim(note_id, call="first")
    await door.perform([claim])
    await door.perform([a_request(note_id, Release())])
    await admin.execute(change, claim.request_id)
    [heard] = await door.perform([replace(claim, call="again")])
    assert (heard.reason, heard.kind) == ("EVIDENCE_BROKEN", "Broken")
    [found] = await door.find([claim.request_id])
    assert found.refusal is not None and found.reason == "EVIDENCE_BROKEN"


async def test_the_code_of_another_outcome_does_not_fit(door: Door, admin: Admin) -> None:
    note_id = await written(door)
    claim, late = a_claim(note_id, call="first"), a_claim(note_id, "wang", call="first")
    await door.perform([claim])
    await door.perform([late])
    await admin.execute(
        "UPDATE outcomes AS o SET (version, reason, kind, facts, proof) = (SELECT version, reason, "
        "kind, facts, proof FROM outcomes WHERE request_id = $2) WHERE request_id = $1",
        late.request_id,
        claim.request_id,
    )
    [heard] = await door.perform([replace(late, call="again")])
    assert heard.reason == "EVIDENCE_BROKEN"


async def test_those_of_before_get_their_codes_within_the_window(
    door: Door, pool: Pool, admin: Admin
) -> None:
    older = Door(pool, [notes, shelves], carrier=CARRIER)
    note_id = await written(older)
    claim = a_claim(note_id, call="first")
    await older.perform([claim])
    assert f"outcomes {claim.request_id}" in await flaws(pool)
    await admin.execute("UPDATE uncoded SET until = clock_timestamp() + interval '1 day'")
    try:
        [heard] = await door.perform([replace(claim, call="again")])
        assert (heard.reason, heard.version) == ("", 2)
        await admin.execute(NOTHING, claim.request_id)
        [heard] = await door.perform([replace(claim, call="again")])
        assert heard.reason == "EVIDENCE_BROKEN", "no version was ever 0"
        await admin.execute(
            "UPDATE outcomes SET version = 2 WHERE request_id = $1", claim.request_id
        )
        async with running_task(CODED.code_those_of_before(pool, Pulse())):
            missing = "SELECT count(*) FROM outcomes WHERE proof IS NULL"
            while await pool.fetchval(missing):
                pass
    finally:
        await admin.execute("UPDATE uncoded SET until = clock_timestamp()")
    assert await flaws(pool) == []
    [heard] = await door.perform([replace(claim, call="again")])
    assert (heard.reason, heard.request_id) == ("", claim.request_id)
    assert await door.find([uuid4()]) == []
