"""The rows that give rights: each carries a code that only the gateway and its operator can make.

Accounts, deputies, sessions, API keys, second factors, whether the demo is in force, and the copy
of the city, which says whose line a unit has. A row that was changed or put in by hand opens
nothing and rings the alarm; one who changes a row here looks first whether it is sound, so that no
forged row gets a code.
"""

from collections.abc import AsyncIterator
from typing import Any

from backbone.directory.replica import COPIES
from backbone.door.beside import Beside, CodedRows
from backbone.door.codes import Codes
from backbone.door.demanded import SIGNING, UNSIGNED
from backbone.door.evidence import LONG, Flaw
from backbone.process.keyring import Keyring
from services.gateway.http.problems import Problem

ACCOUNTS = Beside(
    "accounts",
    (
        *("user_name", "folded", "display_name", "role", "unit", "area", "team"),
        *("password_hash", "disabled", "demo"),
    ),
    ("user_name",),
)
DEPUTIES = Beside(
    "deputies", ("id", "person", "deputy", "start_time", "end_time", "made_by"), ("id",)
)
SESSIONS = Beside(
    "sessions", ("token_hash", "user_name", "create_time", "expire_time"), ("token_hash",)
)
KEYS = Beside(
    "api_keys",
    ("key_hash", "name", "role", "unit", "area", "team", "disabled", "demo"),
    ("key_hash",),
)
# Not the step and the wrong codes, which each sign-in counts.
FACTORS = Beside("second_factors", ("user_name", "sealed"), ("user_name",))
DEMO = Beside("demo_city", ("only_row", "load_time", "end_time"), ("only_row",))
# Of which accounts the audit says something else in its last line: they were put back to what they
# were earlier, with the code of then, or their second factor was removed by hand.
SET_BACK = """
WITH said AS (
    SELECT DISTINCT ON (subject, topic) subject, topic, kind, unit, position,
           facts ->> 'role' AS role
    FROM audit CROSS JOIN LATERAL (SELECT CASE
        WHEN kind IN ('ACCOUNT_ADDED', 'RIGHTS_CHANGED') THEN 'rights'
        WHEN kind IN ('ACCOUNT_DISABLED', 'ACCOUNT_ENABLED') THEN 'disabled'
        ELSE 'second factor' END AS topic) AS about
    WHERE kind IN ('ACCOUNT_ADDED', 'RIGHTS_CHANGED', 'ACCOUNT_DISABLED', 'ACCOUNT_ENABLED',
                   'SECOND_FACTOR_ENROLLED', 'SECOND_FACTOR_REMOVED')
    ORDER BY subject, topic, position DESC
), added AS (
    SELECT subject, max(position) AS position FROM audit WHERE kind = 'ACCOUNT_ADDED' GROUP BY 1
)
SELECT user_name, topic
FROM said JOIN accounts AS a ON user_name = subject LEFT JOIN added USING (subject)
WHERE said.position >= coalesce(added.position, 0) AND CASE topic
    WHEN 'rights' THEN (said.role, said.unit) <> (a.role, a.unit)
    WHEN 'disabled' THEN disabled <> (kind = 'ACCOUNT_DISABLED')
    ELSE (kind = 'SECOND_FACTOR_ENROLLED') <> EXISTS (
        SELECT FROM second_factors AS f WHERE f.user_name = a.user_name)
    END
ORDER BY 1, 2
"""
DEMO_CITY = "SELECT only_row, load_time, end_time, proof FROM demo_city"


class Coded:
    """The rows of all these tables. Without keys, rows get no codes and are taken as they are."""

    def __init__(self, keyring: Keyring | None) -> None:
        self.codes = codes = None if keyring is None else Codes(keyring, "gateway")
        self.accounts = CodedRows(codes, ACCOUNTS)
        self.deputies = CodedRows(codes, DEPUTIES)
        self.sessions = CodedRows(codes, SESSIONS)
        self.keys = CodedRows(codes, KEYS)
        self.factors = CodedRows(codes, FACTORS)
        self.demo = CodedRows(codes, DEMO)
        self.copies = CodedRows(codes, COPIES)
        self.unsigned, self.signing = CodedRows(codes, UNSIGNED), CodedRows(codes, SIGNING)

    @property
    def every(self) -> tuple[CodedRows, ...]:
        return (
            self.accounts, self.deputies, self.sessions, self.keys, self.factors, self.demo,
            self.copies, self.unsigned,
        )  # fmt: skip

    async def is_account(self, on: Any, row: Any) -> bool:
        """Whether the account is as it was written and, if it is the demo's, the demo's end too."""
        return await self.accounts.is_sound(on, row) and await self._is_in_force(on, row)

    async def is_key(self, on: Any, row: Any) -> bool:
        return await self.keys.is_sound(on, row) and await self._is_in_force(on, row)

    async def require_account(self, on: Any, row: Any) -> None:
        """Raises Problem 500 for an account that must get no code as it is."""
        if not await self.accounts.is_sound(on, row):
            raise forged(row["user_name"])

    async def forged(self, conn: Any) -> AsyncIterator[Flaw]:
        """The rows that were not written so, and accounts of which the audit says something else;
        nothing is changed."""
        named = set()
        for rows in self.every:
            async for where in rows.forged(conn):
                named.add(where)
                yield Flaw(where, "is not what the gateway has written")
        for row in await conn.fetch(SET_BACK, timeout=LONG):
            if (where := f"accounts {row['user_name']}") in named:
                continue
            what = f"is not what the audit says of it: {row['topic']}"
            yield Flaw(where, what)

    async def _is_in_force(self, on: Any, row: Any) -> bool:
        if not row["demo"]:
            return True
        city = await on.fetchrow(DEMO_CITY)
        return city is not None and await self.demo.is_sound(on, city)


def forged(name: str) -> Problem:
    """The refusal to change a row that was changed by hand."""
    return Problem(500, "RIGHTS_FORGED", {"name": name})
