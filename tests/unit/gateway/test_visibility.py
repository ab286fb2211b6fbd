"""Who may see which change."""

import pytest

from backbone.words.actor import Actor
from services.gateway.live.visibility import Scope, may_see

STATION = "990101001-police"
CASES = [
    # role, unit, caller's area, source, event's area, seen
    ("clerk", STATION, "990101001", "incident", "990101001", True),
    ("clerk", "990102001-police", "990102001", "incident", "990101001", False),
    ("clerk", "990101001-justice", "990101001", "incident", "990101001", False),
    ("dispatcher", "990100-command", "990100", "incident", "990101001001", True),
    ("dispatcher", "990102-command", "990102", "incident", "990101001", False),
    ("dispatcher", "990100-command", "990100", "petition", "990101001", False),
    ("call_taker", "990100-command", "990100", "alarm", "990101001", True),
    ("call_taker", "990100-command", "990100", "incident", "990101001", False),
    ("call_taker", "990100-command", "990100", "population", "990101001", False),
    ("centre_director", "990101-centre", "990101", "population", "990101001", False),
    ("auditor", "990100", "990100", "population", "990101001", True),
    ("auditor", "990100", "990100", "incident", "", False),
    ("operator", "990100", "990100", "incident", "990101001", False),
]


@pytest.mark.parametrize(("role", "unit", "area", "source", "place", "seen"), CASES)
def test_scope(role: str, unit: str, area: str, source: str, place: str, seen: bool) -> None:
    assert may_see(Actor("x", unit, role, area), Scope(source, frozenset({STATION}), place)) is seen
