"""The city in memory, which answers every read; reloaded when another pack is in force."""

import asyncio
import logging
from collections.abc import Iterable

from backbone.directory.entries import to_city, to_record
from backbone.directory.grids import GridIndex
from backbone.door.beside import CodedRows
from backbone.postgres.pool import Pool, is_transient
from backbone.process.pulse import Pulse
from backbone.words.city import City, Grid
from backbone.words.errors import InvalidArgument, Unavailable
from liandong.directory.v1.directory_pb2 import DirectoryEntry
from services.directory import storage
from services.directory.loading import Loader
from services.directory.metrics import REFUSED, VERSION

log = logging.getLogger(__name__)


class Holding:
    """Holds one consistent city; reads are refused as unavailable before the first one."""

    def __init__(self, pool: Pool, coded: CodedRows) -> None:
        self._pool, self._coded = pool, coded
        self._held: tuple[City, GridIndex] | None = None
        self._has_looked = False
        self._renewing = asyncio.Lock()

    @property
    def city(self) -> City:
        """The city in force. Raises Unavailable while there is none."""
        return self._both()[0]

    def locate(self, longitude: float, latitude: float) -> Grid:
        """Return the grid of a point. Raises InvalidArgument for one outside the city."""
        grid = self._both()[1].locate(longitude, latitude)
        if grid is None:
            raise InvalidArgument("POINT_OUTSIDE_CITY", longitude=longitude, latitude=latitude)
        return grid

    async def renew(self) -> None:
        """Read the entries again if the pack in force is not the one held."""
        async with self._renewing:
            in_force = await self._version()
            self._has_looked = self._has_looked or in_force == 0
            if in_force == (self._held[0].head.version if self._held else 0):
                return
            found = await self._pool.fetch(storage.ALL, timeout=storage.PATIENCE)
            rows = await self._coded.sound(self._pool, found)
            self._held = await asyncio.to_thread(_build, [row["body"] for row in rows])
            self._has_looked = True
            VERSION.set(in_force)

    async def run(self, loader: Loader, pulse: Pulse) -> None:
        """Put due packs in force and renew the city, until cancelled."""
        pulse.lack("city", "the entries have not been read yet")
        async for _ in pulse.rounds("city", 1.0):
            try:
                flaw = await put_in_force(loader, pulse)
                pulse.note("pack", flaw)
                REFUSED.set(bool(flaw))
                await self.renew()
                pulse.have("city")
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("city.not_renewed", extra={"error": str(error)})

    async def _version(self) -> int:
        async with self._pool.acquire() as conn:
            in_force = await storage.in_force(conn)
        return in_force[0] if in_force else 0

    def _both(self) -> tuple[City, GridIndex]:
        if self._held is None:
            # Before the first look into the table it is unknown whether a city is loaded: with
            # DIRECTORY_NOT_LOADED the runner would load the demo city over it.
            raise Unavailable("DIRECTORY_NOT_LOADED" if self._has_looked else "UNKNOWN_REPEAT")
        return self._held


async def put_in_force(loader: Loader, pulse: Pulse) -> str:
    """Put the packs that are due in force; return the flaw of one that is refused."""
    try:
        while await loader.put_due_in_force():
            pulse.beat("city")
    except InvalidArgument as refusal:
        log.error("pack.cannot_be_put_in_force", extra={"facts": refusal.facts})
        return (
            f"the pack that is due cannot be put in force ({refusal.facts.get('cause')}), and "
            "later ones wait behind it: `liandong city load` a corrected one, which takes its place"
        )
    return ""


def _build(bodies: Iterable[bytes]) -> tuple[City, GridIndex] | None:
    entries = [DirectoryEntry.FromString(body) for body in bodies]
    records = {entry.key: record for entry in entries if (record := to_record(entry)) is not None}
    city = to_city(records)
    return (city, GridIndex(city.grids.values())) if city else None
