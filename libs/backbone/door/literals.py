"""Literals of Postgres, as text."""

from collections.abc import Iterable


def literal(values: Iterable[object]) -> str:
    """A list as a Postgres array literal, because unnest would flatten an array of arrays.

    Its values are texts, or values that Postgres parses from text, such as ids.
    """
    return "{" + ",".join(f'"{_escaped(str(value))}"' for value in values) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
