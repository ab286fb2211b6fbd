"""Routing 交办: the petition enters the flow, and follows its incident from there on."""

import pytest
from msgspec.structs import replace

from backbone.words.followed import FollowIncident
from services.petition.petition.handling import ReplyPetition
from services.petition.petition.record import State
from services.petition.petition.routing import RoutePetition, matter_of
from tests.unit.petition.petitions import (
    ACCEPTED,
    ASSIGNED,
    CLAIMED,
    DESK,
    HANDLING,
    LEADER,
    LI,
    RESOLVED,
    after,
    decide,
    refusal_of,
)


def test_a_routed_petition_is_assigned_and_waits_for_its_incident() -> None:
    assert ASSIGNED.state is State.ASSIGNED
    incident = ASSIGNED.handling.incident
    assert incident is not None and incident.state == "PENDING"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (RoutePetition(DESK, to_unit="moon"), "UNKNOWN_UNIT"),
        (RoutePetition(DESK, category="moon"), "UNKNOWN_CATEGORY"),
        (RoutePetition(DESK, priority="P9"), "UNKNOWN_PRIORITY"),
        (RoutePetition(LEADER), "ROLE_MAY_NOT"),
    ],
)
def test_what_cannot_be_routed(command: RoutePetition, reason: str) -> None:
    assert refusal_of(ACCEPTED, command) == reason


def test_without_an_incident_there_is_nothing_to_follow() -> None:
    assert refusal_of(ACCEPTED, CLAIMED) == "NOT_ROUTED"


def test_it_follows_its_incident() -> None:
    report = FollowIncident("ProgressReported", 5, state="HANDLING", public_text="灯杆已到货")
    held = after(CLAIMED, report, CLAIMED, petition=ASSIGNED)
    incident = held.handling.incident
    assert (held.state, incident.state if incident else "") == ("HANDLING", "HANDLING")
    assert [(step.text, step.public) for step in held.handling.progress] == [("灯杆已到货", True)]
    assert held.units == ("command", "north")
    released = FollowIncident("IncidentReleased", 6, state="OFFERED", holder="")
    assert after(released, petition=held).state is State.ASSIGNED
    done = after(replace(RESOLVED, version=6), petition=held)
    ending = after(ReplyPetition(LI), petition=done).ending
    assert ending and ending.reply == "已修"


def test_an_old_step_changes_nothing() -> None:
    assert decide(HANDLING, CLAIMED) == []


def test_the_matter_names_nobody() -> None:
    assert "sealed" not in str(matter_of(ASSIGNED))
