"""B8: every list at ten years of a city's data, in a database of its own."""
