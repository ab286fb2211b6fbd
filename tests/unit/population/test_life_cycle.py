"""Care: every state and command, who may see it, clocks, needs without a name, replay."""

import dataclasses
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.wire import to_message, to_record
from backbone.words.actor import Actor
from backbone.words.city import Person as Known
from backbone.words.errors import Refusal
from backbone.words.followed import FollowIncident
from liandong.population.v1 import population_events_pb2 as events
from services.population import codec
from services.population.care_case import CARE_CASES
from services.population.care_case.clocks import Lapse, next_due
from services.population.care_case.ending import EndCareCase, RevealPerson, SealCareCase
from services.population.care_case.handover import EntrustCareCase, ReceiveCareCase, SetCareClass
from services.population.care_case.needs import (
    FollowService,
    RecordServiceResult,
    RequestService,
    matter_of,
    names_the_person,
)
from services.population.care_case.record import (
    Activity,
    Admission,
    CareCase,
    CareClass,
    Ending,
    Office,
    Person,
    Programme,
    State,
    VisitState,
)
from services.population.care_case.registering import RegisterCareCase
from services.population.care_case.visits import PlanVisit, RecordVisit
from tests.cities import COUNTY, NORTH, a_city

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
WORKERS = {
    user: Known(user, user, unit, roles, "", demo=False)
    for user, unit, roles in (
        ("li", "north", ("care_worker",)),
        ("wang", "north", ("care_worker", "clerk")),
        ("zhou", "north", ("clerk",)),
        ("chen", "south", ("care_worker",)),
    )
}
decide, evolve = CARE_CASES.decide, CARE_CASES.evolve
CITY = dataclasses.replace(a_city(), people=WORKERS)
ID, VISIT, NEED = UUID(int=7), UUID(int=8), UUID(int=9)
SENDER = Actor("qian", "county", "clerk", COUNTY)
HEAD = Actor("sun", "north", "head", NORTH)
LI, WANG = Actor("li", "north", "care_worker", NORTH), Actor("wang", "north", "care_worker", NORTH)
STRANGERS = [
    WANG,
    Actor("zhao", "command", "dispatcher", COUNTY),
    Actor("wu", "county", "leader", COUNTY),
    Actor("", "north", "care_worker", NORTH),
    Actor("xu", "south", "head", "990101002"),
    Actor("li", "south", "care_worker", "990101002"),
]


def a_registration(**parts: object) -> RegisterCareCase:
    given: dict[str, object] = {
        "programme": Programme.COMMUNITY_CORRECTION,
        "legal_basis": "某法院执行通知书1号",
        "person": Person("sealed name", "sealed number", "sealed contact"),
        "hand_over_due_time": None,
        "term_end_time": NOW + 100 * DAY,
        **parts,
    }
    to_unit = str(given.pop("to_unit", "north"))
    admission = Admission(**given)  # type: ignore[arg-type]
    return RegisterCareCase(SENDER, ID, "990101260101-300001-0", to_unit, admission)


def after(*commands: Any, found: CareCase | None = None, now: datetime = NOW) -> CareCase:
    for command in commands:
        found = reduce(evolve, decide(found, command, now, CITY), found)
    assert found is not None
    return found


def refusal_of(found: CareCase | None, command: Any, now: datetime = NOW) -> str:
    with pytest.raises(Refusal) as caught:
        decide(found, command, now, CITY)
    return caught.value.reason


REGISTER, RECEIVE = a_registration(), ReceiveCareCase(HEAD, ("li",))
CLASS = SetCareClass(LI, CareClass.GREEN, Office.OFFICER, "某司法所所长", "评估表1号")
PLAN = PlanVisit(LI, VISIT, Activity.FAMILY_VISIT, NOW + 7 * DAY)
NEEDS = RequestService(LI, NEED, "990101260101-300002-0", "", "需要就业培训信息", "")
RECORD, RESULT = RecordVisit(LI, str(VISIT), "sealed"), RecordServiceResult(LI, str(NEED), "")
MOVES = [
    RECEIVE,
    EntrustCareCase(HEAD, ("wang",)),
    CLASS,
    PLAN,
    RECORD,
    NEEDS,
    RESULT,
    EndCareCase(HEAD, "提前解除决定书"),
    SealCareCase(HEAD),
    RevealPerson(HEAD, "上门走访"),
]
DONE = FollowService(
    NEED, FollowIncident("IncidentResolved", 5, state="RESOLVED", outcome="SOLVED", reply="已推荐")
)
SENT = after(REGISTER)
RECEIVED = after(RECEIVE, found=SENT)
ACTIVE = after(PLAN, NEEDS, DONE, found=RECEIVED)
STATES = {
    State.SENT: SENT,
    State.ACTIVE: ACTIVE,
    State.ENDED: after(MOVES[7], found=ACTIVE),
    State.SEALED: after(MOVES[7], MOVES[8], found=ACTIVE),
}
LEADS_TO = {
    ReceiveCareCase: State.ACTIVE,
    EndCareCase: State.ENDED,
    SealCareCase: State.SEALED,
}


def test_the_moves_and_states_are_all_here() -> None:
    assert {type(move) for move in MOVES} == set(CARE_CASES.verbs) - {
        RegisterCareCase,
        FollowService,
        Lapse,
    }
    assert {state: found.state for state, found in STATES.items()} == {s: s for s in State}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("command", MOVES, ids=lambda c: type(c).__name__)
def test_every_state_and_command(state: State, command: Any) -> None:
    before = STATES[state]
    command = replace(command, by=HEAD)
    if state in (CARE_CASES.verbs[type(command)].states or ()):
        moved = after(command, found=before)
        assert moved.state == LEADS_TO.get(type(command), state)
        assert moved.version == before.version + 1
    else:
        assert refusal_of(before, command) == "INVALID_TRANSITION"


@pytest.mark.parametrize("command", [*MOVES, DONE, Lapse()], ids=lambda c: type(c).__name__)
def test_nothing_moves_that_does_not_exist(command: Any) -> None:
    assert refusal_of(None, command) == "NO_SUCH_CARE_CASE"


MIGRANT = after(a_registration(programme=Programme.MIGRANT_SERVICE), RECEIVE)


@pytest.mark.parametrize(
    ("found", "command", "reason"),
    [
        (SENT, REGISTER, "ALREADY_REGISTERED"),
        (None, a_registration(programme=None), "PROGRAMME_MISSING"),
        (None, a_registration(legal_basis=" "), "LEGAL_BASIS_MISSING"),
        (None, a_registration(person=None), "PERSON_MISSING"),
        (None, a_registration(person=Person()), "PERSON_MISSING"),
        (None, a_registration(to_unit=""), "UNIT_MISSING"),
        (None, a_registration(to_unit="moon"), "UNKNOWN_UNIT"),
        (None, a_registration(term_end_time=NOW), "DUE_TIME_OVER"),
        (SENT, replace(RECEIVE, by=SENDER), "NOT_THE_HEAD"),
        (SENT, ReceiveCareCase(HEAD, ()), "CARE_WORKERS_MISSING"),
        (SENT, ReceiveCareCase(HEAD, ("zhou",)), "UNKNOWN_PERSON"),
        (SENT, ReceiveCareCase(HEAD, ("chen",)), "UNKNOWN_PERSON"),
        (ACTIVE, EntrustCareCase(LI, ("wang",)), "NOT_THE_HEAD"),
        (ACTIVE, replace(CLASS, by=SENDER), "NOT_ENTRUSTED"),
        (ACTIVE, replace(CLASS, care_class=None), "CARE_CLASS_MISSING"),
        (ACTIVE, replace(CLASS, office=None), "DECIDER_MISSING"),
        (ACTIVE, replace(CLASS, decided_by=" "), "DECIDER_MISSING"),
        (ACTIVE, replace(CLASS, document=""), "DOCUMENT_MISSING"),
        (MIGRANT, CLASS, "PROGRAMME_HAS_NO_CLASS"),
        (MIGRANT, PLAN, "PROGRAMME_HAS_NO_VISITS"),
        (ACTIVE, replace(PLAN, activity=None), "ACTIVITY_MISSING"),
        (ACTIVE, replace(PLAN, due_time=NOW), "DUE_TIME_OVER"),
        (ACTIVE, replace(RECORD, visit_id="x"), "NO_SUCH_VISIT"),
        (ACTIVE, replace(RECORD, finding=""), "FINDING_MISSING"),
        (after(RECORD, found=ACTIVE), RECORD, "VISIT_ALREADY_MADE"),
        (ACTIVE, replace(NEEDS, text=""), "TEXT_MISSING"),
        (ACTIVE, replace(NEEDS, names_the_person=True), "NAMES_THE_PERSON"),
        (ACTIVE, replace(NEEDS, category="moon"), "UNKNOWN_CATEGORY"),
        (ACTIVE, replace(RESULT, service_id="x"), "NO_SUCH_SERVICE"),
        (after(NEEDS, found=RECEIVED), RESULT, "NOT_RESOLVED"),
        (ACTIVE, EndCareCase(LI, "x"), "NOT_THE_HEAD"),
        (ACTIVE, EndCareCase(HEAD, ""), "REASON_MISSING"),
        (ACTIVE, RevealPerson(HEAD, " "), "PURPOSE_MISSING"),
        (ACTIVE, RevealPerson(SENDER, "x"), "NOT_ENTRUSTED"),
        (RECEIVED, DONE, "NOT_ROUTED"),
        (ACTIVE, Lapse(), "NOT_DUE"),
    ],
)
def test_guards(found: CareCase | None, command: Any, reason: str) -> None:
    assert refusal_of(found, command) == reason


@pytest.mark.parametrize("stranger", STRANGERS)
def test_nobody_else_sees_anything(stranger: Actor) -> None:
    for move in MOVES:
        assert refusal_of(ACTIVE, replace(move, by=stranger)) == "NO_SUCH_CARE_CASE"  # type: ignore[type-var]


def test_a_hand_over_that_nobody_receives_is_told_once() -> None:
    due = NOW + 10 * DAY
    assert next_due(SENT) == due
    assert refusal_of(SENT, Lapse(), due - timedelta(seconds=1)) == "NOT_DUE"
    late = after(Lapse(), found=SENT, now=due)
    assert (late.hand_over.hand_over_overdue, next_due(late)) == (True, None)
    assert after(RECEIVE, found=late, now=due).state is State.ACTIVE


def test_a_missed_visit_is_told_once_and_may_be_made_late() -> None:
    due = NOW + 7 * DAY
    missed = after(Lapse(), found=ACTIVE, now=due)
    assert missed.visits[0].state is VisitState.MISSED
    assert next_due(missed) == NOW + 100 * DAY
    made = after(RECORD, found=missed, now=due + DAY)
    assert (made.visits[0].state, made.visits[0].worker) == (VisitState.MADE, "li")


def test_the_term_ends_the_care() -> None:
    over = after(Lapse(), found=ACTIVE, now=NOW + 100 * DAY)
    assert over.ending == Ending("TERM_OVER", NOW + 100 * DAY)
    assert (over.state, next_due(over)) == (State.ENDED, None)
    assert over.visits[0].state is VisitState.MISSED


def test_a_need_names_neither_person_nor_case_nor_programme() -> None:
    matter = matter_of(ACTIVE, ACTIVE.services[0])
    assert (matter.id, matter.category, matter.desk) == (NEED, "care", "north")
    said = str(matter)
    for hidden in ("sealed", str(ID), ACTIVE.code, "CORRECTION", "法院"):
        assert hidden not in said
    assert names_the_person("张三需要就业培训", ("张三", "", ""))
    assert not names_the_person("需要就业培训", ("张三", "", " "))
    assert after(RESULT, found=ACTIVE).services[0].result == "已推荐"


def test_nobody_hears_of_care_by_unit_or_area() -> None:
    scope = codec.scope(ACTIVE)
    assert (scope.audience, scope.area) == ((), "")


REVEAL = RevealPerson(LI, "上门走访")


@pytest.mark.parametrize(
    ("case", "command", "reason"),
    [
        (after(EntrustCareCase(HEAD, ("wang",)), found=ACTIVE), REVEAL, "NO_SUCH_CARE_CASE"),
        (STATES[State.SEALED], REVEAL, "INVALID_TRANSITION"),
        (ACTIVE, RevealPerson(LI, ""), "PURPOSE_MISSING"),
        (ACTIVE, RevealPerson(SENDER, "x"), "NOT_ENTRUSTED"),
        (after(EntrustCareCase(HEAD, ("wang",)), found=ACTIVE), PLAN, "NO_SUCH_CARE_CASE"),
    ],
)
def test_a_repeat_is_refused_to_those_who_may_no_longer_see_it(
    case: CareCase, command: Any, reason: str
) -> None:
    CARE_CASES.ask_again(ACTIVE, replace(command, by=LI, **purpose(command)), NOW, CITY)
    with pytest.raises(Refusal) as caught:
        CARE_CASES.ask_again(case, command, NOW, CITY)
    assert caught.value.reason == reason


def purpose(command: Any) -> dict[str, str]:
    return {"purpose": "上门走访"} if isinstance(command, RevealPerson) else {}


@pytest.mark.parametrize("command", [REGISTER, DONE, Lapse()], ids=lambda c: type(c).__name__)
def test_a_repeat_of_the_sender_and_from_inside_is_answered(command: Any) -> None:
    CARE_CASES.ask_again(STATES[State.SEALED], command, NOW, CITY)


@settings(max_examples=200)
@given(st.lists(st.sampled_from([*MOVES, DONE, Lapse()]), max_size=12))
def test_the_journal_tells_the_state(commands: list[Any]) -> None:
    found = after(REGISTER)
    journal: list[Any] = decide(None, REGISTER, NOW, CITY)
    for at, command in enumerate(commands):
        try:
            news = decide(found, command, NOW + at * DAY, CITY)
        except Refusal:
            continue
        found = reduce(evolve, news, found)
        journal += news
    assert reduce(evolve, map(over_the_wire, journal), None) == found
    assert found.version == len(journal)


def over_the_wire(event: Any) -> Any:
    """Every event says the same after it was a message."""
    kinds = events.PopulationEvent.DESCRIPTOR.oneofs_by_name["kind"].fields
    [field] = [f for f in kinds if f.message_type.name == type(event).__name__]
    message = type(getattr(events.PopulationEvent(), field.name))
    return to_record(to_message(event, message), type(event), time=event.time)
