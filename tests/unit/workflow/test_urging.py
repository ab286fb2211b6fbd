"""Urging 催办: counted by the kind of urger, with a pause between two; it moves nothing."""

from datetime import timedelta
from typing import Any

import pytest

from backbone.words.actor import Actor
from backbone.words.errors import Refusal
from services.workflow.incident.urging import UrgeIncident
from tests.cities import COUNTY, NORTH
from tests.incidents import (
    CITY,
    CLAIMED,
    DESK,
    HEAD,
    LEADER,
    LI,
    NOW,
    OFFERED,
    RESOLVED,
    SECOND,
    after,
    changed,
    decide,
    evolve,
    refusal_of,
    who_has,
)
from tests.life_cycles import Legal, UseCase

SUPERVISOR = Actor("feng", "county", "supervisor", COUNTY)
CITIZEN = Actor("", "command", "citizen")
FARTHER = Actor("xu", "county", "supervisor", "990102")


def legal(giver: Actor, **others: Any) -> tuple[Legal, ...]:
    return (Legal(UrgeIncident(giver, "please")),)


USE_CASE = UseCase(
    verbs=frozenset({"UrgeIncident"}),
    legal=legal,
    rights={
        "an incident": """UrgeIncident in TRIAGE, OFFERED, CLAIMED, HANDLING
  holder: dispatcher, leader, supervisor
  colleague of the holder: dispatcher, leader, supervisor
  desk: call_taker, clerk, dispatcher, duty_officer, head, leader, receptionist, supervisor
  colleague at the desk: call_taker, clerk, dispatcher, duty_officer, head, leader,
    receptionist, supervisor
  unit above: dispatcher, leader, supervisor
  neighbour: dispatcher, leader, supervisor
""",
        "an incident that accuses the unit of its own place": """UrgeIncident in \
TRIAGE, OFFERED, CLAIMED, HANDLING
  holder: leader, supervisor
  colleague of the holder: leader, supervisor
  desk: clerk, duty_officer, head, leader, receptionist, supervisor
""",
    },
)


def urged(*urgers: Actor, found: Any = CLAIMED) -> Any:
    return after(*(UrgeIncident(each) for each in urgers), found=found)


def counts_of(incident: Any) -> dict[str, int]:
    return {each.urger: each.count for each in incident.urges}


@pytest.mark.parametrize(
    ("by", "kind"),
    [
        (SUPERVISOR, "SUPERVISOR"),
        (LEADER, "SUPERVISOR"),
        (DESK, "DESK"),
        (SECOND, "DESK"),
        (CITIZEN, "CITIZEN"),
    ],
)
def test_each_kind_is_counted_by_itself_and_the_holder_keeps_it(by: Actor, kind: str) -> None:
    assert counts_of(urged(by)) == {kind: 1}
    assert who_has(urged(by)) == who_has(CLAIMED)
    assert urged(by).clocks == CLAIMED.clocks


def test_kinds_do_not_count_against_each_other_but_people_of_one_kind_do() -> None:
    assert counts_of(urged(SUPERVISOR, DESK, CITIZEN)) == {
        "SUPERVISOR": 1,
        "DESK": 1,
        "CITIZEN": 1,
    }
    assert refusal_of(urged(SUPERVISOR), UrgeIncident(LEADER)) == "URGED_TOO_SOON"


@pytest.mark.parametrize(
    ("by", "minutes"), [(SUPERVISOR, 30), (DESK, 30), (CITIZEN, 1440)], ids=lambda each: str(each)
)
def test_the_pause_of_the_city_pack_holds_to_the_second(by: Actor, minutes: int) -> None:
    once, again = urged(by), NOW + timedelta(minutes=minutes)
    with pytest.raises(Refusal) as caught:
        decide(once, UrgeIncident(by), again - timedelta(seconds=1))
    assert caught.value.facts == {"count": "1", "time": again.isoformat()}
    twice = evolve(once, decide(once, UrgeIncident(by), again)[0])
    assert [each.count for each in twice.urges] == [2]


def test_what_is_done_is_not_urged() -> None:
    for over in (RESOLVED, changed(CLAIMED, state="CLOSED"), changed(CLAIMED, state="VOIDED")):
        assert refusal_of(over, UrgeIncident(DESK)) == "NOTHING_TO_URGE"
    assert counts_of(urged(DESK, found=OFFERED)) == {"DESK": 1}


def test_other_units_do_not_urge_and_a_supervisor_stays_in_the_own_area() -> None:
    assert refusal_of(CLAIMED, UrgeIncident(LI)) == "MAY_NOT_URGE"
    involved = changed(CLAIMED, involved=(*CLAIMED.involved, "county"))
    assert refusal_of(involved, UrgeIncident(HEAD)) == "MAY_NOT_URGE"
    assert refusal_of(involved, UrgeIncident(FARTHER)) == "MAY_NOT_URGE"


def test_the_accused_hears_nothing_of_an_urge() -> None:
    accusing = changed(CLAIMED, against="south")
    accused = Actor("yan", "south", "leader", NORTH)
    assert refusal_of(accusing, UrgeIncident(accused)) == "NO_SUCH_INCIDENT"
    assert refusal_of(accusing, UrgeIncident(SUPERVISOR)) == "NO_SUCH_INCIDENT"
    assert CITY.policy is not None
