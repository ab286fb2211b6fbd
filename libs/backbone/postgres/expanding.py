"""Judges migrations: what would block a living city, or break the release that runs on it.

A migration first expands: it adds what the next release reads. What no release reads any more is
taken away by a file that begins with CONTRACT, one release later.
"""

import re

CONTRACT = "-- contract\n"
# The first line of a file with one statement that Postgres refuses inside a transaction, such as
# CREATE INDEX CONCURRENTLY IF NOT EXISTS. The statement may run twice, so it must be idempotent.
OUTSIDE = "-- outside a transaction\n"

COMMENT = re.compile(r"--[^\n]*")
BODY = re.compile(r"\$\$.*?\$\$", re.DOTALL)
NEW = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?([a-z_]+)", re.IGNORECASE)
TABLE = re.compile(
    r"(?:ALTER TABLE (?:IF EXISTS )?(?:ONLY )?|UPDATE (?:ONLY )?|DELETE FROM (?:ONLY )?|"
    r"INDEX .*? ON (?:ONLY )?|TRUNCATE (?:TABLE )?)([a-z_]+)",
    re.IGNORECASE | re.DOTALL,
)
# Statements that take something away from a release that still runs, and the sentence for each.
TAKES = {
    r"\bDROP (?:TABLE|COLUMN|VIEW)\b": "takes away what the running release reads",
    r"\bRENAME\b": "renames what the running release calls by its old name",
    r"\bSET NOT NULL\b": "refuses rows of the running release, after a scan under lock",
    r"\bDROP DEFAULT\b": "takes away the value that the running release leaves out",
}
# Statements that hold a lock for longer the larger the table is, and what does the same without.
HOLDS = {
    r"\bALTER COLUMN \S+ (?:SET DATA )?TYPE\b": "writes the whole table anew under lock: add a "
    "column and fill it in batches",
    r"\bADD (?:CONSTRAINT \S+ )?(?:CHECK|FOREIGN KEY)\b(?!.*\bNOT VALID\b)": "scans the table "
    "under lock: add it NOT VALID, and VALIDATE CONSTRAINT in a file of its own",
    r"\bADD (?:CONSTRAINT \S+ )?(?:UNIQUE|PRIMARY KEY)\b(?!.*\bUSING INDEX\b)": "builds an index "
    "under lock: CREATE UNIQUE INDEX CONCURRENTLY, then ADD … USING INDEX",
    r"\bADD (?:COLUMN )?(?:IF NOT EXISTS )?(?!CONSTRAINT\b|CHECK\b|FOREIGN\b|UNIQUE\b|PRIMARY\b)"
    r"\S+ (?=[^,]*\bNOT NULL\b)(?![^,]*\bDEFAULT\b)": "refuses rows that the running release "
    "writes: give the column a DEFAULT",
}
# A service has one row in each of these tables: rewriting it locks no other row.
OF_ONE_ROW = frozenset({"replica_bookmark"})
ROWS = re.compile(r"\s*(?:UPDATE|DELETE FROM|TRUNCATE)\b", re.IGNORECASE)
INDEX = re.compile(r"\s*CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)", re.IGNORECASE)


def flaws_of(text: str) -> list[str]:
    """Why a migration would block a living city; empty if it may run beside one."""
    plain = COMMENT.sub("", BODY.sub("''", text))
    made = {name.lower() for name in NEW.findall(plain)}
    contract = text.startswith(CONTRACT)
    flaws = []
    for statement in (part.strip() for part in plain.split(";")):
        found = TABLE.search(statement)
        name = found[1].lower() if found else ""
        if name not in made and not (name in OF_ONE_ROW and ROWS.match(statement)):
            flaws += [f"{shown(statement)} {why}" for why in _whys(statement, contract=contract)]
    return flaws


def _whys(statement: str, *, contract: bool) -> list[str]:
    whys = [why for rule, why in HOLDS.items() if _has(rule, statement)]
    if not contract:
        whys += [why for rule, why in TAKES.items() if _has(rule, statement)]
    if ROWS.match(statement):
        whys.append("writes all rows in one transaction: fill them in batches, by the service")
    if INDEX.match(statement):
        whys.append(
            "builds an index under lock: CREATE INDEX CONCURRENTLY IF NOT EXISTS in a file that "
            f"begins with {OUTSIDE.strip()!r}"
        )
    return whys


def _has(rule: str, statement: str) -> bool:
    return bool(re.search(rule, statement, re.IGNORECASE | re.DOTALL))


def shown(statement: str) -> str:
    """The beginning of a statement, for a sentence."""
    words = " ".join(statement.split())
    return words if len(words) <= 60 else f"{words[:60]}…"
