"""The chain of the audit of reveals, checked without the database's own functions."""

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

from backbone.door.evidence import Flaw, Seen, unseen

PAGE = 5_000
LINES = """
SELECT position, (extract(epoch FROM time) * 1000000)::bigint AS moment, principal, user_name,
       unit, role, what, subject, purpose, trace, hash
FROM reveals WHERE position > $1 ORDER BY position LIMIT $2
"""


async def verify_reveals(conn: Any, seen: Seen = unseen) -> AsyncIterator[Flaw]:
    """Yield the flaws of the chain. `seen` hears of each line."""
    position, last = 0, b""
    while lines := await conn.fetch(LINES, position, PAGE):
        for line in lines:
            where = f"reveals {line['position']}"
            if line["position"] != position + 1:
                yield Flaw(where, f"follows line {position}")
            elif line["hash"] != hash_of(line, last):
                yield Flaw(where, "is not what was written, or follows another line")
            position, last = line["position"], line["hash"]
            seen(line)


def hash_of(line: Any, previous: bytes) -> bytes:
    """The hash of a line: over the previous one and all its values but the hash itself."""
    values = [str(value) for name, value in line.items() if name != "hash"]
    return sha256(previous + chr(31).join(values).encode()).digest()
