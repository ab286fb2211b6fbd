"""A service's own copy of the city, and the grids of points."""
