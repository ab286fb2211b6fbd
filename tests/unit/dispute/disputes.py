"""A dispute, the commands of its desk, and what comes of them, for the tests of disputes."""

from functools import reduce
from typing import Any
from uuid import UUID

import pytest

from backbone.words.actor import Actor
from backbone.words.errors import Refusal
from backbone.words.followed import FollowIncident
from backbone.words.place import Place
from services.dispute.dispute import DISPUTES
from services.dispute.dispute.acceptance import AcceptDispute
from services.dispute.dispute.mediation import (
    CloseDispute,
    FailMediation,
    HoldSession,
    RecordAgreement,
)
from services.dispute.dispute.record import Agreement, Dispute, Filing, Kind, Mediation, Party, Side
from services.dispute.dispute.registration import RegisterDispute
from services.dispute.dispute.routing import RouteDispute
from tests.cities import COUNTY, NORTH, NOW, SOUTH, a_city

CITY = a_city()
ID = UUID(int=7)
DESK = Actor("zhao", "command", "receptionist", COUNTY)
LI, CHEN = Actor("li", "north", "mediator", NORTH), Actor("chen", "south", "clerk", SOUTH)
LEADER = Actor("sun", "county", "leader", COUNTY)
PARTIES = (Party(Side.APPLICANT, "sealed one"), Party(Side.RESPONDENT, "sealed two"))


def a_filing(**parts: object) -> Filing:
    given: dict[str, object] = {
        "kind": Kind.NEIGHBOURS,
        "source": None,
        "level": 0,
        "violence": False,
        "subject": "楼上漏水",
        "text": "楼上漏水泡了我家天花板",
        "parties": PARTIES,
        "place": Place("gate", area=NORTH),
        "category": "",
        "priority": "",
        **parts,
    }
    return Filing(**given)  # type: ignore[arg-type]


def a_registration(**parts: object) -> RegisterDispute:
    return RegisterDispute(DESK, ID, "990101260101-200001-0", a_filing(**parts))


def decide(dispute: Dispute | None, command: Any) -> list[Any]:
    return DISPUTES.decide(dispute, command, NOW, CITY)


def after(*commands: Any, dispute: Dispute | None = None) -> Dispute:
    for command in commands:
        dispute = reduce(DISPUTES.evolve, decide(dispute, command), dispute)
    assert dispute is not None
    return dispute


def refusal_of(dispute: Dispute | None, command: Any) -> str:
    """The reason why the command is refused."""
    with pytest.raises(Refusal) as caught:
        decide(dispute, command)
    return caught.value.reason


REGISTER = a_registration()
ACCEPT, ROUTE = AcceptDispute(DESK, Mediation.PEOPLE), RouteDispute(DESK)
SESSION = HoldSession(DESK, "双方到场")
ORAL = Agreement(oral=True, terms="三日内修好")
WRITTEN = Agreement(document="调字1号", facts="漏水", terms="赔500元", performance="当场付清")
AGREE, FAIL = RecordAgreement(DESK, ORAL), FailMediation(DESK, "分歧过大", "向人民法院起诉")
CLAIMED = FollowIncident("IncidentClaimed", 4, state="CLAIMED", unit="north", holder="li")
CLOSE = CloseDispute(DESK)
REGISTERED, ACCEPTED = after(REGISTER), after(REGISTER, ACCEPT)
ROUTED = after(REGISTER, ACCEPT, ROUTE)
MEDIATING = after(CLAIMED, SESSION, dispute=ROUTED)
AGREED = after(REGISTER, ACCEPT, AGREE)
