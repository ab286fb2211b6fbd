"""The places of missions in mailboxes; each is read once, as that of a revision never changes."""

from uuid import UUID

from backbone.postgres.pool import Pool
from services.emergency import storage
from services.emergency.mission.record import Mission

# Those read long ago are forgotten.
MOST = 10_000


class Places:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: dict[tuple[UUID, int], int] = {}

    async def of(self, mission: Mission) -> int:
        """The number of the entry with the mission's last revision, which is written."""
        revision = mission.id, mission.pushes.revision
        known = self._known.get(revision, 0)
        if not known:
            known = await self._pool.fetchval(storage.SEQ, *revision) or 0
            self._known[revision] = known
            while len(self._known) > MOST:
                del self._known[next(iter(self._known))]
        return known
