"""Ending 终止: what is owed about an incident that is over, or by a unit that it accuses."""

import dataclasses
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.json_format import MessageToDict
from msgspec.structs import replace

from backbone.wire import fill
from backbone.words.actor import Actor
from liandong.supervision.v1.supervision_events_pb2 import SupervisionEvent
from services.workflow import supervising
from services.workflow.incident.closing import CloseIncident, VoidIncident
from services.workflow.incident.reinstating import UndoVoid
from services.workflow.incident.supervised import FollowSupervision, to_address
from services.workflow.supervision import waits_for
from services.workflow.supervision.answering import AnswerSupervision
from services.workflow.supervision.inheriting import HearOrigin
from services.workflow.supervision.judging import AcceptAnswer, FollowUpSupervision
from services.workflow.supervision.lapsing import LapseAnswers
from services.workflow.supervision.moving import AddressUnit
from services.workflow.supervision.outliving import DemandEnded
from services.workflow.supervision.record import Answering, EndReason, State, is_seen
from services.workflow.supervision.table import project
from tests.cities import COUNTY
from tests.incidents import CITY, DESK, LEADER, VERIFY, after, changed
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
    lived,
    reason_of,
    states_of,
)
from tests.unit.workflow.test_amending import a_correction

OPEN = lived(OPENING)
[OPENED] = decide(None, OPENING)
SOUTH_SAYS = AnswerSupervision(SOUTH_HEAD, "done")


def step(name: str, version: int, unit: str) -> FollowSupervision:
    return FollowSupervision(ID, version, name, "KEY", "county", unit, "why")


def opening(*incidents: str) -> Any:
    return replace(OPENING, incident_ids=incidents)


def heard(incident: Any, unit: str) -> Any:
    """The incident once it has heard of the supervision."""
    return after(step("SupervisionOpened", 1, unit), found=incident)


VOIDED = after(VoidIncident(DESK, "DUPLICATE"), found=heard(THREE, "south"))
RESOLVED = changed(heard(THREE, "south"), state="RESOLVED")
CLOSED = after(VERIFY, CloseIncident(VERIFY.by), found=RESOLVED)
MERGED = changed(heard(THREE, "south"), state="MERGED")


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        (VOIDED, EndReason.INCIDENT_VOIDED),
        (CLOSED, EndReason.INCIDENT_CLOSED),
        (MERGED, EndReason.INCIDENT_MERGED),
    ],
)
def test_what_is_owed_about_an_incident_that_is_over_ends_by_itself(over: Any, reason: str) -> None:
    assert to_address(over) == ID
    [event] = decide(OPEN, AddressUnit(THREE.id), also=Locked(over))
    assert event == DemandEnded(event.time, "south", (str(THREE.id),), reason, "KEY", "county")
    found = lived(AddressUnit(THREE.id), found=OPEN, also=Locked(over))
    assert states_of(found)["south"] == [Answering.ENDED]
    [south] = [each for each in found.demands if each.unit == "south"]
    assert (south.end_reason, south.end_time) == (reason, event.time)
    assert waits_for(found) == ("north",)
    assert decide(found, AddressUnit(THREE.id), also=Locked(over)) == []
    assert reason_of(found, SOUTH_SAYS) == "NO_ANSWER_OWED"
    assert found.state is State.OPEN, "the other unit still owes"
    late = lived(LapseAnswers(), found=found, now=south.deadline.due_time)
    assert [each.unit for each in late.marks] == ["north"]


def test_a_supervision_of_which_nothing_is_left_ends() -> None:
    one = lived(opening(str(THREE.id)))
    over = lived(AddressUnit(THREE.id), found=one, also=Locked(VOIDED))
    assert (over.state, waits_for(over)) == (State.ENDED, ())
    assert reason_of(over, FollowUpSupervision(FENG, "south", "and?")) == "INVALID_TRANSITION"


def test_an_answer_that_was_given_is_judged_all_the_same() -> None:
    answered = lived(SOUTH_SAYS, found=OPEN)
    assert decide(answered, AddressUnit(THREE.id), also=Locked(VOIDED)) == []
    assert states_of(lived(AcceptAnswer(FENG, "south"), found=answered))["south"] == ["ACCEPTED"]


def test_a_void_that_is_undone_asks_its_unit_anew() -> None:
    ended = lived(AddressUnit(THREE.id), found=OPEN, also=Locked(VOIDED))
    assert f"{THREE.id}/south" not in project(ended)["addressed"]
    told = after(step("DemandEnded", 2, "south"), found=VOIDED)
    assert to_address(told) is None
    again = after(UndoVoid(LEADER, "a mistake"), found=told)
    assert to_address(again) == ID
    asked = lived(AddressUnit(THREE.id), found=ended, also=Locked(again))
    assert states_of(asked)["south"] == [Answering.OWED]


@pytest.mark.parametrize(("asked", "unheard"), [(-1, False), (1, True)])
def test_what_was_asked_before_the_end_ends_also_if_the_incident_hears_of_it_later(
    asked: int, unheard: bool
) -> None:
    over = after(VoidIncident(DESK, "DUPLICATE"), found=THREE)
    since = over.ending.over_time
    assert since is not None
    late = replace(step("SupervisionOpened", 1, "south"), step_time=since + timedelta(asked))
    told = after(late, found=over)
    assert (to_address(told) is None) is unheard
    assert (decide(OPEN, AddressUnit(THREE.id), also=Locked(told)) == []) is unheard


def test_the_supervisor_may_ask_about_what_is_over_already() -> None:
    told = after(step("AnswerFollowedUp", 2, "south"), found=VOIDED)
    assert to_address(told) is None
    further = lived(FollowUpSupervision(FENG, "south", "why?"), found=OPEN)
    assert decide(further, AddressUnit(THREE.id), also=Locked(told)) == []


def test_a_unit_that_one_incident_accuses_answers_for_the_others_without_a_trace_of_it() -> None:
    accused = after(a_correction(4, against="north"), found=heard(ONE, "north"))
    found = lived(AddressUnit(ONE.id), found=OPEN, also=Locked(accused))
    assert found.apart == ("north", "south", "county") and "north" not in found.readers
    shown = supervising.to_resource(found, NORTH_HEAD)
    assert [each.incident for each in shown.demands] == [str(TWO.id)]
    assert "ACCUSED" not in str(shown) and str(ONE.id) not in str(shown)
    answered = lived(AnswerSupervision(NORTH_HEAD, "done"), found=found)
    given = {each.incident: each.state for each in answered.demands if each.unit == "north"}
    assert given == {str(ONE.id): Answering.ENDED, str(TWO.id): Answering.ANSWERED}
    worker = replace(NORTH_HEAD, role="care_worker")
    assert is_seen(found, worker) and not is_seen(lived(OPENING), replace(worker, unit="roads"))
    alone = lived(AddressUnit(ONE.id), found=lived(opening(str(ONE.id))), also=Locked(accused))
    assert alone.apart == () and not is_seen(alone, NORTH_HEAD)


def test_an_accusation_of_a_unit_that_owes_nothing_hides_the_supervision_too() -> None:
    """Watchers of the area and roles that see no accusation know of it no more."""
    accused = after(a_correction(4, against="roads"), found=heard(ONE, "north"))
    found = lived(HearOrigin(ONE.id), found=OPEN, also=Locked(accused))
    assert (found.accused, found.accusing) == ("roads", frozenset({str(ONE.id)}))
    watcher = replace(LEADER, unit="elsewhere")
    assert is_seen(OPEN, watcher) and not is_seen(found, watcher)
    assert is_seen(found, NORTH_HEAD) and is_seen(found, FENG)
    assert not is_seen(found, replace(NORTH_HEAD, role="care_worker"))
    assert found.apart == ("south", "county"), "they have to do with another incident alone"
    assert decide(found, HearOrigin(ONE.id), also=Locked(accused)) == []


def test_a_unit_supervises_an_incident_once_at_a_time() -> None:
    again = replace(opening(str(ONE.id)), id=UUID(int=99))
    asked = heard(ONE, "north")
    assert reason_of(None, again, also=Locked(asked)) == "ALREADY_SUPERVISED"
    answered = after(step("AnswerGiven", 2, "north"), found=asked)
    assert reason_of(None, again, also=Locked(answered)) == "ALREADY_SUPERVISED"
    accepted = after(step("AnswerAccepted", 3, "north"), found=answered)
    assert decide(None, again, also=Locked(accepted)), (
        "what is answered and accepted may be asked anew"
    )
    other = replace(again, by=replace(LEADER, unit="other"))
    assert decide(None, other, also=Locked(asked)), "another unit supervises beside it"


def test_an_accused_unit_owes_nothing_and_sees_nothing_any_more() -> None:
    accused = after(a_correction(4, against="north"), found=heard(ONE, "north"))
    assert to_address(accused) == ID
    alone = lived(opening(str(ONE.id)))
    found = lived(AddressUnit(ONE.id), found=alone, also=Locked(accused))
    [demand] = found.demands
    assert (demand.state, demand.end_reason) == (Answering.ENDED, EndReason.UNIT_ACCUSED)
    assert found.readers == ()
    told = after(step("DemandEnded", 2, "north"), found=accused)
    assert to_address(told) is None, "the desk of an accusation is not asked"


@pytest.mark.parametrize("actor", [FENG, NORTH_HEAD], ids=["supervisor", "unit"])
def test_a_timeline_tells_a_unit_its_own_part_alone(actor: Actor) -> None:
    rows = [
        journal_row(1, OPENED),
        journal_row(2, decide(OPEN, SOUTH_SAYS)[0]),
        journal_row(3, decide(OPEN, AnswerSupervision(NORTH_HEAD, "on it"))[0]),
    ]
    entries = [supervising.to_progress(row, OPEN, actor) for row in rows]
    told = [MessageToDict(each.facts) for each in entries if each is not None]
    units = {each["unit"] for facts in told[:1] for each in facts["addressed"]}
    if actor is FENG:
        assert len(told) == 3 and units == {"north", "south"}
    else:
        assert units == {"north"}
        assert [facts["unit"] for facts in told] == ["county", "north"]


def journal_row(version: int, event: Any) -> dict[str, Any]:
    message = SupervisionEvent()
    kind = next(
        each
        for each in message.DESCRIPTOR.oneofs[0].fields
        if each.message_type.name == type(event).__name__
    )
    fill(getattr(message, kind.name), event)
    getattr(message, kind.name).SetInParent()
    return {
        "version": version,
        "payload": message.SerializeToString(),
        "actor": "x",
        "unit": COUNTY,
        "time": event.time,
    }


def test_the_city_says_who_answers_for_a_unit() -> None:
    clerk = Actor("he", "south", "clerk", COUNTY)
    asked = AnswerSupervision(clerk, "done")
    assert reason_of(OPEN, asked) == "NOT_THE_HOLDER"
    policy = dataclasses.replace(CITY.policy, supervision_answerers=("clerk",))
    city = dataclasses.replace(CITY, policy=policy)
    [given] = decide(OPEN, asked, city=city)
    assert given.answerer == "he"
    with pytest.raises(Exception, match="NOT_THE_HOLDER"):
        decide(OPEN, AnswerSupervision(SOUTH_HEAD, "done"), city=city)


def test_two_incidents_of_one_unit_end_one_by_one() -> None:
    one_over = after(VoidIncident(DESK, "DUPLICATE"), found=heard(ONE, "north"))
    found = lived(AddressUnit(ONE.id), found=OPEN, also=Locked(one_over, TWO))
    assert states_of(found)["north"] == [Answering.ENDED, Answering.OWED]
