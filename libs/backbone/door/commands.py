"""Which decider answers which command."""

from collections.abc import Sequence
from typing import Any

from backbone.door.decider import Decider


def by_command(deciders: Sequence[Decider[Any]]) -> dict[type[Any], Decider[Any]]:
    """The decider of each command. Raises ValueError for a command of two types."""
    found: dict[type[Any], Decider[Any]] = {}
    for decider in deciders:
        for command in decider.life_cycle.verbs:
            if command in found:
                raise ValueError(f"{command.__name__} belongs to two aggregate types")
            found[command] = decider
    return found
