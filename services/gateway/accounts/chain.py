"""The chains of the gateway's two registers, checked without the database's own functions.

`reveals` are the disclosures of personal data, `audit` the sign-ins, failures and changes of
rights. Lines of the audit of before it was chained are covered by one digest.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from backbone.door.evidence import Flaw, Seen

PAGE = 5_000
MOMENT = "(extract(epoch FROM time) * 1000000)::bigint AS moment"
BEFORE = "SELECT position, digest FROM audit_before"


@dataclass(frozen=True, slots=True)
class Register:
    """A table whose lines are chained, and what a line's hash covers beside place and time."""

    table: str
    columns: str

    @property
    def lines(self) -> str:
        """The lines after $1, at most $2."""
        read = f"SELECT position, {MOMENT}, {self.columns}, hash FROM {self.table}"  # noqa: S608  # our names
        return f"{read} WHERE position > $1 ORDER BY position LIMIT $2"

    @property
    def last(self) -> str:
        read = f"SELECT position, hash AS digest FROM {self.table}"  # noqa: S608  # our names
        return f"{read} WHERE hash <> '' ORDER BY position DESC LIMIT 1"

    @property
    def one(self) -> str:
        return f"SELECT hash AS digest FROM {self.table} WHERE position = $1"  # noqa: S608  # our names


REVEALS = Register("reveals", "principal, user_name, unit, role, what, subject, purpose, trace")
AUDIT = Register("audit", "kind, subject, unit, actor, address, facts::text AS facts")
REGISTERS = (REVEALS, AUDIT)


async def verify_registers(conn: Any, seen: Seen) -> AsyncIterator[Flaw]:
    """Yield the flaws of both chains. `seen` hears of each line."""
    for register in REGISTERS:
        async for flaw in verify_register(conn, register, seen):
            yield flaw


async def verify_register(conn: Any, of: Register, seen: Seen) -> AsyncIterator[Flaw]:
    """Yield the flaws of one chain. `seen` hears of each line."""
    position, last = 0, b""
    if of is AUDIT:
        before = await conn.fetchrow(BEFORE)
        position, last = before["position"], before["digest"]
        if await _digest_of(conn, position, seen) != last:
            yield Flaw(f"audit 1 to {position}", "are not what they were when the chain began")
    while lines := await conn.fetch(of.lines, position, PAGE):
        for line in lines:
            where = f"{of.table} {line['position']}"
            if line["position"] != position + 1:
                yield Flaw(where, f"follows line {position}")
            elif line["hash"] != hash_of(line, last):
                yield Flaw(where, "is not what was written, or follows another line")
            position, last = line["position"], line["hash"]
            seen(line)


async def _digest_of(conn: Any, upto: int, seen: Seen) -> bytes:
    """The digest over the lines that were there before the chain."""
    position, digest = 0, sha256()
    while lines := _upto(upto, await conn.fetch(AUDIT.lines, position, PAGE)):
        for line in lines:
            digest.update(hash_of(line, b""))
            position = line["position"]
            seen(line)
    return digest.digest()


def _upto(position: int, lines: Iterable[Any]) -> list[Any]:
    return [line for line in lines if line["position"] <= position]


def hash_of(line: Any, previous: bytes) -> bytes:
    """The hash of a line: over the previous one and all its values but the hash itself."""
    values = [str(value) for name, value in line.items() if name != "hash"]
    return sha256(previous + chr(31).join(values).encode()).digest()
