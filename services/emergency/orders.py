"""Which mission an order is about, and which missions an event of a receipt or incident touches."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from backbone.shell.shell import Shell
from services.emergency import storage
from services.emergency.deciders import missions
from services.emergency.mission.record import Mission, mission_id


async def missions_of(shell: Shell, *ids: UUID) -> Sequence[Mission]:
    """The missions of these matters and receipts, in the order of their dispatch."""
    rows = await shell.rows.of(missions).some(storage.OF, list(ids))
    return [missions.from_row(row) for row in rows]


async def target(shell: Shell, request_id: UUID, matter: UUID, team: str) -> tuple[UUID, int]:
    """The mission that an order opens, or meets, and its number.

    A repeat has the mission of the first answer. Otherwise it is the open mission of the team for
    this matter, or the next one. One that has left the matter with its receipt keeps its number.

    An order comes twice, by call and by event. What stands, and was not among those that were read,
    may be what the other one has opened meanwhile: answer and missions are asked for once more.
    """
    of, number, stands = await _aimed_at(shell, request_id, matter, team, 0)
    while stands:
        of, number, stands = await _aimed_at(shell, request_id, matter, team, number + 1)
    return of, number


async def _aimed_at(
    shell: Shell, request_id: UUID, matter: UUID, team: str, least: int
) -> tuple[UUID, int, bool]:
    """The mission by one read of answer and missions, and its number; a new mission has the number
    `least` or a later one. The third part: whether a row of that new mission exists already."""
    answer, found = await asyncio.gather(shell.door.answer(request_id), missions_of(shell, matter))
    every = [each for each in found if (each.order.matter_id, each.order.team) == (matter, team)]
    following = max([least, len(every), *(each.number + 1 for each in every)])
    if answer is not None:
        known = answer.aggregate_id
        numbers = (n for n in range(following + 1) if mission_id(matter, team, n) == known)
        return known, next(numbers, 0), False
    for each in every:
        if each.ending is None:
            return each.id, each.number, False
    new = mission_id(matter, team, following)
    return new, following, await shell.pool.fetchval(storage.STANDS, new)
