"""Following a supervision: what stands on an incident, in whose inbox; and it moves nothing."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.words.actor import Actor
from services.workflow.incident import supervised, waits_for
from services.workflow.incident.claiming import ClaimIncident
from services.workflow.incident.closing import CloseIncident
from services.workflow.incident.handing_off import AcceptHandOff, HandOffIncident
from services.workflow.incident.supervised import PLACES, FollowSupervision
from services.workflow.incident.table import project
from services.workflow.incident.waiting import waits_of
from tests.incidents import (
    CHEN,
    CLAIMED,
    LI,
    NOW,
    OFFERED,
    SECOND,
    VERIFIED,
    after,
    changed,
    decide,
    evolve,
    who_has,
)
from tests.life_cycles import Legal, UseCase

ID = UUID(int=11)
DUE = NOW + timedelta(days=3)


def step(name: str, version: int, unit: str = "north", **parts: Any) -> FollowSupervision:
    return FollowSupervision(ID, version, name, "KEY", "county", unit, "why", **parts)


OPENED = step("SupervisionOpened", 1, due_time=DUE)


def legal(holder: Actor, giver: Actor, **others: Any) -> tuple[Legal, ...]:
    """Of an accusation, a unit that may see it supervises one that is not the accused."""
    asked = FollowSupervision(ID, 1, "SupervisionOpened", "KEY", giver.unit, holder.unit, "why")
    return (Legal(asked),)


EVERYWHERE = "FollowSupervision in TRIAGE, OFFERED, CLAIMED, HANDLING, RESOLVED, CLOSED, VOIDED"
USE_CASE = UseCase(
    verbs=frozenset({"FollowSupervision"}),
    legal=legal,
    rights={
        "an incident": f"{EVERYWHERE}, MERGED\n",
        "an incident that accuses the unit of its own place": f"{EVERYWHERE}\n",
    },
)


@dataclass
class Seen:
    owed: tuple[str, ...]
    late: tuple[str, ...]
    answered: tuple[str, ...]


def seen(incident: Any) -> Seen:
    [known] = incident.supervisions
    return Seen(known.owed_by, known.late_by, known.answered_by)


def test_each_step_says_who_must_do_something() -> None:
    """The inbox of the unit, then of the supervisor too, until the answer is accepted."""
    version = count(2)
    found = after(OPENED, found=CLAIMED)
    assert (seen(found), waits_for(found)) == (Seen(("north",), (), ()), ("north",))
    story = (
        ("UnitMarked", Seen(("north",), ("north",), ()), ("north", "county")),
        ("AnswerGiven", Seen((), (), ("north",)), ("north", "county")),
        ("AnswerRejected", Seen(("north",), (), ()), ("north",)),
        ("AnswerGiven", Seen((), (), ("north",)), ("north", "county")),
        ("AnswerAccepted", Seen((), (), ()), ("north",)),
        ("AnswerFollowedUp", Seen(("north",), (), ()), ("north",)),
    )
    for name, expected, inbox in story:
        found = after(step(name, next(version)), found=found)
        assert (seen(found), waits_for(found)) == (expected, inbox), name
    assert found.supervisions[0].marked == ("north",)
    lifted = after(step("SupervisionLifted", next(version), ""), found=found)
    assert (lifted.supervisions, who_has(lifted)) == ((), who_has(CLAIMED))


def test_a_step_that_comes_again_or_late_changes_nothing() -> None:
    answered = after(OPENED, step("AnswerGiven", 4), found=CLAIMED)
    for version in (1, 3, 4):
        assert decide(answered, step("UnitMarked", version)) == []


def test_two_supervisions_of_one_incident_do_not_touch_each_other() -> None:
    other = FollowSupervision(UUID(int=12), 1, "SupervisionOpened", "GENERAL", "command", "north")
    both = after(OPENED, other, step("AnswerGiven", 2), found=CLAIMED)
    assert {each.id: each.owed_by for each in both.supervisions} == {
        ID: (),
        UUID(int=12): ("north",),
    }


def test_an_incident_that_moved_says_which_supervision_must_ask_its_unit() -> None:
    opened = after(OPENED, found=CLAIMED)
    assert project(opened)["to_address"] is None
    offered = after(HandOffIncident(LI, "south", "theirs"), found=opened)
    assert project(offered)["to_address"] is None
    moved = after(AcceptHandOff(CHEN), found=offered)
    assert project(moved)["to_address"] == ID
    asked = after(step("UnitAddressed", 2, "south"), found=moved)
    assert project(asked)["to_address"] is None
    assert (seen(asked).owed, waits_for(asked)) == (("south",), ("south",))
    again = after(HandOffIncident(CHEN, "north", "yours"), AcceptHandOff(LI), found=asked)
    assert project(again)["to_address"] == ID, "what it no longer owes, it is asked anew"


def test_an_answer_is_owed_since_it_was_asked_for() -> None:
    later = NOW + timedelta(days=2)
    [event] = decide(CLAIMED, OPENED, later)
    waits = waits_of(evolve(CLAIMED, event))
    assert [each.since for each in waits if each.reason == "SUPERVISION_OWED"] == [later]


def test_what_is_over_waits_for_nothing_and_is_not_followed_to_another_unit() -> None:
    verified = after(step("SupervisionOpened", 1, "roads"), found=VERIFIED)
    assert supervised.to_address(verified) == ID
    closed = after(CloseIncident(SECOND), found=verified)
    assert (waits_for(closed), supervised.to_address(closed)) == ((), ID)
    told = after(step("DemandEnded", 2, "roads"), found=closed)
    assert supervised.to_address(told) is None, "what is owed has ended, and moves nowhere"
    asked = after(step("AnswerFollowedUp", 3, "roads"), found=told)
    assert supervised.to_address(asked) is None, "the supervisor knew that it is over"
    assert decide(closed, step("AnswerGiven", 2)), "its steps still stand on the timeline"


def test_the_desk_of_an_accusation_is_not_asked() -> None:
    accusing = changed(OFFERED, against="south")
    by_reader = replace(step("SupervisionOpened", 1, "north"), supervisor="command")
    opened = after(by_reader, found=accusing)
    assert opened.charge.accountable_unit == "command"
    assert supervised.to_address(opened) is None
    claimed = after(ClaimIncident(LI), found=opened)
    assert supervised.to_address(claimed) is None


STEPS = st.lists(
    st.tuples(
        st.sampled_from([*PLACES, "UnitMarked", "SupervisionLifted", "SomethingNew"]),
        st.integers(0, 9),
        st.sampled_from(("north", "south", "roads")),
    ),
    max_size=20,
)


@given(STEPS)
def test_whatever_a_supervision_does_the_incident_stays_where_it_is(
    steps: list[tuple[str, int, str]],
) -> None:
    """I6: state, unit, holder, accountable unit, clocks and questions never change."""
    found, version = CLAIMED, 0
    for name, pause, unit in steps:
        version += pause
        events = decide(found, step(name, version, unit))
        before = found
        found = after(step(name, version, unit), found=found)
        kept = ("state", "charge", "clocks", "questions", "matter", "ending", "counts")
        assert all(getattr(found, part) == getattr(before, part) for part in kept)
        assert found.version == before.version + len(events)
        for known in found.supervisions:
            assert not set(known.owed_by) & set(known.answered_by)
            assert set(known.late_by) <= set(known.owed_by) | set(known.marked)
