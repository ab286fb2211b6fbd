"""Who knows of a petition that complains of a unit: neither that unit nor any below it."""

import pytest
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.sight import sees
from services.petition.petition.record import Acceptance, Kind, Petition, audience, facts_of
from tests.unit.petition import petitions as made

ABOVE = "county"


def against(unit: str) -> Petition:
    return made.after(made.a_registration(against_unit=unit))


@pytest.mark.parametrize("unit", sorted(made.CITY.units))
def test_units_below_the_accused_are_hidden_too(unit: str) -> None:
    petition = against(ABOVE)
    known = replace(petition, units=(*petition.units, unit))
    below = made.CITY.belongs_to(unit, ABOVE) and unit != petition.desk
    assert (unit not in audience(known)) == below
    assert sees(Actor("li", unit, "clerk"), facts_of(known)) == (not below)
    claim = replace(known, acceptance=Acceptance(Kind.CLAIM, None, known.time))
    assert unit in audience(claim), "a claim is no accusation"


def test_an_auditor_below_the_accused_reads_nothing_of_it() -> None:
    petition = against(ABOVE)
    auditor = Actor("shen", "office", "auditor", petition.area[:6])
    assert sees(auditor, facts_of(petition))
    assert not sees(replace(auditor, above=f"x,{ABOVE}"), facts_of(petition))
