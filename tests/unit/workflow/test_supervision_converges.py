"""A supervision and its incidents hear of each other late, twice, in any order; and they agree."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from backbone.door.request import Request
from backbone.words.actor import Actor
from backbone.words.errors import Refusal
from services.workflow import supervising, wiring
from services.workflow.incident.assigning import AssignIncident
from services.workflow.incident.claiming import ClaimIncident
from services.workflow.incident.record import Incident
from services.workflow.incident.table import project
from services.workflow.supervision import table
from services.workflow.supervision.answering import AnswerSupervision
from services.workflow.supervision.judging import AcceptAnswer, FollowUpSupervision, RejectAnswer
from services.workflow.supervision.lapsing import LapseAnswers
from services.workflow.supervision.lifting import LiftSupervision
from services.workflow.supervision.moving import AddressUnit
from services.workflow.supervision.record import Answering, Supervision
from tests.cities import SOUTH
from tests.incidents import CHEN, CITY, LEADER, LI
from tests.incidents import decide as decide_incident
from tests.incidents import evolve as evolve_incident
from tests.supervisions import (
    FENG,
    ID,
    NORTH_HEAD,
    ONE,
    OPENING,
    SOUTH_HEAD,
    THREE,
    TWO,
    Locked,
    decide,
)

WU = Actor("wu", "roads", "clerk", SOUTH)
HOLDERS = {"north": LI, "south": CHEN, "roads": WU}
UNITS = st.sampled_from(sorted(HOLDERS))
STEPS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2), UNITS), max_size=40)
NEVER = datetime.max.replace(tzinfo=UTC)


class World:
    """Three incidents, one supervision, and the events that are on their way between them."""

    def __init__(self) -> None:
        self.incidents = {each.id: each for each in (ONE, TWO, THREE)}
        self.found: Supervision | None = None
        self.now = max(each.time for each in self.incidents.values())
        self.on_the_way: deque[Request[Any]] = deque()
        self.delivered: list[Request[Any]] = []
        self._decider = wiring.build_supervisions(lambda: CITY)
        self.supervise(OPENING)

    def supervise(self, command: Any) -> None:
        """Give a command to the supervision; its events go on their way."""
        request = Request(uuid4(), ID, command, "", command.by, NEVER)
        try:
            events = decide(self.found, command, self.now, Locked(*self.incidents.values()))
        except Refusal:
            return
        for event in events:
            self.found = self._decider.evolve(self.found, event)
            row = self._decider.journal_row(self.found, event, request, b"")
            self.on_the_way += supervising.follow_requests(row.payload)

    def handle(self, of: UUID, command: Any) -> None:
        """Give a command to an incident."""
        incident = self.incidents[of]
        try:
            events = decide_incident(incident, command, self.now)
        except Refusal:
            return
        for event in events:
            incident = evolve_incident(incident, event)
        self.incidents[of] = incident

    def deliver(self) -> None:
        if self.on_the_way:
            request = self.on_the_way.popleft()
            self.delivered.append(request)
            self.handle(request.aggregate_id, request.command)

    def deliver_again(self, number: int) -> None:
        """An event that was delivered before changes nothing."""
        if self.delivered:
            request = self.delivered[-1 - number % len(self.delivered)]
            before = self.incidents[request.aggregate_id]
            known = {each.id for each in before.supervisions}
            if ID in known:
                assert decide_incident(before, request.command, self.now) == []

    def move(self, of: UUID, unit: str) -> None:
        self.handle(of, AssignIncident(LEADER, unit, "go"))
        self.handle(of, ClaimIncident(HOLDERS[unit]))

    def look(self) -> None:
        """What the timer does with the rows of MOVED."""
        for incident in [*self.incidents.values()]:
            if self.is_moved(incident):
                self.supervise(AddressUnit(incident.id))

    def is_moved(self, incident: Incident) -> bool:
        assert self.found is not None
        asked = table.project(self.found)["addressed"]
        key = f"{incident.id}/{incident.charge.accountable_unit}"
        return project(incident)["to_address"] == ID and key not in asked

    def settle(self) -> None:
        """Until nothing is on its way and the timer finds nothing."""
        for _ in range(20):
            while self.on_the_way:
                self.deliver()
            self.look()
        assert not self.on_the_way

    def step(self, kind: int, number: int, unit: str) -> None:
        """One of ten things happens, delivery most often."""
        of = [*self.incidents][number]
        self.now += timedelta(days=number)
        judge = (RejectAnswer, FollowUpSupervision)[number % 2]
        happenings: tuple[Callable[[], None], ...] = (
            self.deliver,
            self.deliver,
            self.look,
            lambda: self.deliver_again(number),
            lambda: self.move(of, unit),
            lambda: self.supervise(AnswerSupervision((NORTH_HEAD, SOUTH_HEAD, WU)[number], "x")),
            lambda: self.supervise(AcceptAnswer(FENG, unit)),
            lambda: self.supervise(judge(FENG, unit, "x")),
            lambda: self.supervise(LapseAnswers()),
            lambda: self.supervise(LiftSupervision(FENG, "x", "x" * (number // 2))),
        )
        happenings[kind]()


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_in_the_end_each_incident_knows_what_the_supervision_waits_for(
    steps: list[tuple[int, int, str]],
) -> None:
    world = World()
    for step in steps:
        world.step(*step)
    world.settle()
    for incident in world.incidents.values():
        agrees(world.found, incident)


def agrees(found: Supervision | None, incident: Incident) -> None:
    assert found is not None
    if found.lift_time is not None:
        assert incident.supervisions == ()
        return
    [known] = incident.supervisions
    demands = [each for each in found.demands if each.incident == str(incident.id)]
    assert {*known.addressed} == {each.unit for each in demands}
    assert {*known.owed_by} == {each.unit for each in demands if each.state is Answering.OWED}
    assert {*known.late_by} == {each.unit for each in demands if each.has_lapsed}
    assert {*known.answered_by} == {
        each.unit for each in demands if each.state is Answering.ANSWERED
    }
    assert incident.charge.accountable_unit in known.addressed
    marked = {mark.unit for mark in found.marks if str(incident.id) in mark.incidents}
    assert {*known.marked} == marked
