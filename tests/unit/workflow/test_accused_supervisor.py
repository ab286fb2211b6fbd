"""A supervision of which one incident begins to accuse the unit that supervises, or that answered:
it is hidden from that unit with the incident, and goes on without a trace of it."""

from itertools import permutations
from typing import Any

import pytest
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.errors import NotFound
from services.workflow import supervising
from services.workflow.incident import may_see as may_see_incident
from services.workflow.incident.record import Incident
from services.workflow.incident.routing import DesignateUnit
from services.workflow.incident.supervised import to_address
from services.workflow.incident.table import project as columns_of
from services.workflow.incident.urging import UrgeIncident
from services.workflow.supervision import SUPERVISIONS, may_see, waits_for
from services.workflow.supervision.answering import AnswerSupervision
from services.workflow.supervision.inheriting import HearOrigin
from services.workflow.supervision.judging import AcceptAnswer, FollowUpSupervision
from services.workflow.supervision.lifting import LiftSupervision
from services.workflow.supervision.moving import AddressUnit
from services.workflow.supervision.opening import OpenSupervision
from services.workflow.supervision.record import (
    Answering,
    EndReason,
    Level,
    State,
    Supervision,
    is_seen,
)
from services.workflow.supervision.table import project
from tests.cities import COUNTY
from tests.incidents import DESK, after, changed
from tests.supervisions import (
    FENG,
    ID,
    NORTH_HEAD,
    ONE,
    THREE,
    TWO,
    Locked,
    decide,
    lived,
    reason_of,
    states_of,
)
from tests.unit.workflow.test_amending import a_correction
from tests.unit.workflow.test_outliving import journal_row, step

# It supervises incidents of the unit north, and stands below the county.
SUPERVISOR = Actor("bo", "south", "supervisor", COUNTY)
ALONE = OpenSupervision(SUPERVISOR, ID, (str(ONE.id),), Level.KEY, "news?")
BOTH = replace(ALONE, incident_ids=(str(ONE.id), str(TWO.id)))
ACCUSED = ("south", "county")
SAYS = AnswerSupervision(NORTH_HEAD, "done")


def heard(incident: Incident, *later: Any) -> Incident:
    opened = replace(step("SupervisionOpened", 1, "north"), supervisor="south")
    return after(opened, *later, found=incident)


def accusing(against: str, *later: Any) -> Incident:
    return after(a_correction(4, against=against), found=heard(ONE, *later))


def told(found: Supervision, one: Incident) -> Supervision:
    also = Locked(one, TWO)
    return lived(HearOrigin(one.id), AddressUnit(one.id), found=found, also=also)


@pytest.mark.parametrize("against", ACCUSED)
@pytest.mark.parametrize("answered", [(), (SAYS,)], ids=["owed", "answered"])
def test_it_is_hidden_from_the_accused_supervisor(against: str, answered: tuple[Any, ...]) -> None:
    found = told(lived(ALONE, *answered), accusing(against))
    for role in ("supervisor", "leader", "clerk", "care_worker"):
        actor = replace(SUPERVISOR, role=role)
        assert not is_seen(found, actor)
        with pytest.raises(NotFound):
            may_see(found, LiftSupervision(actor, "x"))
    assert "south" not in (*project(found)["readers"], *project(found)["apart"])
    assert "south" not in supervising.scope(found).audience, "no change is told to it"


@pytest.mark.parametrize("given", [(), (step("AnswerGiven", 2, "north"),)], ids=["owed", "given"])
def test_nobody_waits_for_what_an_accused_supervisor_asked(given: tuple[Any, ...]) -> None:
    """The unit that works on the accusation owes it nothing, and is not marked for its silence."""
    one = accusing("south", *given)
    assert to_address(one) == ID
    found = told(lived(ALONE, *([SAYS] if given else ())), one)
    [demand] = found.demands
    assert (demand.state, demand.end_reason) == (Answering.ENDED, EndReason.SUPERVISOR_ACCUSED)
    assert (found.state, waits_for(found)) == (State.ENDED, ())
    assert is_seen(found, NORTH_HEAD)
    over = after(step("DemandEnded", 3, "north"), found=one)
    assert to_address(over) is None, "it is not asked anew"
    assert decide(found, AddressUnit(ONE.id), also=Locked(over)) == []


def test_it_may_not_read_the_incident_because_an_answer_waits_for_it() -> None:
    """Also where it stands below the accused, and had nothing to do with the incident before."""
    answered = after(step("AnswerGiven", 2, "north"), found=accusing("county"))
    assert "south" not in answered.readers
    assert "south" not in (columns_of(answered)["waiting"], *columns_of(answered)["waiting_too"])


@pytest.mark.parametrize("against", ACCUSED)
def test_it_goes_on_with_the_other_incidents_without_a_trace(against: str) -> None:
    found = told(lived(BOTH), accusing(against))
    assert is_seen(found, SUPERVISOR)
    assert project(found)["apart"][-1:] == ("south",)
    shown = supervising.to_resource(found, SUPERVISOR)
    assert [each.incident for each in shown.demands] == [str(TWO.id)]
    assert "ACCUSED" not in str(shown) and str(ONE.id) not in str(shown)
    answered = lived(SAYS, found=found)
    assert waits_for(answered) == ("south",)
    accepted = lived(AcceptAnswer(SUPERVISOR, "north"), found=answered)
    assert states_of(accepted)["north"] == [Answering.ENDED, Answering.ACCEPTED]
    one = (str(ONE.id),)
    assert reason_of(found, FollowUpSupervision(SUPERVISOR, "north", "?", one)) == "NOT_ADDRESSED"
    asked = lived(FollowUpSupervision(SUPERVISOR, "north", "and?"), found=accepted)
    assert states_of(asked)["north"] == [Answering.ENDED, Answering.OWED]


def test_its_timeline_tells_nothing_of_the_accusation() -> None:
    opened, one = lived(BOTH), accusing("south")
    events = [
        *decide(None, BOTH),
        *decide(opened, SAYS),
        *decide(opened, HearOrigin(ONE.id), also=Locked(one)),
        *decide(opened, AddressUnit(ONE.id), also=Locked(one)),
    ]
    found = told(opened, one)
    rows = [journal_row(number, each) for number, each in enumerate(events, 1)]
    shown = [supervising.to_progress(row, found, SUPERVISOR) for row in rows]
    kinds = [each.kind for each in shown if each is not None]
    assert kinds == ["SupervisionOpened", "AnswerGiven"]
    assert str(ONE.id) not in str(shown) and str(TWO.id) in str(shown)


@pytest.mark.parametrize("given", [(), (SAYS,)], ids=["owed", "answered"])
def test_the_order_in_which_it_hears_makes_no_difference(given: tuple[Any, ...]) -> None:
    one = accusing("county")
    ways = [
        lived(*order, found=lived(BOTH, *given), also=Locked(one, TWO))
        for order in permutations((HearOrigin(ONE.id), AddressUnit(ONE.id)))
    ]
    facts = [(each.facts, each.apart, each.demands, waits_for(each)) for each in ways]
    assert facts[0] == facts[1]
    assert facts[0][0].accused == "county"
    assert not any(is_seen(each, SUPERVISOR) and each.apart == () for each in ways)


def test_a_unit_that_has_answered_and_is_accused_reads_it_no_more() -> None:
    answered = lived(replace(ALONE, by=FENG), SAYS)
    one = after(a_correction(4, against="north"), found=heard(ONE))
    found = lived(HearOrigin(ONE.id), found=answered, also=Locked(one))
    assert is_seen(answered, NORTH_HEAD) and not is_seen(found, NORTH_HEAD)
    assert not is_seen(found, FENG), "it supervises, and may not read whom the incident accuses"


def test_a_unit_below_the_accused_that_is_asked_later_sees_its_own_part_alone() -> None:
    """The other incident moves to it: it answers for that, and knows of no accusation."""
    found = told(lived(replace(BOTH, by=FENG)), accusing("south"))
    moved = replace(TWO, charge=replace(TWO.charge, unit="south", accountable_unit="south"))
    asked = lived(AddressUnit(TWO.id), found=found, also=Locked(moved))
    head = replace(SUPERVISOR, role="head")
    assert "south" in asked.apart and "south" not in asked.readers
    shown = supervising.to_resource(asked, head)
    assert {each.incident for each in shown.demands} == {str(TWO.id)}


def test_of_two_incidents_that_begin_to_accuse_both_accused_are_kept() -> None:
    """In whatever order it hears of them: an auditor of either reads none of it."""
    opened = lived(OpenSupervision(FENG, ID, (str(ONE.id), str(THREE.id)), Level.KEY, "news?"))
    one = after(a_correction(4, against="north"), found=ONE)
    three = after(a_correction(4, against="south"), found=THREE)
    also, north, south, other = Locked(one, three), *map(auditor_of, ("north", "south", "box"))
    heard_of = (HearOrigin(ONE.id), AddressUnit(ONE.id), HearOrigin(THREE.id))
    for order in permutations((*heard_of, AddressUnit(THREE.id))):
        found = opened
        for number, command in enumerate(order, 1):
            found = lived(command, found=found, also=also)
            heard_one = {ONE.id, THREE.id} & {each.incident for each in order[:number]}
            hidden = {ONE.id: north, THREE.id: south}
            assert not any(is_seen(found, hidden[each]) for each in heard_one), order[:number]
        assert {*found.every_accused} == {"north", "south"}
        assert is_seen(found, other) and project(found)["accused"] == found.facts.accused


def auditor_of(unit: str) -> Actor:
    return Actor("shen", unit, "auditor", COUNTY)


OTHERS = ("north", "other")  # the unit that is asked, or one that has nothing to do with it


@pytest.mark.parametrize("against", OTHERS)
@pytest.mark.parametrize("given", [(), (SAYS,)], ids=["owed", "answered"])
def test_a_supervisor_that_may_not_read_the_incident_is_not_told_whom_it_accuses(
    against: str, given: tuple[Any, ...]
) -> None:
    """Of an accusation of any unit nothing is left to it: no reason, no step, no live change."""
    steps = (step("AnswerGiven", 2, "north"),) if given else ()
    one = accusing(against, *(replace(each, supervisor="south") for each in steps))
    assert to_address(one) == ID
    opened = lived(ALONE, *given)
    found, events = opened, decide(opened, AddressUnit(ONE.id), also=Locked(one))
    assert [type(each).__name__ for each in events] == ["OriginLearnt", "DemandEnded"]
    for event in events:
        found = SUPERVISIONS.evolve(found, event)
        scope = supervising.scope(found)
        assert "south" not in scope.audience and scope.accused, "also between the two"
    assert not is_seen(found, SUPERVISOR) and found.apart == ()
    assert (found.state, waits_for(found)) == (State.ENDED, ())
    [demand] = found.demands
    reason = EndReason.UNIT_ACCUSED if against == "north" else EndReason.SUPERVISOR_UNTOLD
    assert demand.end_reason == reason, "who may know it reads the truth"
    assert is_seen(found, auditor_of("box")) and not is_seen(found, auditor_of(against))
    assert is_seen(found, NORTH_HEAD) is (against != "north")


@pytest.mark.parametrize("against", OTHERS)
def test_it_goes_on_with_its_other_incidents_as_an_accused_one_does(against: str) -> None:
    one, opened = accusing(against), lived(BOTH)
    hears = (HearOrigin(ONE.id), AddressUnit(ONE.id))
    also, rows, found = Locked(one, TWO), [*decide(None, BOTH)], opened
    for command in hears:
        events = decide(found, command, also=also)
        rows, found = [*rows, *events], lived(command, found=found, also=also)
    assert is_seen(found, SUPERVISOR) and "south" not in supervising.scope(found).audience
    entries = (journal_row(number, each) for number, each in enumerate(rows, 1))
    shown = [supervising.to_progress(each, found, SUPERVISOR) for each in entries]
    assert [each.kind for each in shown if each] == ["SupervisionOpened"]
    told = f"{shown} {supervising.to_resource(found, SUPERVISOR)}"
    assert str(ONE.id) not in told and "ACCUSED" not in told and "UNTOLD" not in told


def test_a_supervisor_that_works_on_the_incident_reads_on_and_judges() -> None:
    given = after(DesignateUnit(DESK, "south", "属地"), found=ONE)
    one = after(a_correction(4, against="other"), found=heard(given))
    found = told(lived(ALONE), one)
    assert is_seen(found, SUPERVISOR) and not is_seen(found, FENG)
    assert found.barred == ("other",)


def test_a_second_accused_unit_is_heard_of_too() -> None:
    """Also where the incident accused another unit from the start."""
    first = changed(ONE, against="other")
    by = replace(ALONE, by=replace(SUPERVISOR, unit="north", area=FENG.area))
    opened = lived(by, also=Locked(first))
    assert decide(opened, HearOrigin(ONE.id), also=Locked(first)) == []
    second = changed(ONE, against="roads", barred=("other", "roads"))
    found = lived(HearOrigin(ONE.id), found=opened, also=Locked(second))
    assert {*found.every_accused} == {"other", "roads"}
    assert found.hidden_from == {"other", "roads"}
    assert decide(found, HearOrigin(ONE.id), also=Locked(second)) == [], "once"


WAITS = ("AnswerGiven", "UnitMarked")


@pytest.mark.parametrize("name", WAITS)
def test_a_supervisor_reads_no_matter_that_begins_to_accuse_another_unit(name: str) -> None:
    """It watched over the place: an answer, or its lapse, has brought it the matter into the inbox,
    and makes it no unit that works on it."""
    later = replace(step(name, 2, "north"), supervisor="south")
    assert "south" in heard(ONE, later).readers, "its inbox finds the matter"
    for accused in (accusing("other", later), after(later, found=accusing("other"))):
        assert "south" not in accused.readers and "north" in accused.readers
        assert "south" not in columns_of(accused)["readers"]
        with pytest.raises(NotFound):
            may_see_incident(accused, UrgeIncident(SUPERVISOR))


def test_a_supervisor_that_had_the_matter_itself_reads_it_on() -> None:
    given = after(DesignateUnit(DESK, "south", "属地"), found=ONE)
    waits = heard(given, replace(step("AnswerGiven", 2, "south"), supervisor="south"))
    accused = after(a_correction(4, against="other"), found=waits)
    assert "south" in accused.readers


def test_a_supervisor_that_gets_the_matter_later_reads_it_on() -> None:
    waits = heard(ONE, replace(step("AnswerGiven", 2, "north"), supervisor="south"))
    given = after(DesignateUnit(DESK, "south", "属地"), found=waits)
    assert waits.judges == ("south",) and given.judges == ()
    assert "south" in after(a_correction(4, against="other"), found=given).readers
