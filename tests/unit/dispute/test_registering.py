"""Registration 登记: how a dispute enters the one ledger."""

from dataclasses import replace as changed

import pytest
from msgspec.structs import replace

from backbone.directory.places import Places
from backbone.words.areas import Level
from backbone.words.city import Area
from backbone.words.errors import InvalidArgument
from backbone.words.place import Place, Point
from liandong.incident.v1 import incident_pb2 as incidents
from services.dispute import codec
from services.dispute.dispute import DISPUTES
from services.dispute.dispute.acceptance import AcceptDispute
from services.dispute.dispute.record import Kind, Mediation, Party, Source, State
from services.dispute.dispute.registration import RegisterDispute
from tests.cities import NORTH, NOW
from tests.desks import EAST_GRID, HERE, a_desk_city
from tests.unit.dispute.disputes import (
    AGREE,
    ID,
    LI,
    REGISTER,
    REGISTERED,
    a_registration,
    after,
    refusal_of,
)


def test_a_dispute_is_registered_once() -> None:
    assert refusal_of(REGISTERED, REGISTER) == "ALREADY_REGISTERED"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (a_registration(kind=None), "KIND_MISSING"),
        (a_registration(level=4), "UNKNOWN_LEVEL"),
        (a_registration(parties=()), "PARTIES_MISSING"),
        (a_registration(parties=(Party(),)), "PARTIES_MISSING"),
        (a_registration(source=Source.GRID, parties=(Party(),)), "PARTIES_MISSING"),
        (a_registration(subject=""), "SUBJECT_MISSING"),
        (a_registration(category="moon"), "UNKNOWN_CATEGORY"),
        (a_registration(priority="P0"), "UNKNOWN_PRIORITY"),
    ],
)
def test_what_cannot_be_registered(command: RegisterDispute, reason: str) -> None:
    assert refusal_of(None, command) == reason


def test_what_is_found_on_patrol_may_name_its_parties_later() -> None:
    found = after(a_registration(source=Source.GRID, parties=()))
    assert (found.filing.parties, found.state) == ((), State.REGISTERED)


def test_what_the_front_desk_referred_stays_the_same_matter() -> None:
    matter = incidents.Matter(
        id=str(ID), code="990101260101-000001-2", title="争吵", narrative="邻居争吵",
        category="dispute.family", priority="P4", desk="command", to_unit="north",
    )  # fmt: skip
    dispute = after(codec.to_referral(matter))
    assert (dispute.id, dispute.code, dispute.desk) == (ID, matter.code, "north")
    assert (dispute.area, dispute.filing.kind, dispute.filing.level) == (NORTH, Kind.FAMILY, 3)
    assert refusal_of(
        after(AcceptDispute(LI, Mediation.PEOPLE), dispute=dispute), replace(AGREE, by=LI)
    ) == ("PARTIES_MISSING")
    matter.category = "violence.domestic"
    violent = after(codec.to_referral(matter))
    assert refusal_of(violent, AcceptDispute(LI, Mediation.PEOPLE)) == "VIOLENCE_NOT_MEDIATED"


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (Place("海上", Point(9.0, 9.0)), "OUTSIDE_CITY"),
        (Place("别处", None, "880101"), "UNKNOWN_AREA"),
    ],
)
def test_a_place_that_the_city_does_not_know_is_refused(place: Place, reason: str) -> None:
    """A foreign area would strand it: the units that could route it may not see it."""
    with pytest.raises(InvalidArgument, match=reason):
        DISPUTES.decide(None, a_registration(place=place), NOW, a_desk_city())


def test_a_point_finds_its_grid_and_a_text_its_area() -> None:
    places = Places()
    places.learn(changed(a_desk_city(), areas={NORTH: Area(NORTH, "青山镇", Level.TOWNSHIP)}))
    at_point = codec.located(a_registration(place=Place("gate", HERE)), places)
    in_words = codec.located(a_registration(place=Place("青 山 镇政府")), places)
    assert at_point.filing.place == Place("gate", HERE, EAST_GRID)
    assert in_words.filing.place == Place("青 山 镇政府", None, NORTH)
    assert codec.located(a_registration(place=None), places).filing.place is None
