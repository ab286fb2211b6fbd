"""Recalls the answer to a repeated call: its state is folded from the journal."""

import logging
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from backbone.door.decider import Decider
from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.door.rows import Rows
from backbone.postgres.pool import Connection
from backbone.words.errors import EVIDENCE_BROKEN, Broken, NotFound, Unavailable

log = logging.getLogger(__name__)


async def recalled(
    conn: Connection, rows: Rows, decider: Decider[Any], request: Request[Any], answer: Outcome
) -> Outcome:
    """The answer with its state, if it lacks one that the caller is to see.

    Raises the errors of the database: they have ended the transaction.
    """
    if answer.reason or answer.state is not None or not request.call:
        return answer
    try:
        life = await rows.life(answer.aggregate_id, answer.version, conn)
        if len(life) != answer.version:
            raise Broken(EVIDENCE_BROKEN, version=answer.version)
        return replace(answer, state=_folded(decider, request, life))
    except (Unavailable, Broken, NotFound) as refused:  # concerns this answer alone
        kind = type(refused).__name__
        return replace(answer, reason=refused.reason, kind=kind, facts=refused.facts)


def _folded(decider: Decider[Any], request: Request[Any], life: Sequence[Any]) -> Any:
    """Raises Unavailable for an event of a newer release, Broken for one that breaks."""
    try:
        return decider.fold(row["payload"] for row in life)
    except Unavailable:
        raise
    except Exception as error:
        log.exception("repeat.broken", extra={"request_id": request.request_id})
        raise Broken("INTERNAL") from error
