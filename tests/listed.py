"""Lists against the pure rule: records are written as the door writes them, and listed in pages."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.door.decider import Decider
from backbone.door.rows import Rows
from backbone.door.statements import state_values, write_to
from backbone.postgres import counting
from backbone.postgres.asking import Asked
from backbone.postgres.counting import count_of
from backbone.postgres.listing import Lists, streams_of
from backbone.postgres.paths import NO_ID, Path
from backbone.postgres.pool import Pool, transaction
from backbone.postgres.scanning import first_of
from backbone.postgres.states import Proven, taken
from backbone.postgres.turns import READ
from backbone.words.actor import Actor
from backbone.words.rank import FIRST
from backbone.words.roles import EVERYONE
from backbone.words.sight import WATCHERS

# Few of each, so that records and actors meet; one code is the beginning of another.
UNITS = ("north", "south", "roads", "command")
AREAS = ("", "990101001", "990101001002", "990101001002003", "990101002", "990102001")
HOMES = ("", "990100", "990101", "990101001", "990101001002", "990102")
CATEGORIES = ("", "theft", "theft.car", "theft.car.parked", "thefts", "fire")
START = datetime(2026, 1, 1, tzinfo=UTC)

units, areas = st.sampled_from(UNITS), st.sampled_from(AREAS)
categories = st.sampled_from(CATEGORIES)
times = st.integers(0, 5).map(lambda days: START + timedelta(days=days))
actors = st.builds(
    Actor,
    user=st.sampled_from(("", "li", "wang")),
    unit=st.sampled_from(("", *UNITS)),
    role=st.sampled_from(sorted(EVERYONE)) | st.sampled_from(sorted(WATCHERS)),
    area=st.sampled_from(HOMES),
    line=st.sampled_from(("", "", "petition_office", "mediation", "fire")),
)
# A database is asked: few examples, each of many records; it is empty at the start of each.
asking = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def trusted(row: Any, asked: Asked) -> Proven:
    """The row as it is: for what is about pages and times alone."""
    return taken(row)


class Listed:
    """One table of a real database, and the lists of it."""

    def __init__(self, pool: Pool, decider: Decider[Any], paths: Sequence[Path]) -> None:
        self._pool, self._decider, self._paths = pool, decider, paths
        shown = Rows(pool).of(decider).shown
        self._lists = Lists(pool, b"key", decider.table.name, paths, shown)
        self._written = 0

    async def write(self, states: Sequence[Any]) -> None:
        """Nothing but these, by the statement of the door."""
        name = self._decider.table.name
        await self._pool.execute(f"DELETE FROM {name}")
        for path in self._paths:
            if path.source:
                await self._pool.execute(f"DELETE FROM {path.source}")
        await self.update(states)

    async def update(self, states: Sequence[Any]) -> None:
        """These too, or anew."""
        table = self._decider.table
        self._written += 1  # the door's statement refuses a version that does not rise
        newer = [replace(state, version=state.version + self._written) for state in states]
        rows = [state_values(self._decider, state, b"") for state in newer]
        columns = [list(column) for column in zip(*rows, strict=True)]
        statement = write_to([table])
        most = max(int(number) for number in re.findall(r"\$(\d+)", statement))
        nothing: list[list[Any]] = [[] for _ in range(most - len(columns))]
        if rows:
            await self._pool.execute(statement, *columns, *nothing)

    async def shown(self, asked: Asked, size: int = 3) -> list[UUID]:
        """The ids of the whole list, read page by page."""
        found: list[UUID] = []
        after = (FIRST, NO_ID)
        while True:
            async with transaction(self._pool, READ) as conn:
                places = await self._lists.places(conn, asked, after, size)
            found += [row_id for _, row_id in places]
            if len(places) < size:
                return found
            after = places[-1]

    async def follows(
        self, states: Sequence[Any], asked: Asked, shows: Callable[[Any], bool]
    ) -> None:
        """After these were written anew, the list shows them as they are now."""
        await self.update(states)
        assert await self.shown(asked) == self._sorted(filter(shows, states))

    def _sorted(self, states: Iterable[Any]) -> list[UUID]:
        project = self._decider.table.project
        return [each for _, each in sorted((project(state)["rank"], state.id) for state in states)]

    async def count(self, asked: Asked) -> int:
        async with transaction(self._pool, READ) as conn:
            return await self._lists.count(conn, asked)

    async def found(self, states: Sequence[Any], asked: Asked) -> set[UUID]:
        """The ids of those that can be read alone."""
        rows = [(state.id, await self._lists.find(state.id, asked.sights)) for state in states]
        return {row_id for row_id, row in rows if row is not None}

    async def agrees(
        self, states: Sequence[Any], asked: Asked, sees: Callable[[Any], bool], passes: Any
    ) -> None:
        """The list, its count and each look-up say what the pure rules say."""
        await self.write(states)
        right = self._sorted(state for state in states if sees(state) and passes(state))
        assert await self.shown(asked) == right
        assert await self.count(asked) == min(len(right), counting.MOST + 1)
        await self._every_path_agrees(asked)
        assert await self.found(states, asked) == {each.id for each in states if sees(each)}
        table = self._decider.table
        for each in states:
            projected = table.project(each)
            again = {name: of(each) for name, of in table.derived.items() if name in projected}
            assert again == {name: projected[name] for name in again}
        row_of = table.row_of
        said = {each.id for each in states if asked.has(row_of(each))}
        assert said == set(right), "asked of the documents, it is the same"

    async def _every_path_agrees(self, asked: Asked) -> None:
        """Which path is the first must make no difference: each alone reads the same."""
        table, start = self._decider.table.name, (FIRST, NO_ID)
        async with transaction(self._pool, READ) as conn:
            for stream in streams_of(table, asked):
                usable = [path for path in self._paths if path.bound_by(stream)]
                found = [await first_of(conn, [path], stream, start, 99) for path in usable]
                assert all(each == found[0] for each in found), usable
                counts = [await count_of(conn, [path], stream, ()) for path in usable]
                assert set(counts) <= {min(len(found[0]), counting.MOST + 1)}, usable


def some(*values: Any) -> Any:
    """One of these values, or mostly none of them: a list with every filter shows nothing."""
    nothing = type(values[0])()
    return st.sampled_from((*[nothing] * 4 * len(values), *values))


def of_state(state: str, over: bool, wanted: str, closed: bool) -> bool:
    """Whether a record has the state that a list is asked for, or is over as it is asked for."""
    return state == wanted if wanted else over == closed


def below(code: str, top: str, separator: str = "") -> bool:
    """Whether a code is the top one or below it; no top: everything."""
    return not top or code == top or code.startswith(top + separator)
