"""The replica of the city that each service keeps, and the index from points to grids."""
