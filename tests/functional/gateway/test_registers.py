"""The registers of auditors grow for years: their lists follow an index, and end in time."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from backbone.postgres import turns
from services.gateway.accounts import auditing
from services.gateway.accounts.auditing import READ, Which, registers_of
from tests.functional.gateway.conftest import Face

# Lines of many names and kinds, after those of the tests.
YEARS = {
    "audit": """
        INSERT INTO audit (position, kind, subject, unit, actor)
        OVERRIDING SYSTEM VALUE
        SELECT 1000000 + n, 'KIND ' || n % 1000, 'user ' || n % 1000, '990101-x', 'system'
        FROM generate_series(1, 20000) AS n
    """,
    "reveals": """
        INSERT INTO reveals
            (position, principal, user_name, unit, role, what, subject, purpose, trace)
        OVERRIDING SYSTEM VALUE
        SELECT 1000000 + n, 'p', 'u', '990101-x', 'clerk', 'text', 'i-' || n % 1000, 'ask', ''
        FROM generate_series(1, 20000) AS n
    """,
}


@pytest.fixture
async def owner(postgres_dsn: str, gateway_database: str) -> AsyncIterator[Any]:
    """A connection to the gateway's schema that may do anything there."""
    own = urlunsplit(urlsplit(postgres_dsn)._replace(path=urlsplit(gateway_database).path))
    connection = await asyncpg.connect(own, server_settings={"search_path": "gateway"})
    yield connection
    await connection.close()


@pytest.mark.parametrize(
    ("table", "filters", "index"),
    [
        ("audit", {}, "audit_pkey"),
        ("audit", {"subject": "user 1"}, "audit_by_subject"),
        ("audit", {"kind": "KIND 1"}, "audit_by_kind"),
        ("reveals", {}, "reveals_pkey"),
        ("reveals", {"subject": "i-1"}, "reveals_of_a_record"),
    ],
)
async def test_a_page_follows_the_index_of_its_filter(
    face: Face,
    owner: Any,
    table: str,
    filters: dict[str, str],
    index: str,
) -> None:
    """In a register of years, of which Postgres knows how its values are spread."""
    [register] = [each for each in registers_of(face.gateway.gate) if each.table == table]
    where, values = register._where(Which("9901", filters), before=1_019_000)
    page = READ.format(columns=register.columns, table=table, where=where, limit=51)
    years = owner.transaction()
    await years.start()
    await owner.execute(f"SET LOCAL session_replication_role = replica; {YEARS[table]}")
    await owner.execute(f"ANALYZE {table}")
    rows = await owner.fetch(f"EXPLAIN {page}", *values)
    await years.rollback()
    plan = "\n".join(row[0] for row in rows)
    assert index in plan and "Seq Scan" not in plan, plan


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
    face: Face, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "READ", turns.READ.replace("= 2000", "= 100"))
    auditor = await face.sign_in("auditor")
    async with owner.transaction():
        await owner.execute("LOCK TABLE audit")
        answer = await face.http.get("/v1/audit", headers=auditor)
    assert (answer.status_code, answer.json()["reason"]) == (503, "LIST_TOO_SLOW")
    assert "Retry-After" not in answer.headers and "repeat_with" not in answer.json()
    assert (await face.http.get("/v1/audit", headers=auditor)).status_code == 200
