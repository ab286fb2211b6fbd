"""Filters: what a caller writes is a text and never a pattern."""

import re

from tests.house.sources import constants, shown, sources

PATTERN = re.compile(r"\bI?LIKE\b|SIMILAR TO| ~\*? ")


def test_no_statement_reads_a_text_as_a_pattern() -> None:
    statements = {
        (shown(path), text)
        for path in sources()
        for text in constants(path)
        if re.search(r"\bWHERE\b|\bAND\b|\bOR\b", text)
    }
    assert len(statements) > 50
    assert [each for each in statements if PATTERN.search(each[1])] == []
