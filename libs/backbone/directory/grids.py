"""A spatial index that finds the grid of a point in well under a millisecond."""

from collections.abc import Iterable

from backbone.words.city import Grid


class GridIndex:
    """The grids of a city, found by point. Building one imports shapely."""

    def __init__(self, grids: Iterable[Grid]) -> None:
        # Imported here: shapely and numpy take 25 MiB, and only the directory and alarm need them.
        from shapely import Polygon, STRtree, prepare

        self._grids = sorted((grid for grid in grids if grid.rings), key=lambda each: each.code)
        shapes = [Polygon(grid.rings[0], grid.rings[1:]) for grid in self._grids]
        for shape in shapes:
            prepare(shape)
        self._tree = STRtree(shapes)

    def __len__(self) -> int:
        return len(self._grids)

    def locate(self, longitude: float, latitude: float) -> Grid | None:
        """Return the grid of a point in degrees; on a border, the grid with the smaller code."""
        from shapely import Point

        found = self._tree.query(Point(longitude, latitude), predicate="intersects")
        return self._grids[min(found)] if len(found) else None
