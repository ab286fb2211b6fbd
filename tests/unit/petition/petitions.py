"""A petition, the commands of its desk, and what comes of them, for the tests of petitions."""

from functools import reduce
from typing import Any
from uuid import UUID

import pytest

from backbone.words.actor import Actor
from backbone.words.errors import Refusal
from backbone.words.followed import FollowIncident
from backbone.words.place import Place
from services.petition.petition import PETITIONS
from services.petition.petition.acceptance import AcceptPetition
from services.petition.petition.handling import ClosePetition, ReplyPetition
from services.petition.petition.record import (
    Channel,
    Filing,
    Kind,
    LawfulChannel,
    Petition,
    Petitioner,
)
from services.petition.petition.registration import RegisterPetition
from services.petition.petition.routing import RoutePetition
from tests.cities import COUNTY, NORTH, NOW, SOUTH, a_city

CITY = a_city()
DESK = Actor("zhao", "command", "receptionist", COUNTY)
LI, CHEN = Actor("li", "north", "clerk", NORTH), Actor("chen", "south", "clerk", SOUTH)
LEADER = Actor("sun", "county", "leader", COUNTY)


def a_filing(**parts: object) -> Filing:
    given: dict[str, object] = {
        "channel": Channel.LETTER,
        "subject": "路灯不亮",
        "text": "门前的路灯坏了三个月",
        "petitioners": (Petitioner("sealed", id_number="sealed"),),
        "head_count": 1,
        "place": Place("gate", area=NORTH),
        "category": "theft",
        "priority": "",
        "against": "",
        "against_unit": "",
        "petitioner_indexes": ("the card",),
        **parts,
    }
    return Filing(**given)  # type: ignore[arg-type]


def a_registration(**parts: object) -> RegisterPetition:
    return RegisterPetition(DESK, UUID(int=7), "990101260101-100001-0", a_filing(**parts))


def decide(petition: Petition | None, command: Any) -> list[Any]:
    return PETITIONS.decide(petition, command, NOW, CITY)


def after(*commands: Any, petition: Petition | None = None) -> Petition:
    for command in commands:
        petition = reduce(PETITIONS.evolve, decide(petition, command), petition)
    assert petition is not None
    return petition


def refusal_of(petition: Petition | None, command: Any) -> str:
    """The reason why the command is refused."""
    with pytest.raises(Refusal) as caught:
        decide(petition, command)
    return caught.value.reason


REGISTER = a_registration()
ACCEPT, ROUTE = AcceptPetition(DESK, Kind.CLAIM, LawfulChannel.PETITION), RoutePetition(DESK)
CLAIMED = FollowIncident("IncidentClaimed", 4, state="CLAIMED", unit="north", holder="li")
RESOLVED = FollowIncident("IncidentResolved", 5, state="RESOLVED", outcome="SOLVED", reply="已修")
REPLY, CLOSE = ReplyPetition(DESK, "已修好"), ClosePetition(DESK)
REGISTERED, ACCEPTED = after(REGISTER), after(REGISTER, ACCEPT)
ASSIGNED = after(REGISTER, ACCEPT, ROUTE)
HANDLING = after(CLAIMED, RESOLVED, petition=ASSIGNED)
REPLIED = after(REGISTER, ACCEPT, REPLY)
ACCUSE = a_registration(against_unit="north")
ACCUSATION = after(ACCUSE, AcceptPetition(DESK, Kind.ACCUSATION))
ACCUSED = after(RoutePetition(DESK, "county"), petition=ACCUSATION)
