"""What is written of petitions and of care: the 110 desk sees where it is, and not what it says."""

import pytest

from backbone.words.actor import Actor
from services.workflow.codec import shown_to
from services.workflow.incident.opening import OpenIncident
from tests.cities import COUNTY
from tests.incidents import DESK, LI, a_matter, after

SUPERVISOR = Actor("ding", "audit", "supervisor", COUNTY)
DIRECTOR = Actor("fang", "centre", "centre_director", COUNTY)
OFFICE = Actor("gu", "office", "clerk", COUNTY)


@pytest.mark.parametrize(
    ("source", "reader", "reads"),
    [
        ("PETITION", DESK, False),
        ("PETITION", SUPERVISOR, True),
        ("PETITION", DIRECTOR, True),
        ("PETITION", OFFICE, True),
        ("PETITION", LI, True),
        ("CARE", DESK, False),
        ("CARE", DIRECTOR, False),
        ("CARE", SUPERVISOR, True),
        ("CARE", LI, True),
        ("ALARM", DESK, True),
        ("DISPUTE", DESK, True),
    ],
)
def test_texts_are_for_the_units_concerned_and_the_watchers_of_the_kind(
    source: str, reader: Actor, reads: bool
) -> None:
    matter = a_matter(source=source, desk="office", to_unit="north")
    incident = after(OpenIncident(Actor("", "office", "service"), matter))
    shown = shown_to(incident, reader)
    texts = (shown.narrative, shown.place.text)
    assert texts == (("a bicycle", "gate") if reads else ("", ""))
    assert (shown.title == "theft") == reads and shown.title
    assert (shown.code, shown.unit, shown.place.area) == (matter.code, "north", matter.place.area)
