"""From a point to its grid: an index over the polygons, in well under a millisecond."""

from collections.abc import Iterable

from backbone.words.city import Grid


class GridIndex:
    """The grids of a city, found by point. Only who builds one needs shapely."""

    def __init__(self, grids: Iterable[Grid]) -> None:
        # Shapely and numpy take 25 MiB; only the directory and the front desk need them.
        from shapely import Polygon, STRtree, prepare

        self._grids = sorted((grid for grid in grids if grid.rings), key=lambda each: each.code)
        shapes = [Polygon(grid.rings[0], grid.rings[1:]) for grid in self._grids]
        for shape in shapes:
            prepare(shape)
        self._tree = STRtree(shapes)

    def __len__(self) -> int:
        return len(self._grids)

    def locate(self, longitude: float, latitude: float) -> Grid | None:
        """Return the grid of a point; on a border, the one with the smaller code."""
        from shapely import Point

        found = self._tree.query(Point(longitude, latitude), predicate="intersects")
        return self._grids[min(found)] if len(found) else None
