"""Petitions: every state and command, who may do what, accusations, repeats, replay."""

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
from liandong.petition.v1 import petition_events_pb2 as events
from services.petition import codec
from services.petition.petition import PETITIONS
from services.petition.petition.acceptance import AcceptPetition, DeclinePetition, ReferPetition
from services.petition.petition.disclosure import RevealPetitioner
from services.petition.petition.handling import ClosePetition, RecordProgress, ReplyPetition
from services.petition.petition.record import (
    Channel,
    Filing,
    Kind,
    LawfulChannel,
    Petition,
    Petitioner,
    State,
    may_see,
)
from services.petition.petition.registration import RegisterPetition
from services.petition.petition.repeats import Earlier, suggest
from services.petition.petition.routing import RoutePetition, matter_of
from tests.cities import COUNTY, NORTH, SOUTH, a_city

GENERAL = ("NO_SUCH_PETITION", "INVALID_TRANSITION")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CITY = a_city()
ID = UUID(int=7)
DESK = Actor("zhao", "command", "receptionist", COUNTY)
LI, CHEN = Actor("li", "north", "clerk", NORTH), Actor("chen", "south", "clerk", SOUTH)
LEADER = Actor("sun", "county", "leader", COUNTY)


def a_filing(**parts: object) -> Filing:
    given: dict[str, object] = {
        "channel": Channel.LETTER,
        "subject": "路灯不亮",
        "text": "门前的路灯坏了三个月",
        "petitioners": (Petitioner("sealed"),),
        "head_count": 1,
        "place": Place("gate", area=NORTH),
        "category": "theft",
        "priority": "",
        "against": "",
        "against_unit": "",
        **parts,
    }
    return Filing(**given)  # type: ignore[arg-type]


def a_registration(**parts: object) -> RegisterPetition:
    return RegisterPetition(DESK, ID, "990101260101-100001-0", a_filing(**parts))


def after(*commands: Any, petition: Petition | None = None) -> Petition:
    for command in commands:
        news = PETITIONS.decide(petition, command, NOW, CITY)
        petition = reduce(PETITIONS.evolve, news, petition)
    assert petition is not None
    return petition


def refusal_of(petition: Petition | None, command: Any) -> str:
    """The reason, which the verb must have declared."""
    with pytest.raises(Refusal) as caught:
        PETITIONS.decide(petition, command, NOW, CITY)
    reason = caught.value.reason
    assert reason in {*PETITIONS.verbs[type(command)].reasons, *GENERAL}
    return reason


REGISTER = a_registration()
ACCEPT = AcceptPetition(DESK, Kind.CLAIM, LawfulChannel.PETITION)
ROUTE, REPLY, CLOSE = RoutePetition(DESK), ReplyPetition(DESK, "已修好"), ClosePetition(DESK)
CLAIMED = FollowIncident("IncidentClaimed", 4, state="CLAIMED", unit="north", holder="li")
RESOLVED = FollowIncident("IncidentResolved", 5, state="RESOLVED", outcome="SOLVED", reply="已修")
MOVES = [
    ACCEPT,
    DeclinePetition(DESK, "不属于信访事项", "法院"),
    ReferPetition(DESK, "国家信访局", "越级"),
    ROUTE,
    RecordProgress(DESK, "已派人", public=True),
    REPLY,
    CLOSE,
    RevealPetitioner(DESK, "送达答复"),
]
ASSIGNED = after(REGISTER, ACCEPT, ROUTE)
STATES = {
    State.REGISTERED: after(REGISTER),
    State.ACCEPTED: after(REGISTER, ACCEPT),
    State.DECLINED: after(REGISTER, MOVES[1]),
    State.REFERRED: after(REGISTER, MOVES[2]),
    State.ASSIGNED: after(RESOLVED, petition=ASSIGNED),
    State.HANDLING: after(CLAIMED, RESOLVED, petition=ASSIGNED),
    State.REPLIED: after(REGISTER, ACCEPT, REPLY),
    State.CLOSED: after(REGISTER, ACCEPT, REPLY, CLOSE),
}
STATES[State.ASSIGNED] = replace(STATES[State.ASSIGNED], state=State.ASSIGNED)
LEADS_TO = {
    AcceptPetition: State.ACCEPTED,
    DeclinePetition: State.DECLINED,
    ReferPetition: State.REFERRED,
    RoutePetition: State.ASSIGNED,
    ReplyPetition: State.REPLIED,
    ClosePetition: State.CLOSED,
}


def test_the_moves_and_states_are_all_here() -> None:
    others = {RegisterPetition, FollowIncident}
    assert {type(move) for move in MOVES} | others == set(PETITIONS.verbs)
    assert {state: petition.state for state, petition in STATES.items()} == {s: s for s in State}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("command", MOVES, ids=lambda c: type(c).__name__)
def test_every_state_and_command(state: State, command: Any) -> None:
    before = STATES[state]
    if state in (PETITIONS.verbs[type(command)].states or ()):
        moved = after(command, petition=before)
        assert moved.state == LEADS_TO.get(type(command), state)
        assert moved.version == before.version + 1
    else:
        assert refusal_of(before, command) == "INVALID_TRANSITION"


@pytest.mark.parametrize("command", [*MOVES, CLAIMED], ids=lambda c: type(c).__name__)
def test_nothing_moves_that_does_not_exist(command: Any) -> None:
    assert refusal_of(None, command) == "NO_SUCH_PETITION"


SIX = tuple(Petitioner(f"sealed {number}") for number in range(6))


@pytest.mark.parametrize(
    ("petition", "command", "reason"),
    [
        (STATES[State.REGISTERED], REGISTER, "ALREADY_REGISTERED"),
        (None, a_registration(channel=None), "CHANNEL_MISSING"),
        (None, a_registration(subject=" "), "SUBJECT_MISSING"),
        (None, a_registration(text=""), "TEXT_MISSING"),
        (None, a_registration(petitioners=()), "PETITIONER_MISSING"),
        (None, a_registration(petitioners=(Petitioner(),)), "PETITIONER_MISSING"),
        (None, a_registration(channel=Channel.VISIT, petitioners=SIX), "TOO_MANY_REPRESENTATIVES"),
        (None, a_registration(priority="P9"), "UNKNOWN_PRIORITY"),
        (None, a_registration(category="moon"), "UNKNOWN_CATEGORY"),
        (None, a_registration(against_unit="moon"), "UNKNOWN_UNIT"),
        (STATES[State.REGISTERED], replace(ACCEPT, by=CHEN), "NO_SUCH_PETITION"),
        (STATES[State.REGISTERED], replace(ACCEPT, by=LEADER), "NOT_YOUR_UNIT"),
        (STATES[State.REGISTERED], AcceptPetition(DESK, None), "KIND_MISSING"),
        (STATES[State.REGISTERED], AcceptPetition(DESK, Kind.CLAIM), "LAWFUL_CHANNEL_MISSING"),
        (
            STATES[State.REGISTERED],
            AcceptPetition(DESK, Kind.ADVICE, LawfulChannel.PETITION),
            "ONLY_CLAIMS_HAVE_CHANNELS",
        ),
        (STATES[State.REGISTERED], DeclinePetition(DESK, "", "x"), "REASON_MISSING"),
        (STATES[State.REGISTERED], DeclinePetition(DESK, "x", ""), "TOLD_WHERE_MISSING"),
        (STATES[State.REGISTERED], ReferPetition(DESK, "", "x"), "TOLD_WHERE_MISSING"),
        (STATES[State.ACCEPTED], RoutePetition(DESK, to_unit="moon"), "UNKNOWN_UNIT"),
        (STATES[State.ACCEPTED], RoutePetition(DESK, category="moon"), "UNKNOWN_CATEGORY"),
        (STATES[State.ACCEPTED], RecordProgress(DESK, " "), "TEXT_MISSING"),
        (STATES[State.ACCEPTED], ReplyPetition(DESK), "REPLY_MISSING"),
        (ASSIGNED, REPLY, "NOT_RESOLVED"),
        (after(CLAIMED, petition=ASSIGNED), REPLY, "NOT_RESOLVED"),
        (STATES[State.HANDLING], ReplyPetition(LEADER, "x"), "NOT_YOUR_UNIT"),
        (STATES[State.REPLIED], replace(CLOSE, by=LEADER), "NOT_YOUR_UNIT"),
        (STATES[State.CLOSED], RevealPetitioner(DESK, " "), "PURPOSE_MISSING"),
        (STATES[State.CLOSED], RevealPetitioner(LEADER, "好奇"), "NOT_YOUR_UNIT"),
        (STATES[State.ACCEPTED], CLAIMED, "NOT_ROUTED"),
    ],
)
def test_guards(petition: Petition | None, command: Any, reason: str) -> None:
    assert refusal_of(petition, command) == reason


def test_it_follows_its_incident() -> None:
    report = FollowIncident("ProgressReported", 5, state="HANDLING", public_text="灯杆已到货")
    held = after(CLAIMED, report, CLAIMED, petition=ASSIGNED)
    incident = held.handling.incident
    assert (held.state, incident.state if incident else "") == ("HANDLING", "HANDLING")
    assert [(step.text, step.public) for step in held.handling.progress] == [("灯杆已到货", True)]
    assert held.units == ("command", "north")
    released = FollowIncident("IncidentReleased", 6, state="OFFERED", holder="")
    assert after(released, petition=held).state is State.ASSIGNED
    done = after(replace(RESOLVED, version=6), petition=held)
    ending = after(ReplyPetition(LI), petition=done).ending
    assert ending and ending.reply == "已修"


def test_an_old_step_changes_nothing() -> None:
    assert PETITIONS.decide(STATES[State.HANDLING], CLAIMED, NOW, CITY) == []


ACCUSE = a_registration(against_unit="north")
ACCUSATION = after(ACCUSE, AcceptPetition(DESK, Kind.ACCUSATION))


def test_an_accusation_never_reaches_the_accused() -> None:
    assert refusal_of(ACCUSATION, RoutePetition(DESK)) == "RECEIVER_MISSING"
    assert refusal_of(ACCUSATION, RoutePetition(DESK, "north")) == "ACCUSED_UNIT"
    county = after(a_registration(against_unit="county"), AcceptPetition(DESK, Kind.ACCUSATION))
    assert refusal_of(county, RoutePetition(DESK, "south")) == "ACCUSED_UNIT", "it is below"
    routed = after(RoutePetition(DESK, "county", category="theft"), petition=ACCUSATION)
    assert matter_of(routed).category == "accusation"
    strayed = after(CLAIMED, petition=routed)
    assert "north" in strayed.units
    assert not may_see(strayed, LI)
    assert codec.scope(strayed).audience == ("command",)


LEADERS = [LEADER, replace(LEADER, unit="north"), replace(LEADER, unit="elsewhere", role="auditor")]


@pytest.mark.parametrize("who", LEADERS, ids=lambda a: f"{a.role} of {a.unit}")
def test_what_may_be_an_accusation_stays_with_the_units_involved(who: Actor) -> None:
    routed = after(RoutePetition(DESK, "county"), petition=ACCUSATION)
    for petition in (after(ACCUSE), ACCUSATION, routed):
        assert may_see(petition, DESK) and not may_see(petition, who)
        assert codec.scope(petition).area == ""
    claim = after(ACCUSE, ACCEPT)
    assert may_see(claim, who)
    assert codec.scope(claim).area == NORTH


def test_the_matter_says_whom_it_accuses_and_only_an_accusation_does() -> None:
    assert matter_of(ACCUSATION).against == "north"
    assert matter_of(after(ACCUSE)).against == "north", "nobody has said yet that it is none"
    assert matter_of(after(ACCUSE, ACCEPT)).against == ""


def test_who_is_complained_of_may_handle_a_claim() -> None:
    claim = after(ACCUSE, ACCEPT, RoutePetition(DESK, "north"), CLAIMED)
    assert may_see(claim, LI)
    assert not may_see(after(ACCUSE), LI)
    assert not may_see(after(ACCUSE), replace(LI, role="leader"))


def test_the_110_desk_sees_no_petitions() -> None:
    assert may_see(STATES[State.ACCEPTED], LEADER)
    assert not may_see(STATES[State.ACCEPTED], replace(LEADER, role="dispatcher"))


def test_nobody_judges_an_accusation_against_himself() -> None:
    own = after(a_registration(against_unit="command"))
    assert refusal_of(own, AcceptPetition(DESK, Kind.ACCUSATION)) == "OWN_UNIT_ACCUSED"


def test_the_matter_names_nobody() -> None:
    assert "sealed" not in str(matter_of(ASSIGNED))


def test_repeats_are_suggested_with_reasons() -> None:
    text = "小区门前的路灯坏了三个月没有人修"
    same = Earlier(UUID(int=1), "a", "灯", "小区门前的路灯坏了四个月还没有人修")
    other = Earlier(UUID(int=2), "b", "水", "自来水发黄")
    suggested = suggest(text, [other, same])
    assert [each.code for each in suggested] == ["a", "b"]
    assert [each.reasons for each in suggested] == [
        ("SAME_PETITIONER", "SIMILAR_TEXT"),
        ("SAME_PETITIONER",),
    ]
    assert suggest("", [Earlier(UUID(int=3), "c", "", "")])[0].similarity == 0


@settings(max_examples=200)
@given(st.lists(st.sampled_from([*MOVES, CLAIMED, RESOLVED]), max_size=12))
def test_the_journal_tells_the_state(commands: list[Any]) -> None:
    petition = after(REGISTER)
    journal: list[Any] = PETITIONS.decide(None, REGISTER, NOW, CITY)
    for command in commands:
        try:
            news = PETITIONS.decide(petition, command, NOW, CITY)
        except Refusal:
            continue
        petition = reduce(PETITIONS.evolve, news, petition)
        journal += news
    assert reduce(PETITIONS.evolve, map(over_the_wire, journal), None) == petition  # type: ignore[arg-type]
    assert petition.version == len(journal)
    assert petition.handling.incident is not None or petition.state not in (
        State.ASSIGNED,
        State.HANDLING,
    )


def over_the_wire(event: Any) -> Any:
    """Every event says the same after it was a message."""
    kinds = events.PetitionEvent.DESCRIPTOR.oneofs_by_name["kind"].fields
    [field] = [f for f in kinds if f.message_type.name == type(event).__name__]
    message = type(getattr(events.PetitionEvent(), field.name))
    return to_record(to_message(event, message), type(event), time=event.time)


def test_who_repeats_a_reveal_must_still_be_allowed_to_see() -> None:
    held = after(CLAIMED, petition=ASSIGNED)
    elsewhere = FollowIncident("IncidentClaimed", 6, state="CLAIMED", unit="south", holder="chen")
    moved = after(elsewhere, petition=held)
    reveal = RevealPetitioner(LI, "送达答复")
    PETITIONS.ask_again(held, reveal, NOW, CITY)
    with pytest.raises(Refusal, match="NOT_YOUR_UNIT"):
        PETITIONS.ask_again(moved, reveal, NOW, CITY)
    PETITIONS.ask_again(moved, RecordProgress(LI, "已派人"), NOW, CITY)
    with pytest.raises(Refusal, match="NO_SUCH_PETITION"):
        PETITIONS.ask_again(ASSIGNED, RecordProgress(LI, "已派人"), NOW, CITY)
