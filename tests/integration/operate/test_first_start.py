"""The demo's accounts come with a first start alone, not into a city that has its own."""

from pathlib import Path

import asyncpg
import pytest

from operate.admin import accounts
from operate.home.home import Home
from operate.home.keys import Keys
from operate.home.ports import Ports
from operate.run.installation import Installation as Operated
from tests.installation import Installation

ADDED = """
INSERT INTO gateway.accounts (user_name, folded, display_name, role, unit, area, team,
                              password_hash, disabled, demo)
VALUES ('zhao', 'zhao', '赵', 'clerk', '990101-police', '990101', '', '', false, false)
"""


@pytest.mark.parametrize("said", [None, True, False])
@pytest.mark.parametrize("begun", [True, False])
async def test_a_city_that_was_begun_without_the_demo_gets_none_by_a_later_start(
    database: Installation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: bool | None,
    *,
    begun: bool,
) -> None:
    """`up` after `up --no-demo`, or after a restore, brought 400 accounts whose password is known
    into a city at work."""
    monkeypatch.setattr(Operated, "wants_demo", said is not False)  # on a database of our own
    operated = Operated(
        Home(tmp_path, Ports()), Keys(database.secret), database_url=database.admin, demo=said
    )
    conn = await asyncpg.connect(database.admin)
    try:
        if begun:
            await conn.execute(ADDED)
        wanted = said or (said is None and not begun)
        for _ in range(2):
            assert await accounts.begin(operated) is wanted
        count = await conn.fetchval("SELECT count(*) FROM gateway.accounts WHERE demo")
        assert count == (len(accounts.demo()) if wanted else 0)
    finally:
        await conn.close()
