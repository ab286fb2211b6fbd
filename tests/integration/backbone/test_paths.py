"""Each path that a service declares is an index of its tables; without it a list reads them all."""

from collections.abc import Sequence

import asyncpg
import pytest

from backbone.postgres.paths import Path
from services.alarm import storage as alarm
from services.dispute import storage as dispute
from services.emergency import storage as emergency
from services.petition import storage as petition
from services.population import storage as population
from services.workflow import storage as workflow
from tests.installation import Installation

# A code or a matter has few rows: they are sorted.
FEW = {("code",), ("matter_id",)}
INDEXES = """
SELECT array_agg(a.attname::text ORDER BY k.place) FILTER (WHERE k.place <= i.indnkeyatts) AS keys,
       array_agg(a.attname::text) AS held, pg_get_expr(i.indpred, i.indrelid) AS only
FROM pg_index AS i
CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
WHERE i.indrelid = $1::text::regclass
GROUP BY i.indexrelid, i.indpred, i.indrelid
"""


@pytest.mark.parametrize(
    ("schema", "table", "paths"),
    [
        ("workflow", "incidents", workflow.PATHS),
        ("alarm", "receipts", alarm.PATHS),
        ("petition", "petitions", petition.PATHS),
        ("dispute", "disputes", dispute.PATHS),
        ("emergency", "missions", emergency.PATHS),
        ("population", "care_cases", population.PATHS),
    ],
)
async def test_a_path_is_an_index(
    database: Installation, schema: str, table: str, paths: Sequence[Path]
) -> None:
    conn = await asyncpg.connect(database.admin, server_settings={"search_path": schema})
    for path in paths:
        found = await conn.fetch(INDEXES, path.source or table)
        wanted = [*path.columns] if path.columns in FEW else [*path.columns, "rank", "id"]
        assert any(
            row["keys"][: len(wanted)] == wanted
            and path.holds <= {*row["held"]}
            and (row["only"] is None or path.where.replace("x.", "") == _plain(row["only"]))
            for row in found
        ), f"no index of {path.source or table} for {path}"
    await conn.close()


def _plain(condition: str) -> str:
    """As a person writes it."""
    return condition.replace("::text", "").replace("(", "").replace(")", "")
