"""Who may see which change."""

from itertools import product

import pytest

from backbone.words.actor import Actor
from backbone.words.sight import SOURCES
from liandong.event.v1.event_pb2 import Meta
from services.gateway.live.feed import EVENTS
from services.gateway.live.visibility import Scope, may_see, scope_of

STATION, PLACE = "990101001-police", "990101001"
CASES = [
    # role, unit, caller's area, source, event's area, seen
    ("clerk", STATION, PLACE, "ALARM", PLACE, True),
    ("clerk", "990102001-police", "990102001", "ALARM", PLACE, False),
    ("clerk", "990101001-justice", PLACE, "ALARM", PLACE, False),
    ("dispatcher", "990100-command", "990100", "ALARM", "990101001001", True),
    ("dispatcher", "990102-command", "990102", "ALARM", PLACE, False),
    ("dispatcher", "990100-command", "990100", "DISPUTE", PLACE, True),
    ("dispatcher", "990100-command", "990100", "PETITION", PLACE, False),
    ("dispatcher", "990100-command", "990100", "CARE", PLACE, False),
    ("dispatcher", STATION, PLACE, "PETITION", PLACE, False),
    ("call_taker", "990100-command", "990100", "ALARM", PLACE, False),
    ("call_taker", "990100-command", "990100", "ORDER", PLACE, True),
    ("call_taker", STATION, PLACE, "CARE", PLACE, False),
    ("team_leader", STATION, PLACE, "PETITION", PLACE, False),
    ("care_worker", STATION, PLACE, "PETITION", PLACE, False),
    ("receptionist", STATION, PLACE, "CARE", PLACE, False),
    ("centre_director", "990101-centre", "990101", "DISPUTE", PLACE, True),
    ("centre_director", "990101-centre", "990101", "ALARM", PLACE, False),
    ("leader", "990100", "990100", "CASE", PLACE, False),
    ("auditor", "990100", "990100", "CASE", PLACE, True),
    ("auditor", "990100", "990100", "ALARM", "", True),
    ("auditor", "990102", "990102", "PETITION", PLACE, False),
    ("operator", "990100", "990100", "ALARM", PLACE, False),
    ("operator", STATION, PLACE, "ALARM", PLACE, False),
]


@pytest.mark.parametrize(("role", "unit", "area", "source", "place", "seen"), CASES)
def test_scope(role: str, unit: str, area: str, source: str, place: str, seen: bool) -> None:
    assert may_see(Actor("x", unit, role, area), Scope(source, frozenset({STATION}), place)) is seen


def test_an_accusation_is_told_to_the_units_that_work_on_it_and_to_the_auditor() -> None:
    meta = Meta(audience=[STATION], audited_area=PLACE, source="ALARM", accused="990101-police")
    scope = scope_of("incident", meta)
    seen = {
        (role, unit)
        for role, unit in product(("clerk", "grid_member", "leader", "auditor"), (STATION, "other"))
        if may_see(Actor("x", unit, role, "990101"), scope)
    }
    assert seen == {
        ("clerk", STATION),
        ("leader", STATION),
        ("auditor", STATION),
        ("auditor", "other"),
    }
    assert not may_see(Actor("x", "990101-police", "auditor", "990101"), scope)


def test_an_event_of_an_incident_that_does_not_say_its_source_is_shown_to_nobody() -> None:
    meta = Meta(audience=[STATION], area=PLACE)
    assert scope_of("incident", meta).source == ""
    assert not may_see(Actor("x", STATION, "clerk", PLACE), scope_of("incident", meta))
    assert may_see(Actor("x", STATION, "clerk", PLACE), scope_of("alarm", meta))
    assert {scope_of(service, meta).source for service in EVENTS} <= {"", *SOURCES}
    hidden = Actor("x", STATION, "care_worker", PLACE)
    assert may_see(hidden, scope_of("alarm", meta))
    assert not may_see(hidden, scope_of("alarm", Meta(audience=[STATION])))
