"""An intake that follows an incident sees its state, unit and holder after every verb."""

from typing import Any

import pytest

from backbone.door.request import Request
from backbone.intake.following import step_of
from backbone.words.actor import Actor
from backbone.words.followed import SETTLED, Followed, follow
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from services.workflow.incident import INCIDENTS
from services.workflow.incident.record import Incident
from services.workflow.wiring import build_decider
from tests.incidents import CITY, NOW
from tests.life_cycles import NOTHING

DECIDER = build_decider(lambda: CITY)


def message_of(incident: Incident, event: Any) -> IncidentEvent:
    """The event as its consumers read it."""
    request: Request[Any] = Request(
        incident.id, incident.id, None, "", Actor("li", "north"), deadline=NOW
    )
    record = DECIDER.journal_row(incident, event, request, b"")
    return IncidentEvent.FromString(record.payload)


def seen_of(incident: Incident) -> Followed:
    charge, ending = incident.charge, incident.ending
    return Followed(
        version=incident.version,
        state=incident.state,
        unit=charge.unit,
        holder=charge.holder,
        outcome=ending.outcome,
        reply=ending.reply,
        priority=incident.matter.priority,
    )


@pytest.mark.parametrize("verb", [command.__name__ for command in INCIDENTS.verbs])
def test_the_follower_sees_what_the_verb_has_changed(verb: str) -> None:
    # Imported late: that module looks through all test files of this folder.
    from tests.unit.workflow.test_life_cycle import INCIDENT

    for state in INCIDENT.states_accepting(verb):
        incident, now = INCIDENT.ready(verb, state)
        known = Followed() if state == NOTHING else seen_of(incident)
        for event in INCIDENT.decide(incident, INCIDENT.ways[verb].command, now):
            incident = DECIDER.evolve(incident, event)
            step = step_of(message_of(incident, event))
            for followed in follow(known, step, now) if step else ():
                known = followed.incident
        expected = seen_of(incident)
        assert (known.state, known.holder) == (expected.state, expected.holder), state
        assert known.unit == expected.unit or not expected.unit
        assert known.priority == expected.priority
        if expected.state in SETTLED:
            assert (known.outcome, known.reply) == (expected.outcome, expected.reply)
