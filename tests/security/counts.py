"""What the attack suite has done, a line for each test, told at the end of the run."""

COUNTS: list[str] = []
