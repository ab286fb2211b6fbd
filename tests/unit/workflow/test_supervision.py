"""Supervising 督办: who may, what each unit owes, until when, and what ends it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from backbone.door.batch import Batch, Loaded, Read
from backbone.door.request import Request
from backbone.words.actor import Actor
from backbone.words.calendar import ZONE
from backbone.words.errors import InvalidTransition
from services.workflow import supervising, wiring
from services.workflow.accounting import count_accountability
from services.workflow.incident.closing import CloseIncident
from services.workflow.incident.handing_off import AcceptHandOff, HandOffIncident
from services.workflow.incident.handling import ResolveIncident
from services.workflow.incident.opening import OpenIncident
from services.workflow.incident.record import Incident, holder_key
from services.workflow.incident.supervised import FollowSupervision
from services.workflow.incident.table import held_by
from services.workflow.incident.urging import UrgeIncident
from services.workflow.metrics import MARKS, URGES
from services.workflow.supervision import waits_for
from services.workflow.supervision.answering import AnswerSupervision
from services.workflow.supervision.inheriting import HearOrigin
from services.workflow.supervision.judging import AcceptAnswer, FollowUpSupervision, RejectAnswer
from services.workflow.supervision.lapsing import LapseAnswers
from services.workflow.supervision.lifting import LiftSupervision
from services.workflow.supervision.moving import AddressUnit
from services.workflow.supervision.opening import OpenSupervision, around
from services.workflow.supervision.record import Level, State, Supervision
from services.workflow.supervision.recounting import RecountDueTimes
from services.workflow.supervision.table import project
from tests.cities import COUNTY, NORTH, SOUTH
from tests.incidents import CHEN, CITY, DESK, LI, NOW, VERIFY, WANG, a_matter, after, changed
from tests.life_cycles import Legal, LifeCycleChecks, Subject, watchers_of
from tests.supervisions import (
    ALL,
    BARRED,
    CLERK,
    FENG,
    ID,
    IDS,
    MAYOR,
    NORTH_HEAD,
    ONE,
    OPENING,
    SOUTH_HEAD,
    THREE,
    TWO,
    Locked,
    decide,
    lived,
    reason_of,
    states_of,
)

NORTH_SAYS = AnswerSupervision(NORTH_HEAD, "on it since Monday")
SOUTH_SAYS = AnswerSupervision(SOUTH_HEAD, "done")
FURTHER = FollowUpSupervision(FENG, "north", "and the second one?")
LIFT = LiftSupervision(FENG, "settled")
OPEN = lived(OPENING)
ANSWERED = lived(NORTH_SAYS, SOUTH_SAYS, found=OPEN)
ACCEPTED = lived(AcceptAnswer(FENG, "north"), AcceptAnswer(FENG, "south"), found=ANSWERED)
LATER = NOW + timedelta(days=30)
IN_AN_HOUR = NOW + timedelta(hours=1)


def test_each_accountable_unit_owes_an_answer_for_each_of_its_incidents() -> None:
    assert states_of(OPEN) == {"north": ["OWED", "OWED"], "south": ["OWED"]}
    assert (OPEN.state, OPEN.area, OPEN.unit) == (State.OPEN, COUNTY, "county")
    assert waits_for(OPEN) == ("north", "south")
    assert OPEN.readers == ("county", "north", "south")


@pytest.mark.parametrize(
    ("level", "due"),
    [  # Thursday 1 January 2026, 08:00; the tests' city knows no holidays
        (Level.GENERAL, datetime(2026, 1, 9, tzinfo=ZONE)),
        (Level.KEY, datetime(2026, 1, 7, tzinfo=ZONE)),
        (Level.LISTED, datetime(2026, 1, 3, tzinfo=ZONE)),
    ],
)
def test_the_level_sets_the_due_time_in_working_days(level: Level, due: datetime) -> None:
    """The first day does not count, weekends do not; the day of the end runs until 24:00."""
    found = lived(replace(OPENING, level=level))
    [deadline] = {each.deadline for each in found.demands}
    assert (deadline.due_time, deadline.rule) == (due, f"supervision_answer.{level}")
    assert deadline.provisional, "no notice of 2026 is known to this city"
    assert project(found)["due_time"] == due


@pytest.mark.parametrize(
    ("due", "reason"),
    [
        (IN_AN_HOUR, ""),
        (IN_AN_HOUR - timedelta(seconds=1), "DUE_OUT_OF_BOUNDS"),
        (NOW + timedelta(days=60), ""),
        (NOW + timedelta(days=60, seconds=1), "DUE_OUT_OF_BOUNDS"),
    ],
)
def test_a_named_due_time_stays_within_the_bounds(due: datetime, reason: str) -> None:
    named = replace(OPENING, due_time=due)
    if reason:
        assert reason_of(None, named) == reason
    else:
        [deadline] = {each.deadline for each in lived(named).demands}
        assert (deadline.due_time, deadline.rule) == (due, "named")


ACCUSING = changed(THREE, against="north")
DISCIPLINE = Actor("su", "south", "leader", COUNTY)
OVER = changed(THREE, state="CLOSED")


@pytest.mark.parametrize(
    ("by", "incidents", "also", "reason"),
    [
        (CLERK, IDS, ALL, "ROLE_MAY_NOT"),
        (DESK, IDS, ALL, "ROLE_MAY_NOT"),
        (Actor("xu", "", "supervisor", COUNTY), IDS, ALL, "NOT_A_SUPERVISOR"),
        (Actor("xu", "harbour", "supervisor", "990102"), IDS, ALL, "UNKNOWN_INCIDENT"),
        (Actor("xu", "north", "leader", NORTH), IDS, ALL, "UNKNOWN_INCIDENT"),
        (Actor("xu", "north", "leader", SOUTH), IDS[:1], ALL, "NOT_A_SUPERVISOR"),
        (FENG, ("no id at all",), ALL, "UNKNOWN_INCIDENT"),
        (FENG, (str(UUID(int=404)),), ALL, "UNKNOWN_INCIDENT"),
        (FENG, IDS, Locked(ONE, TWO, OVER), "INCIDENT_OVER"),
        (FENG, IDS, Locked(ONE, TWO, ACCUSING), "UNKNOWN_INCIDENT"),
        (DISCIPLINE, IDS, Locked(ONE, TWO, ACCUSING), "ACCUSATION_ALONE"),
        (DISCIPLINE, IDS[2:], Locked(ACCUSING), ""),
        (Actor("x", "south", "leader", COUNTY), IDS[2:], Locked(changed(THREE, against="south")),
         "UNKNOWN_INCIDENT"),
        (Actor("x", "command", "leader", COUNTY), IDS[2:],
         Locked(changed(THREE, against="command", desk="command")), "ACCUSED_UNIT"),
        (MAYOR, IDS, ALL, ""),
    ],
)  # fmt: skip
def test_who_may_supervise_what(
    by: Actor, incidents: tuple[str, ...], also: Locked, reason: str
) -> None:
    command = OpenSupervision(by, ID, incidents, Level.GENERAL, "x")
    if reason:
        assert reason_of(None, command, also=also) == reason
    else:
        assert lived(command, also=also).opener == by.user


def test_an_accusation_is_hidden_from_all_watchers_of_the_area() -> None:
    command = OpenSupervision(DISCIPLINE, ID, IDS[2:], Level.LISTED, "x")
    found = lived(command, also=Locked(ACCUSING))
    assert found.area == ""
    assert supervising.scope(found).audience == ("south",)
    assert supervising.scope(found).area == ""
    assert reason_of(found, replace(LIFT, by=replace(MAYOR, role="auditor"))) == "ROLE_MAY_NOT"
    assert reason_of(found, replace(LIFT, by=MAYOR)) == "NO_SUCH_SUPERVISION"
    assert reason_of(found, AnswerSupervision(NORTH_HEAD, "x")) == "NO_SUCH_SUPERVISION"


def test_ids_may_be_written_in_any_way_and_twice() -> None:
    written = (IDS[0].upper(), IDS[0].replace("-", ""), IDS[0])
    assert [each.incident for each in lived(replace(OPENING, incident_ids=written)).demands] == [
        IDS[0]
    ]


@pytest.mark.parametrize(
    ("areas", "area"),
    [
        ((NORTH, NORTH), NORTH),
        ((NORTH, SOUTH), COUNTY),
        ((NORTH, "990102001"), "990100"),
        ((NORTH, ""), ""),
        (("", NORTH), ""),
    ],
)
def test_the_area_around_all_incidents(areas: tuple[str, ...], area: str) -> None:
    assert around(areas) == area


def test_a_head_answers_for_all_or_some_and_a_clerk_for_what_this_clerk_holds() -> None:
    assert states_of(lived(NORTH_SAYS, found=OPEN))["north"] == ["ANSWERED"] * 2
    one = replace(NORTH_SAYS, incident_ids=IDS[1:2])
    assert states_of(lived(one, found=OPEN))["north"] == ["OWED", "ANSWERED"]
    assert states_of(lived(AnswerSupervision(LI, "x"), found=OPEN))["north"] == [
        "ANSWERED",
        "OWED",
    ]
    assert reason_of(OPEN, AnswerSupervision(LI, "x", IDS[:2])) == "NOT_THE_HOLDER"
    idle = Actor("sun", "north", "clerk", NORTH)
    assert reason_of(OPEN, AnswerSupervision(idle, "x")) == "NOT_THE_HOLDER"
    assert reason_of(OPEN, AnswerSupervision(MAYOR, "x")) == "NOT_YOUR_UNIT"
    assert reason_of(OPEN, AnswerSupervision(NORTH_HEAD, "x", IDS)) == "NO_ANSWER_OWED"
    assert reason_of(OPEN, AnswerSupervision(NORTH_HEAD, " ")) == "TEXT_MISSING"
    twice = lived(NORTH_SAYS, found=OPEN)
    assert reason_of(twice, NORTH_SAYS) == "NO_ANSWER_OWED"


def test_the_state_follows_from_the_answers() -> None:
    assert lived(NORTH_SAYS, found=OPEN).state is State.OPEN
    assert (ANSWERED.state, waits_for(ANSWERED)) == (State.ANSWERED, ("county",))
    half = lived(AcceptAnswer(FENG, "north"), found=ANSWERED)
    assert half.state is State.ANSWERED
    assert (ACCEPTED.state, waits_for(ACCEPTED)) == (State.ACCEPTED, ())
    again = lived(FURTHER, found=ACCEPTED)
    assert (again.state, waits_for(again)) == (State.OPEN, ("north",))
    assert [each.question for each in again.demands] == [FURTHER.text] * 2 + [OPEN.reason]
    lifted = lived(LIFT, found=ACCEPTED)
    assert (lifted.state, waits_for(lifted), project(lifted)["due_time"]) == ("LIFTED", (), None)
    assert reason_of(lifted, NORTH_SAYS) == "INVALID_TRANSITION"


def test_a_rejected_answer_is_owed_again_until_a_new_time() -> None:
    back = lived(RejectAnswer(FENG, "north", "no facts"), found=ANSWERED, now=LATER)
    [first, _, south] = back.demands
    assert (first.state, first.opinion, first.text) == ("OWED", "no facts", NORTH_SAYS.text)
    assert first.deadline.due_time > LATER and south.state == "ANSWERED"
    assert reason_of(back, AcceptAnswer(FENG, "north")) == "NO_ANSWER_TO_JUDGE"
    assert reason_of(ANSWERED, RejectAnswer(FENG, "roads", "x")) == "NO_ANSWER_TO_JUDGE"
    assert reason_of(ANSWERED, replace(FURTHER, unit="roads")) == "NOT_ADDRESSED"


def test_only_the_supervising_unit_judges_and_each_of_its_supervisors_may() -> None:
    others = (replace(NORTH_HEAD, role="leader"), Actor("xu", "command", "leader", COUNTY))
    for by in others:
        for command in (AcceptAnswer(by, "north"), replace(FURTHER, by=by), replace(LIFT, by=by)):
            assert reason_of(ANSWERED, command) == "NOT_THE_SUPERVISOR"
    assert lived(AcceptAnswer(MAYOR, "north"), found=ANSWERED).demands[0].state == "ACCEPTED"


def test_it_is_not_lifted_over_an_owed_answer_without_a_reason() -> None:
    with pytest.raises(InvalidTransition) as both:
        decide(OPEN, LIFT)
    assert (both.value.reason, both.value.facts["count"]) == ("ANSWER_OUTSTANDING", "2")
    with pytest.raises(InvalidTransition) as one:
        decide(lived(NORTH_SAYS, found=OPEN), LIFT)
    assert dict(one.value.facts) == {"unit": "south", "count": "1"}, "it speaks of no other one"
    assert reason_of(lived(NORTH_SAYS, found=OPEN), replace(LIFT, reason=" ")) == (
        "ANSWER_OUTSTANDING"
    )
    forced = lived(replace(LIFT, reason="the unit is dissolved"), found=OPEN)
    assert (forced.state, forced.lift_reason) == (State.LIFTED, "the unit is dissolved")
    assert lived(LIFT, found=ANSWERED).state is State.LIFTED
    assert reason_of(ACCEPTED, replace(LIFT, opinion="")) == "OPINION_MISSING"


def test_silence_marks_each_unit_once_and_tells_the_supervisor() -> None:
    due = OPEN.demands[0].deadline.due_time
    assert reason_of(OPEN, LapseAnswers(), due - timedelta(microseconds=1)) == "NOT_DUE"
    answered = lived(SOUTH_SAYS, found=OPEN)
    late = lived(LapseAnswers(), found=answered, now=due)
    assert [(each.unit, each.incidents) for each in late.marks] == [("north", IDS[:2])]
    assert waits_for(late) == ("north", "county")
    assert reason_of(late, LapseAnswers(), LATER) == "NOT_DUE"
    assert project(late)["due_time"] is None
    both = lived(LapseAnswers(), found=OPEN, now=due)
    assert [each.unit for each in both.marks] == ["north", "south"]


def test_a_late_answer_is_taken_and_the_mark_stays() -> None:
    late = lived(LapseAnswers(), found=OPEN, now=LATER)
    answered = lived(NORTH_SAYS, found=late, now=LATER)
    assert states_of(answered)["north"] == ["ANSWERED"] * 2
    assert [each.unit for each in answered.marks] == ["north", "south"]
    asked = lived(FURTHER, found=answered, now=LATER)
    again = lived(LapseAnswers(), found=asked, now=LATER + timedelta(days=30))
    assert [each.unit for each in again.marks] == ["north", "south", "north"]


MOVED = after(HandOffIncident(LI, "south", "theirs"), AcceptHandOff(CHEN), found=ONE)


def test_what_a_unit_owes_goes_with_the_incident_to_the_next_one() -> None:
    moved = lived(AddressUnit(ONE.id), found=OPEN, now=LATER, also=Locked(MOVED))
    assert states_of(moved) == {"north": ["OWED"], "south": ["OWED"] * 2}
    fresh = moved.demands[-1]
    assert (fresh.incident, fresh.unit, fresh.question) == (IDS[0], "south", OPEN.reason)
    assert fresh.deadline.due_time > LATER
    assert decide(moved, AddressUnit(ONE.id), LATER, Locked(MOVED)) == []
    assert decide(OPEN, AddressUnit(ONE.id)) == [], "a unit that is known is not asked again"
    assert f"{IDS[0]}/south" in project(moved)["addressed"]
    back = lived(AddressUnit(ONE.id), found=moved, now=LATER)
    assert states_of(back) == {"north": ["OWED"] * 2, "south": ["OWED"]}


def test_what_a_unit_has_answered_stays_when_the_incident_moves() -> None:
    one = replace(NORTH_SAYS, incident_ids=IDS[:1])
    moved = lived(AddressUnit(ONE.id), found=lived(one, found=OPEN), also=Locked(MOVED))
    assert states_of(moved) == {"north": ["ANSWERED", "OWED"], "south": ["OWED"] * 2}


NAMED = NOW + timedelta(days=2)
BEFORE, PASSED = NAMED - timedelta(minutes=1), NAMED + timedelta(minutes=1)
ANSWERS = replace(NORTH_SAYS, incident_ids=IDS[:1])
TAKES = AcceptAnswer(FENG, "north", incident_ids=IDS[:1])
VOIDED = Locked(changed(ONE, state="VOIDED"))


@pytest.mark.parametrize("before", [(), (ANSWERS,), (ANSWERS, TAKES)])
def test_a_due_time_that_the_supervisor_named_goes_on_to_the_next_unit(
    before: tuple[Any, ...],
) -> None:
    opened = lived(replace(OPENING, due_time=NAMED), *before)
    moved = lived(AddressUnit(ONE.id), found=opened, now=BEFORE, also=Locked(MOVED))
    assert (moved.demands[-1].unit, moved.demands[-1].deadline) == (
        "south",
        opened.demands[0].deadline,
    )
    back = lived(AddressUnit(ONE.id), found=moved, now=BEFORE)
    assert back.demands[-1].deadline.due_time == NAMED or before, "an answer stays"


def test_an_ended_question_that_is_asked_anew_keeps_its_named_due_time() -> None:
    ended = lived(AddressUnit(ONE.id), found=lived(replace(OPENING, due_time=NAMED)), also=VOIDED)
    again = lived(AddressUnit(ONE.id), found=ended, now=BEFORE)
    assert (again.demands[-1].state, again.demands[-1].deadline.due_time) == ("OWED", NAMED)


@pytest.mark.parametrize(
    ("before", "rule", "due"),
    [
        ((), "named", PASSED + timedelta(hours=1)),
        ((ANSWERS,), f"supervision_answer.{Level.KEY}", None),
        ((ANSWERS, TAKES), f"supervision_answer.{Level.KEY}", None),
    ],
)
def test_a_named_due_time_that_is_over_leaves_the_next_unit_the_least_time(
    before: tuple[Any, ...], rule: str, due: datetime | None
) -> None:
    """It cannot answer in the past, and gains no days either; the one before is marked."""
    opened = lived(replace(OPENING, due_time=NAMED), *before)
    late = lived(LapseAnswers(), found=opened, now=NAMED)
    moved = lived(AddressUnit(ONE.id), found=late, now=PASSED, also=Locked(MOVED))
    deadline = moved.demands[-1].deadline
    assert deadline.rule == rule
    assert deadline.due_time == due if due else deadline.due_time > PASSED + timedelta(days=1)
    assert "north" in {each.unit for each in moved.marks}


def test_a_further_question_without_a_named_time_is_due_by_its_level() -> None:
    opened = lived(replace(OPENING, due_time=NAMED), ANSWERS)
    further = lived(replace(FURTHER, incident_ids=IDS[:1]), found=opened, now=IN_AN_HOUR)
    moved = lived(AddressUnit(ONE.id), found=further, now=BEFORE, also=Locked(MOVED))
    assert moved.demands[-1].deadline.rule == f"supervision_answer.{Level.KEY}"


def test_what_lies_in_a_pool_is_asked_of_its_unit_and_in_triage_of_the_desk() -> None:
    pooled, triage = an_offer(), an_offer(category="unheard", to_unit="")
    assert pooled.charge.accountable_unit == triage.charge.accountable_unit == "command"
    also = Locked(pooled)
    found = lived(replace(OPENING, incident_ids=IDS[:1]), also=also)
    assert states_of(found) == {"north": ["OWED"]}
    assert states_of(lived(NORTH_SAYS, found=found, also=also)) == {"north": ["ANSWERED"]}
    found = lived(replace(OPENING, incident_ids=IDS[:1]), also=Locked(triage))
    assert states_of(found) == {"command": ["OWED"]}
    desk_says = AnswerSupervision(DESK, "on its way to the township")
    assert states_of(lived(desk_says, found=found)) == {"command": ["ANSWERED"]}


def an_offer(**parts: str) -> Incident:
    matter = replace(a_matter(**{"category": "theft", "to_unit": "north", **parts}), id=ONE.id)
    return after(OpenIncident(DESK, matter))


@pytest.mark.parametrize("ending", [(), (VERIFY, CloseIncident(DESK))], ids=["resolved", "closed"])
def test_the_last_holder_answers_after_the_work(ending: tuple[Any, ...]) -> None:
    watched = after(STEP, ResolveIncident(LI, "SOLVED", "done"), *ending, found=ONE)
    also = Held(watched, TWO, THREE)
    answered = lived(AnswerSupervision(LI, "it is done"), found=OPEN, also=also)
    assert states_of(answered)["north"] == ["ANSWERED", "OWED"]
    assert reason_of(OPEN, AnswerSupervision(CHEN, "x", IDS[:1]), also=also) == "NO_ANSWER_OWED"
    other = Actor("sun", "north", "clerk", NORTH)
    assert reason_of(OPEN, AnswerSupervision(other, "x"), also=also) == "NOT_THE_HOLDER"
    assert holder_key("north", "li") != held_by(watched), "it counts no more for the claim cap"


STEP = FollowSupervision(ID, 1, "SupervisionOpened", "KEY", "county", "north", "why")


class Held(Locked):
    """The groups as the column `held_by` has them."""

    def members(self, key: UUID) -> frozenset[UUID]:
        return frozenset(each.id for each in self._known.values() if held_by(each) == key)


def test_a_unit_sees_its_own_part_and_the_supervisors_see_all() -> None:
    late = lived(LapseAnswers(), found=OPEN, now=LATER)

    def shown(actor: Actor) -> tuple[set[str], set[str]]:
        resource = supervising.to_resource(late, actor)
        return {each.unit for each in resource.demands}, {each.unit for each in resource.marks}

    assert shown(FENG) == shown(MAYOR) == ({"north", "south"},) * 2
    assert shown(SOUTH_HEAD) == shown(CHEN) == ({"south"},) * 2
    assert shown(Actor("x", "north", "leader", NORTH)) == ({"north"},) * 2


def test_its_events_tell_each_incident_what_concerns_it() -> None:
    decider, found = wiring.build_supervisions(lambda: CITY), None
    told: list[tuple[str, int, str, str]] = []
    for command in (OPENING, replace(NORTH_SAYS, incident_ids=IDS[:1]), replace(LIFT, reason="x")):
        for event in decide(found, command):
            found = decider.evolve(found, event)
            request = _a_request(command)
            row = decider.journal_row(found, event, request, b"")
            first, again = (supervising.follow_requests(row.payload) for _ in range(2))
            assert [each.request_id for each in first] == [each.request_id for each in again]
            told += [
                (each.command.step, each.aggregate_id.int, each.command.unit, each.command.level)
                for each in first
            ]
    assert told == [
        ("SupervisionOpened", 1, "north", "KEY"),
        ("SupervisionOpened", 2, "north", "KEY"),
        ("SupervisionOpened", 3, "south", "KEY"),
        ("AnswerGiven", 1, "north", "KEY"),
        ("SupervisionLifted", 1, "", "KEY"),
        ("SupervisionLifted", 2, "", "KEY"),
        ("SupervisionLifted", 3, "", "KEY"),
    ]


def _a_request(command: Any) -> Any:
    return Request(UUID(int=1), ID, command, "", command.by, datetime.max.replace(tzinfo=UTC))


def nothing_is_forgotten(found: Supervision) -> None:
    """Each incident stays asked about; the state is that of the answers; marked units read on."""
    states = {each.state for each in found.demands}
    assert len({(each.incident, each.unit) for each in found.demands}) == len(found.demands)
    assert found.state == State.LIFTED or (found.state == State.OPEN) == ("OWED" in states)
    assert {each.unit for each in (*found.marks, *found.demands)} < {*found.readers}
    assert found.unit == "county" and {each.incident for each in found.demands} <= {*IDS}


SUBJECT = Subject(
    title="a supervision over three incidents of two units",
    aims=frozenset({"NO_ANSWER_TO_JUDGE"}),
    decider=wiring.build_supervisions(lambda: CITY),
    histories={
        State.OPEN: (OPENING,),
        State.ANSWERED: (OPENING, NORTH_SAYS, SOUTH_SAYS),
        State.ACCEPTED: (
            OPENING,
            NORTH_SAYS,
            SOUTH_SAYS,
            AcceptAnswer(FENG, "north"),
            AcceptAnswer(FENG, "south"),
        ),
        State.LIFTED: (OPENING, replace(LIFT, reason="x")),
        State.ENDED: (replace(OPENING, incident_ids=(str(BARRED.id),)), AddressUnit(BARRED.id)),
    },
    legal=(
        Legal(OPENING),
        Legal(NORTH_SAYS, but={State.ENDED: "NO_SUCH_SUPERVISION"}),
        Legal(FURTHER),
        Legal(AcceptAnswer(FENG, "south"), instead={State.OPEN: (OPENING, SOUTH_SAYS)}),
        Legal(RejectAnswer(FENG, "south", "x"), instead={State.OPEN: (OPENING, SOUTH_SAYS)}),
        Legal(replace(LIFT, reason="x")),
        Legal(
            LapseAnswers(),
            instead={State.OPEN: (OPENING, timedelta(days=30))},
            but={State.ANSWERED: "NOT_DUE", State.ACCEPTED: "NOT_DUE"},
        ),
        Legal(AddressUnit(ONE.id)),
        Legal(RecountDueTimes()),
        Legal(HearOrigin(ONE.id)),
    ),
    people={
        "supervisor": FENG,
        "colleague of the supervisor": MAYOR,
        "clerk of the supervising unit": CLERK,
        "head of a unit that was asked": NORTH_HEAD,
        "holder": WANG,
        "neighbour": Actor("wu", "roads", "clerk", COUNTY),
        "stranger": Actor("zheng", "harbour", "leader", "990102"),
        "without a unit": Actor("gao", "", "clerk", "990102"),
    },
    strangers=("stranger", "without a unit"),
    neighbours=("neighbour",),
    watchers=watchers_of("SUPERVISION"),
    accusing=frozenset({State.ENDED}),
    openings=((OPENING,),),
    more=(AnswerSupervision(LI, "x"), SOUTH_SAYS, AcceptAnswer(FENG, "north")),
    pause=timedelta(days=4),
    invariant=nothing_is_forgotten,
    also=ALL,
)


class TestSupervision(LifeCycleChecks):
    subject = SUBJECT


def test_marks_are_counted_by_level_and_urges_by_urger() -> None:
    deciders = [wiring.build_supervisions(lambda: CITY), wiring.build_decider(lambda: CITY)]
    by_command = {each: decider for decider in deciders for each in decider.life_cycle.verbs}
    rows = {ID: Loaded(OPEN, b""), ONE.id: Loaded(ONE, b"")}
    batch = Batch(lambda command: by_command[type(command)], Read(LATER, rows, {}))
    never = datetime.max.replace(tzinfo=UTC)
    for number, (of, command) in enumerate(((ID, LapseAnswers()), (ONE.id, UrgeIncident(FENG)))):
        request = Request(UUID(int=number), of, command, "", command.by, never)
        assert batch.answer(request).reason == ""
    marks, urges = MARKS.labels("KEY"), URGES.labels("SUPERVISOR")
    before = marks._value.get(), urges._value.get()
    count_accountability(batch)
    assert (marks._value.get(), urges._value.get()) == (before[0] + 2, before[1] + 1)
