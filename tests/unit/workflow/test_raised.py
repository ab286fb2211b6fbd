"""What is raised to a unit is decided there by those who decide, and by no other of its people."""

import pytest

from backbone.words.actor import Actor
from backbone.words.roles import EVERYONE, SUPERIORS
from services.workflow.incident.closing import VoidIncident
from services.workflow.incident.handing_off import AcceptHandOff
from services.workflow.incident.lapsing import Lapse
from services.workflow.incident.record import Incident
from services.workflow.incident.returning import AcceptReturn, RejectReturn, RequestReturn
from services.workflow.incident.routing import DesignateUnit
from tests.cities import COUNTY
from tests.incidents import CHEN, CLAIMED, HANDING_OFF, OFFER, after, decide, folded
from tests.life_cycles import ACCEPTED, reason_of

# It decides after silence, and is not the unit that was asked.
GOVERNMENT = "county"


def raised(incident: Incident) -> Incident:
    found = folded(decide(incident, Lapse(), incident.questions[0].due_time), incident)
    assert found is not None and found.questions[0].raised_to == GOVERNMENT
    return found


ASKED = after(OFFER, AcceptHandOff(CHEN), RequestReturn(CHEN, "not ours"), found=CLAIMED)


@pytest.mark.parametrize("role", sorted(EVERYONE - {"operator"}))
def test_only_who_decides_for_the_superior_decides(role: str) -> None:
    by = Actor("wu", GOVERNMENT, role, COUNTY)
    handing, asked = raised(HANDING_OFF), raised(ASKED)
    done = {
        type(command).__name__
        for incident, command in (
            (handing, DesignateUnit(by, "south", "theirs")),
            (handing, VoidIncident(by, "HOAX")),
            (asked, AcceptReturn(by)),
            (asked, RejectReturn(by, "yours")),
        )
        if reason_of(lambda c=command, i=incident: decide(i, c)) == ACCEPTED
    }
    everything = {"DesignateUnit", "VoidIncident", "AcceptReturn", "RejectReturn"}
    assert done == (everything if role in SUPERIORS else set())
