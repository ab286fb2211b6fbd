"""A city with a discipline body, its people, and an opening that accuses the unit of the place."""

from uuid import UUID

from backbone.words.actor import Actor
from backbone.words.matter import Matter
from backbone.words.place import Place
from services.workflow.incident.opening import OpenIncident
from tests.cities import COUNTY, NORTH, a_city_with_discipline

CITY = a_city_with_discipline()
ACCUSED, BELOW = "north", "box"

OFFICE = Actor("ma", "office", "head", COUNTY)
SU, LIN = Actor("su", "discipline", "leader", COUNTY), Actor("lin", "discipline", "clerk", COUNTY)
VERIFIERS = (
    Actor("he", "office", "receptionist", COUNTY),
    Actor("yu", "office", "receptionist", COUNTY),
)


def an_opening(**parts: str) -> OpenIncident:
    given = {
        "code": "990101260101-100001-0",
        "source": "PETITION",
        "title": "所长收受好处",
        "narrative": "…",
        "category": "accusation",
        "priority": "P3",
        "desk": "office",
        "to_unit": "discipline",
        "against": ACCUSED,
        **parts,
    }
    matter = Matter(id=UUID(int=7), place=Place("gate", area=NORTH), **given)
    return OpenIncident(Actor("", "office", "service"), matter)
