"""Two roads tell of the same events: whichever is slower changes nothing, and tells nothing old."""

from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from backbone.intake import teams
from backbone.words.place import Place
from services.emergency.consumers import Orders
from services.emergency.following import Incidents
from services.emergency.mission.apart import different, facts_of
from services.emergency.mission.correcting import MissionCaughtUp, ReviseMission
from services.emergency.mission.joining import JoinMatter
from services.emergency.mission.record import Heard, Mission
from services.emergency.mission.table import project
from tests.unit.emergency.missions import DISPATCH, FACTS, NOW, WITHDRAW, decide, evolve

INCIDENT = UUID(int=8)
ORDERED = replace(DISPATCH, order=replace(DISPATCH.order, receipt_version=5, matter_version=0))


def dispatched(command: Any = ORDERED) -> Mission:
    [event] = decide(None, command, NOW)
    return evolve(None, event)


def told(text: str, **heard: int) -> ReviseMission:
    return ReviseMission(replace(FACTS, place=Place(text)), heard=Heard(**heard))


def heard(mission: Mission, *commands: Any) -> Mission:
    for command in commands:
        for event in decide(mission, command, NOW):
            mission = evolve(mission, event)
    return mission


def test_the_last_facts_stay_in_whatever_order_they_are_told() -> None:
    news = [told(f"长风路{number}号", incident=number) for number in (1, 2, 3)]
    for order in permutations([*news, *news], 4):
        if news[-1] in order:
            assert heard(dispatched(), *order).order.place.text == "长风路3号"


def test_an_incident_knows_more_than_its_receipt() -> None:
    mission = heard(dispatched(), told("长风路2号", incident=1), told("长风路9号", receipt=9))
    assert mission.order.place.text == "长风路2号"


def of_a_record(said: Any, **heard: int) -> ReviseMission:
    """What the petition or dispute tells that the report has become: it has the report's id."""
    matter = DISPATCH.order.matter_id
    changed = different(FACTS, said) if "incident" in heard else ()
    return ReviseMission(said, heard=Heard(**heard), matter=matter, is_apart=True, changed=changed)


KNIFE, THERE = "他手里有刀", Place("长风路21号")
BY_OFFICE = replace(FACTS, place=THERE)
BY_DESK = replace(FACTS, narrative=KNIFE, danger=KNIFE)


def test_two_desks_that_correct_the_same_matter_lose_nothing_of_each_other() -> None:
    """Each fact is that of the desk that has changed it last, in whatever order they are heard."""
    both = replace(BY_OFFICE, narrative=KNIFE, danger=KNIFE)
    office, desk = of_a_record(BY_OFFICE, incident=4), of_a_record(BY_DESK, receipt=9)
    for order in ([office, desk], [desk, office], [office, desk, office, desk]):
        assert facts_of(heard(dispatched(), *order).order) == both
    urgent = of_a_record(replace(BY_OFFICE, priority="P2"), incident=5)
    late = of_a_record(BY_DESK, receipt=8)
    last = heard(dispatched(), office, desk, urgent, late)
    assert facts_of(last.order) == replace(both, priority="P2")
    taken_back = of_a_record(replace(BY_DESK, danger=""), receipt=10)
    assert facts_of(heard(last, taken_back).order).danger == ""


def test_an_incident_that_was_asked_takes_no_words_of_the_desk_away() -> None:
    """The desk has corrected the report before the order, and the office the place long ago."""
    ordered = replace(ORDERED, order=replace(ORDERED.order, narrative=KNIFE, danger=KNIFE))
    asked = replace(of_a_record(BY_OFFICE, incident=4), changed=(), catches_up=True)
    both = replace(BY_OFFICE, narrative=KNIFE, danger=KNIFE)
    assert facts_of(heard(dispatched(ordered), asked).order) == both
    warned = replace(asked, facts=replace(BY_OFFICE, danger="有狗"))
    assert heard(dispatched(ordered), warned).order.danger == "有狗"


def test_what_one_desk_tells_again_is_no_news() -> None:
    office, desk = of_a_record(BY_OFFICE, incident=4), of_a_record(BY_DESK, receipt=9)
    mission = heard(dispatched(), office, desk)
    again = of_a_record(BY_OFFICE, incident=6), of_a_record(BY_DESK, receipt=12)
    assert heard(mission, *again).pushes == mission.pushes


def test_the_desk_s_note_for_the_team_stays() -> None:
    noted = replace(
        ORDERED, order=replace(ORDERED.order, note="走北门", narrative="两车相撞\n走北门")
    )
    office, desk = of_a_record(BY_OFFICE, incident=4), of_a_record(BY_DESK, receipt=9)
    assert heard(dispatched(noted), office, desk).order.narrative == f"{KNIFE}\n走北门"


def test_an_incident_of_the_report_itself_knows_all_that_its_desk_says() -> None:
    office = replace(of_a_record(BY_OFFICE, incident=4), is_apart=False)
    mission = heard(dispatched(), office, of_a_record(BY_DESK, receipt=9))
    assert (mission.order.danger, mission.apart) == ("", None)


def test_what_happened_before_the_order_is_old() -> None:
    assert not decide(dispatched(), told("长风路1号", receipt=4), NOW)
    of_incident = replace(ORDERED, order=replace(ORDERED.order, matter_version=7))
    assert not decide(dispatched(of_incident), told("长风路1号", incident=6), NOW)
    assert decide(dispatched(of_incident), told("长风路1号", incident=8), NOW)


def test_facts_without_a_version_are_taken() -> None:
    """Those of an older release."""
    assert decide(dispatched(), told("长风路1号"), NOW)


@pytest.mark.parametrize("version", [3, 5])
def test_a_link_from_before_the_order_moves_nothing(version: int) -> None:
    join = JoinMatter(INCIDENT, "", "fire-1", receipt_version=version)
    assert not decide(dispatched(), join, NOW)


def test_a_link_that_was_undone_is_not_made_again_by_the_slower_road() -> None:
    link = JoinMatter(INCIDENT, "", "fire-1", receipt_version=6)
    undone = JoinMatter(DISPATCH.order.matter_id, "", "fire-1", receipt_version=7)
    mission = heard(dispatched(), link, undone, link, undone)
    assert mission.order.matter_id == DISPATCH.order.matter_id
    assert mission.version == dispatched().version + 2


def test_a_mission_that_has_joined_asks_until_it_was_answered() -> None:
    join = JoinMatter(INCIDENT, "", "fire-1", receipt_version=6, is_incident=True)
    mission = heard(dispatched(), join)
    assert project(mission)["behind_since"] == NOW
    answer = ReviseMission(FACTS, heard=Heard(incident=4), matter=INCIDENT, catches_up=True)
    [same] = decide(mission, answer, NOW)
    assert isinstance(same, MissionCaughtUp)
    assert not evolve(mission, same).is_behind
    moved = heard(mission, replace(told("长风路21号", incident=4), catches_up=True))
    assert (moved.order.place.text, moved.is_behind) == ("长风路21号", False)
    assert moved.pushes.revision == mission.pushes.revision + 1


def test_an_event_of_the_incident_is_no_answer_to_that() -> None:
    """It may be an old one: its last event was read before the mission was there."""
    join = JoinMatter(INCIDENT, "", "fire-1", receipt_version=6, is_incident=True)
    mission = heard(dispatched(), join, told("长风路4号", incident=4))
    assert mission.is_behind
    late = ReviseMission(FACTS, heard=Heard(incident=3), matter=INCIDENT, catches_up=True)
    assert not heard(mission, late).is_behind


def test_the_facts_and_the_end_of_a_matter_that_it_has_left_are_those_of_another_one() -> None:
    home = DISPATCH.order.matter_id
    link = JoinMatter(INCIDENT, "", "fire-1", receipt_version=6, is_incident=True)
    undone = JoinMatter(home, "", "fire-1", receipt_version=7)
    mission = heard(dispatched(), link, undone)
    facts = replace(told("长风路21号", incident=99), matter=INCIDENT)
    assert not decide(mission, facts, NOW)
    assert not decide(mission, replace(WITHDRAW, matter=INCIDENT), NOW)
    assert decide(mission, replace(facts, matter=home), NOW)
    assert decide(mission, replace(WITHDRAW, matter=home), NOW)


def test_a_later_link_to_the_same_matter_makes_an_older_one_late() -> None:
    link = JoinMatter(INCIDENT, "", "fire-1", receipt_version=6, is_incident=True)
    again = replace(link, receipt_version=8)
    undone = JoinMatter(DISPATCH.order.matter_id, "", "fire-1", receipt_version=7)
    assert heard(dispatched(), link, again, undone).order.matter_id == INCIDENT


def test_a_link_undone_gives_the_own_facts_back() -> None:
    joined = heard(
        dispatched(),
        JoinMatter(INCIDENT, "", "fire-1", receipt_version=6),
        told("长风路21号", incident=4),
    )
    home = JoinMatter(DISPATCH.order.matter_id, "", "fire-1", receipt_version=7)
    own = heard(joined, home, told(DISPATCH.order.place.text, receipt=7))
    assert own.order.place == DISPATCH.order.place
    assert not own.is_behind


def test_both_roads_tell_of_the_same_kinds() -> None:
    nothing: Any = None
    orders = Orders(nothing, nothing, nothing, nothing).subscription.kinds
    # An order has a call of its own.
    assert orders - {"dispatch_ordered"} == set(teams.RECEIPT)
    assert Incidents(nothing, nothing).subscription.kinds == set(teams.INCIDENT)
