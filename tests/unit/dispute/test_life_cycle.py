"""Disputes: every state and command, who may do what, violence, what an agreement needs, replay."""

from datetime import UTC, datetime
from functools import reduce
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.wire import to_message, to_record
from backbone.words.actor import Actor
from backbone.words.errors import Refusal
from backbone.words.followed import FollowIncident
from backbone.words.place import Place
from liandong.dispute.v1 import dispute_events_pb2 as events
from liandong.incident.v1 import incident_pb2 as incidents
from services.dispute import codec
from services.dispute.dispute import DISPUTES
from services.dispute.dispute.acceptance import AcceptDispute, RefuseDispute
from services.dispute.dispute.mediation import (
    CloseDispute,
    FailMediation,
    HoldSession,
    RecordAgreement,
)
from services.dispute.dispute.parties import NameParties, RevealParties
from services.dispute.dispute.record import (
    Agreement,
    Dispute,
    Filing,
    Kind,
    Mediation,
    Party,
    Side,
    Source,
    State,
)
from services.dispute.dispute.registration import RegisterDispute
from services.dispute.dispute.routing import RouteDispute, matter_of
from tests.cities import COUNTY, NORTH, SOUTH, a_city

GENERAL = ("NO_SUCH_DISPUTE", "INVALID_TRANSITION")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
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


def after(*commands: Any, dispute: Dispute | None = None) -> Dispute:
    for command in commands:
        news = DISPUTES.decide(dispute, command, NOW, CITY)
        dispute = reduce(DISPUTES.evolve, news, dispute)
    assert dispute is not None
    return dispute


def refusal_of(dispute: Dispute | None, command: Any) -> str:
    """The reason, which the verb must have declared."""
    with pytest.raises(Refusal) as caught:
        DISPUTES.decide(dispute, command, NOW, CITY)
    reason = caught.value.reason
    assert reason in {*DISPUTES.verbs[type(command)].reasons, *GENERAL}
    return reason


REGISTER = a_registration()
ACCEPT, ROUTE = AcceptDispute(DESK, Mediation.PEOPLE), RouteDispute(DESK)
SESSION = HoldSession(DESK, "双方到场")
ORAL = Agreement(oral=True, terms="三日内修好")
WRITTEN = Agreement(document="调字1号", facts="漏水", terms="赔500元", performance="当场付清")
AGREE, FAIL = RecordAgreement(DESK, ORAL), FailMediation(DESK, "分歧过大", "向人民法院起诉")
CLAIMED = FollowIncident("IncidentClaimed", 4, state="CLAIMED", unit="north", holder="li")
MOVES = [
    NameParties(DESK, PARTIES),
    ACCEPT,
    RefuseDispute(DESK, "已经起诉", "人民法院"),
    ROUTE,
    SESSION,
    AGREE,
    FAIL,
    CloseDispute(DESK),
    RevealParties(DESK, "通知到场"),
]
ROUTED = after(REGISTER, ACCEPT, ROUTE)
STATES = {
    State.REGISTERED: after(REGISTER),
    State.ACCEPTED: after(REGISTER, ACCEPT),
    State.REFUSED: after(REGISTER, MOVES[2]),
    State.ROUTED: ROUTED,
    State.MEDIATING: after(CLAIMED, SESSION, dispute=ROUTED),
    State.AGREED: after(REGISTER, ACCEPT, AGREE),
    State.FAILED: after(REGISTER, ACCEPT, FAIL),
    State.CLOSED: after(REGISTER, ACCEPT, AGREE, MOVES[7]),
}
LEADS_TO = {
    AcceptDispute: State.ACCEPTED,
    RefuseDispute: State.REFUSED,
    RouteDispute: State.ROUTED,
    HoldSession: State.MEDIATING,
    RecordAgreement: State.AGREED,
    FailMediation: State.FAILED,
    CloseDispute: State.CLOSED,
}


def test_the_moves_and_states_are_all_here() -> None:
    others = {RegisterDispute, FollowIncident}
    assert {type(move) for move in MOVES} | others == set(DISPUTES.verbs)
    assert {state: dispute.state for state, dispute in STATES.items()} == {s: s for s in State}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("command", MOVES, ids=lambda c: type(c).__name__)
def test_every_state_and_command(state: State, command: Any) -> None:
    before = STATES[state]
    if state in (DISPUTES.verbs[type(command)].states or ()):
        moved = after(command, dispute=before)
        assert moved.state == LEADS_TO.get(type(command), state)
        assert moved.version == before.version + 1
    else:
        assert refusal_of(before, command) == "INVALID_TRANSITION"


@pytest.mark.parametrize("command", [*MOVES, CLAIMED], ids=lambda c: type(c).__name__)
def test_nothing_moves_that_does_not_exist(command: Any) -> None:
    assert refusal_of(None, command) == "NO_SUCH_DISPUTE"


@pytest.mark.parametrize(
    ("dispute", "command", "reason"),
    [
        (STATES[State.REGISTERED], REGISTER, "ALREADY_REGISTERED"),
        (None, a_registration(kind=None), "KIND_MISSING"),
        (None, a_registration(level=4), "UNKNOWN_LEVEL"),
        (None, a_registration(parties=()), "PARTIES_MISSING"),
        (None, a_registration(parties=(Party(),)), "PARTIES_MISSING"),
        (None, a_registration(source=Source.GRID, parties=(Party(),)), "PARTIES_MISSING"),
        (None, a_registration(subject=""), "SUBJECT_MISSING"),
        (None, a_registration(category="moon"), "UNKNOWN_CATEGORY"),
        (None, a_registration(priority="P0"), "UNKNOWN_PRIORITY"),
        (STATES[State.REGISTERED], replace(ACCEPT, by=CHEN), "NO_SUCH_DISPUTE"),
        (STATES[State.REGISTERED], replace(ACCEPT, by=LEADER), "NOT_YOUR_UNIT"),
        (STATES[State.REGISTERED], AcceptDispute(DESK, None), "MEDIATION_MISSING"),
        (STATES[State.REGISTERED], RefuseDispute(DESK, "x", ""), "TOLD_WHERE_MISSING"),
        (STATES[State.REGISTERED], NameParties(DESK, ()), "PARTIES_MISSING"),
        (STATES[State.ACCEPTED], RouteDispute(DESK, "moon"), "UNKNOWN_UNIT"),
        (STATES[State.ACCEPTED], HoldSession(DESK, ""), "TEXT_MISSING"),
        (STATES[State.ACCEPTED], HoldSession(LEADER, "x"), "NOT_YOUR_UNIT"),
        (STATES[State.ACCEPTED], RecordAgreement(DESK, None), "AGREEMENT_INCOMPLETE"),
        (
            STATES[State.ACCEPTED],
            RecordAgreement(DESK, Agreement(oral=True)),
            "AGREEMENT_INCOMPLETE",
        ),
        (STATES[State.ACCEPTED], FailMediation(DESK, "x", ""), "TOLD_WHERE_MISSING"),
        (STATES[State.AGREED], CloseDispute(LEADER), "NOT_YOUR_UNIT"),
        (STATES[State.AGREED], RevealParties(DESK, ""), "PURPOSE_MISSING"),
        (STATES[State.ACCEPTED], CLAIMED, "NOT_ROUTED"),
    ],
)
def test_guards(dispute: Dispute | None, command: Any, reason: str) -> None:
    assert refusal_of(dispute, command) == reason


def test_violence_itself_is_never_mediated() -> None:
    violent = after(a_registration(kind=Kind.FAMILY, violence=True))
    assert refusal_of(violent, ACCEPT) == "VIOLENCE_NOT_MEDIATED"
    refused = after(RefuseDispute(DESK, "家庭暴力", "公安机关、人身安全保护令"), dispute=violent)
    assert refused.ending and refused.ending.told_where == "公安机关、人身安全保护令"


@pytest.mark.parametrize("left_out", ["document", "facts", "terms", "performance"])
def test_a_written_agreement_has_its_fields(left_out: str) -> None:
    incomplete = RecordAgreement(DESK, replace(WRITTEN, **{left_out: " "}))  # type: ignore[arg-type]
    assert refusal_of(STATES[State.MEDIATING], incomplete) == "AGREEMENT_INCOMPLETE"
    agreed = after(RecordAgreement(DESK, WRITTEN), dispute=STATES[State.MEDIATING])
    assert agreed.proceedings.agreement == WRITTEN


def test_the_unit_that_claimed_it_mediates() -> None:
    held = after(CLAIMED, dispute=ROUTED)
    assert after(HoldSession(LI, "双方到场"), dispute=held).proceedings.sessions[0].mediator == "li"
    assert refusal_of(ROUTED, HoldSession(LI, "x")) == "NO_SUCH_DISPUTE"


def test_a_kind_goes_to_its_own_body_and_names_nobody() -> None:
    matter = matter_of(ROUTED)
    assert matter.category == "dispute.neighbour"
    assert "sealed" not in str(matter)


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


@settings(max_examples=200)
@given(st.lists(st.sampled_from([*MOVES, CLAIMED]), max_size=12))
def test_the_journal_tells_the_state(commands: list[Any]) -> None:
    dispute = after(REGISTER)
    journal: list[Any] = DISPUTES.decide(None, REGISTER, NOW, CITY)
    for command in commands:
        try:
            news = DISPUTES.decide(dispute, command, NOW, CITY)
        except Refusal:
            continue
        dispute = reduce(DISPUTES.evolve, news, dispute)
        journal += news
    assert reduce(DISPUTES.evolve, map(over_the_wire, journal), None) == dispute  # type: ignore[arg-type]
    assert dispute.version == len(journal)


def over_the_wire(event: Any) -> Any:
    """Every event says the same after it was a message."""
    kinds = events.DisputeEvent.DESCRIPTOR.oneofs_by_name["kind"].fields
    [field] = [f for f in kinds if f.message_type.name == type(event).__name__]
    message = type(getattr(events.DisputeEvent(), field.name))
    return to_record(to_message(event, message), type(event), time=event.time)


def test_who_repeats_a_reveal_must_still_be_allowed_to_see() -> None:
    held = after(CLAIMED, dispute=ROUTED)
    elsewhere = FollowIncident("IncidentClaimed", 6, state="CLAIMED", unit="south", holder="chen")
    moved = after(elsewhere, dispute=held)
    reveal = RevealParties(LI, "通知到场")
    DISPUTES.ask_again(held, reveal, NOW, CITY)
    with pytest.raises(Refusal, match="NOT_YOUR_UNIT"):
        DISPUTES.ask_again(moved, reveal, NOW, CITY)
    DISPUTES.ask_again(moved, HoldSession(LI, "双方到场"), NOW, CITY)
    with pytest.raises(Refusal, match="NO_SUCH_DISPUTE"):
        DISPUTES.ask_again(ROUTED, HoldSession(LI, "双方到场"), NOW, CITY)
