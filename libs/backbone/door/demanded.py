"""From when on signatures are demanded in a schema: of its journal, and of topics that it reads.

A new installation demands them of everything, and that needs no proof. What demands less, after an
upgrade from a release without signatures, has the code of its service: else one who moves the place
in the database would make every forged row one of before.
"""

from typing import Any

from backbone.door.beside import Beside, CodedRows
from backbone.door.codes import Codes
from backbone.door.evidence import Signed
from backbone.process.signing import Verifier

SIGNING = Beside("signing", ("since", "accepts_unsigned", "time"), ("time",))
UNSIGNED = Beside("unsigned", ("topic", "partition", "upto"), ("topic", "partition"))
BEGAN = "SELECT since, accepts_unsigned, time, proof FROM signing"
ENDS = "SELECT topic, partition, upto, proof FROM unsigned WHERE topic = $1"


class Demanded:
    """What one schema demands, as its service has written it; without codes, as it stands there."""

    def __init__(self, codes: Codes | None) -> None:
        self._signing, self.unsigned = CodedRows(codes, SIGNING), CodedRows(codes, UNSIGNED)

    async def since(self, on: Any) -> tuple[int, bool]:
        """Up to where rows of the journal may be unsigned, and whether that is proven."""
        [row] = await on.fetch(BEGAN)
        is_proven = await self._is_proven(on, row)
        return (row["since"] if is_proven else 0), is_proven

    async def accepts_unsigned(self, on: Any) -> bool:
        """Whether the topics may have unsigned records, of which the ends are still to be noted."""
        [row] = await on.fetch(BEGAN)
        return bool(row["accepts_unsigned"]) and await self._is_proven(on, row)

    async def ends(self, on: Any, topic: str) -> dict[int, int]:
        """Up to where the records of a topic may be unsigned, by partition."""
        rows = await self.unsigned.sound(on, await on.fetch(ENDS, topic))
        return {row["partition"]: row["upto"] for row in rows}

    async def _is_proven(self, on: Any, row: Any) -> bool:
        demands_all = not row["since"] and not row["accepts_unsigned"]
        return demands_all or await self._signing.is_sound(on, row)


async def signed_by(conn: Any, verifier: Verifier, service: str, codes: Codes | None) -> Signed:
    """Read from when on the rows of the schema of this connection are signed."""
    return Signed(verifier, service, *await Demanded(codes).since(conn))
