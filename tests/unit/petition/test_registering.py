"""Registration 登记: a desk writes down what came in, completely."""

from dataclasses import replace as changed

import pytest

from backbone.directory.places import Places
from backbone.postgres.sealing import Sealer
from backbone.process.keyring import Keyring
from backbone.words.areas import Level
from backbone.words.city import Area
from backbone.words.errors import InvalidArgument
from backbone.words.place import Place, Point
from services.petition import codec
from services.petition.petition import PETITIONS
from services.petition.petition.record import Channel, Petitioner
from services.petition.petition.registration import RegisterPetition
from tests.cities import NORTH, NOW
from tests.desks import EAST_GRID, HERE, a_desk_city
from tests.unit.petition.petitions import REGISTER, REGISTERED, a_registration, after, refusal_of

SIX = tuple(Petitioner(f"sealed {number}") for number in range(6))


def test_a_petition_is_registered_once() -> None:
    assert refusal_of(REGISTERED, REGISTER) == "ALREADY_REGISTERED"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (a_registration(channel=None), "CHANNEL_MISSING"),
        (a_registration(subject=" "), "SUBJECT_MISSING"),
        (a_registration(text=""), "TEXT_MISSING"),
        (a_registration(channel=Channel.VISIT, petitioners=()), "PETITIONER_MISSING"),
        (a_registration(channel=Channel.ONLINE, petitioners=()), "PETITIONER_MISSING"),
        (a_registration(petitioners=(Petitioner(),)), "PETITIONER_MISSING"),
        (a_registration(channel=Channel.VISIT, petitioners=SIX), "TOO_MANY_REPRESENTATIVES"),
        (a_registration(priority="P9"), "UNKNOWN_PRIORITY"),
        (a_registration(category="moon"), "UNKNOWN_CATEGORY"),
        (a_registration(against_unit="moon"), "UNKNOWN_UNIT"),
    ],
)
def test_what_cannot_be_registered(command: RegisterPetition, reason: str) -> None:
    assert refusal_of(None, command) == reason


def test_at_least_those_named_stand_behind_it() -> None:
    assert after(a_registration(petitioners=SIX, head_count=2)).filing.head_count == 6
    assert after(a_registration(head_count=30)).filing.head_count == 30


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
        PETITIONS.decide(None, a_registration(place=place), NOW, a_desk_city())


def test_a_point_finds_its_grid_and_a_text_its_area() -> None:
    places = Places()
    places.learn(changed(a_desk_city(), areas={NORTH: Area(NORTH, "青山镇", Level.TOWNSHIP)}))
    at_point = codec.located(a_registration(place=Place("gate", HERE)), places)
    in_words = codec.located(a_registration(place=Place("青 山 镇政府")), places)
    assert at_point.filing.place == Place("gate", HERE, EAST_GRID)
    assert in_words.filing.place == Place("青 山 镇政府", None, NORTH)
    assert codec.located(a_registration(place=None), places).filing.place is None


@pytest.mark.parametrize("channel", [Channel.LETTER, Channel.GREEN_POST])
def test_a_letter_that_is_not_signed_is_taken_and_marked(channel: Channel) -> None:
    sealer = Sealer(Keyring((bytes(32),)))
    unsigned = after(a_registration(channel=channel, petitioners=(), petitioner_indexes=()))
    assert (unsigned.filing.head_count, unsigned.filing.petitioners) == (1, ())
    assert codec.to_resource(unsigned, sealer).anonymous
    passed = after(a_registration(petitioners=(), passed_from="990101260101-100002-0"))
    assert not codec.to_resource(passed, sealer).anonymous, "the desk knows who called"
