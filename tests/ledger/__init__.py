"""A service of the tests' own: notes that are written, claimed, released, and lapse."""
