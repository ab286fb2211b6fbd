"""The registers of auditors grow for years: their lists follow an index, and end in time."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from backbone.postgres import turns
from backbone.postgres.pool import transaction
from services.gateway.accounts import auditing
from services.gateway.accounts.auditing import READ, Which, registers_of
from tests.functional.gateway.conftest import Face


@pytest.mark.parametrize(
    ("table", "filters", "index"),
    [
        ("audit", {}, "audit_pkey"),
        ("audit", {"subject": "li"}, "audit_by_subject"),
        ("audit", {"kind": "KEY_REVOKED"}, "audit_by_kind"),
        ("reveals", {}, "reveals_pkey"),
        ("reveals", {"subject": "i-1"}, "reveals_of_a_record"),
    ],
)
async def test_a_page_follows_the_index_of_its_filter(
    face: Face, table: str, filters: dict[str, str], index: str
) -> None:
    [register] = [each for each in registers_of(face.gateway.gate) if each.table == table]
    where, values = register._where(Which("9901", filters), before=77)
    page = READ.format(columns=register.columns, table=table, where=where, limit=51)
    async with transaction(face.gateway.pool, turns.READ) as conn:
        rows = await conn.fetch(f"EXPLAIN {page}", *values)
    plan = "\n".join(row[0] for row in rows)
    assert f"Backward using {index}" in plan and "Sort" not in plan, plan


async def test_a_register_is_counted_no_further_than_every_list(
    face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    auditor = await face.sign_in("auditor")
    for _ in range(3):
        await face.sign_in("li")
    for most, more in ((2, True), (10_000, False)):
        monkeypatch.setattr(auditing, "COUNTED", most)
        query = {"subject": "li", "count": "true", "page_size": "1"}
        page = (await face.http.get("/v1/audit", headers=auditor, params=query)).json()
        assert page["total_more"] is more and page["total_size"] >= 2


async def test_a_register_that_takes_too_long_says_so_and_not_to_repeat(
    face: Face, postgres_dsn: str, gateway_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "READ", turns.READ.replace("= 2000", "= 100"))
    auditor = await face.sign_in("auditor")
    own = urlsplit(gateway_database).path
    other: Any = await asyncpg.connect(urlunsplit(urlsplit(postgres_dsn)._replace(path=own)))
    async with other.transaction():
        await other.execute("LOCK TABLE gateway.audit")
        answer = await face.http.get("/v1/audit", headers=auditor)
    await other.close()
    assert (answer.status_code, answer.json()["reason"]) == (503, "LIST_TOO_SLOW")
    assert "Retry-After" not in answer.headers and "repeat_with" not in answer.json()
    assert (await face.http.get("/v1/audit", headers=auditor)).status_code == 200
