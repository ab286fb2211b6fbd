"""An incident knows the danger to life that its reports speak of: below it stands a word."""

import dataclasses
from typing import Any

import pytest
from msgspec.structs import replace

from backbone.words.city import City
from backbone.words.errors import InvalidTransition
from backbone.words.heard import HeardDanger, OtherDanger
from services.workflow.incident import reports
from services.workflow.incident.amending import AmendMatter, SetPriority
from services.workflow.incident.callers import LinkCaller, UnlinkCaller
from services.workflow.incident.closing import VoidIncident
from services.workflow.incident.merging import MergeIncident
from services.workflow.incident.record import Incident, State
from tests.desks import a_category
from tests.incidents import CITY, DESK, OFFERED, after, changed, decide, evolve, refusal_of
from tests.narratives import demo_dangers
from tests.unit.workflow.test_amending import a_correction, linked
from tests.unit.workflow.test_callers import a_link, link, unlink
from tests.unit.workflow.test_merging import MERGE, OTHER
from tests.unit.workflow.test_merging import decide as merged
from tests.unit.workflow.test_merging import refusal_of as merge_refusal


def listening_city() -> City:
    """The city of the tests with the danger list of the demo."""
    dangers = demo_dangers()
    classes = {each.category: a_category(each.category, "危险") for each in dangers.dangers}
    return dataclasses.replace(CITY, danger=dangers, categories={**classes, **CITY.categories})


FIRE = HeardDanger("fire", "火灾", "P1", ("着火",))
WATER = HeardDanger("rescue", "落水", "P2", ("落水",))
BESIDE = (OtherDanger("rescue", "落水", "P2", ("落水",)),)
KNIFE = OtherDanger("violence.weapon", "持械伤人", "P1", ("拿刀",))


def priority(level: str, *, word: bool = False) -> SetPriority:
    return SetPriority(DESK, level, "calm", word)


def at(level: str, heard: HeardDanger | None = FIRE) -> Incident:
    """An incident of this priority, whose first report speaks of the danger."""
    return changed(OFFERED, matter=replace(OFFERED.matter, priority=level, heard=heard))


def linking(version: int, heard: HeardDanger | None) -> LinkCaller:
    return LinkCaller(link(3).by, replace(a_link(version), heard=heard))


def telling(heard: HeardDanger | None, made: AmendMatter) -> AmendMatter:
    matter = replace(made.correction.matter, heard=heard)
    return replace(made, correction=replace(made.correction, matter=matter))


@pytest.mark.parametrize(
    ("found", "level", "needs"),
    [
        (at("P1"), "P2", True),
        (at("P1"), "P4", True),
        (at("P3"), "P4", True),  # below it already; one step further down
        (at("P3"), "P2", False),  # nearer to it
        (at("P3"), "P1", False),
        (at("P1", WATER), "P2", False),  # as urgent as the danger
        (at("P1", WATER), "P3", True),
        (at("P1", None), "P4", False),
        (at(""), "P4", True),
        (after(linking(3, FIRE), found=at("P1", None)), "P2", True),
        (after(linking(3, FIRE), unlink(4), found=at("P1", None)), "P2", False),
        (after(telling(FIRE, a_correction(4, danger="火")), found=at("P1", None)), "P2", True),
        (after(telling(None, a_correction(4, danger="")), found=at("P1")), "P2", False),
        (after(telling(FIRE, linked(5)), linking(3, None), found=at("P1", None)), "P2", True),
    ],
)
def test_a_priority_below_a_heard_danger_needs_a_persons_word(
    found: Incident, level: str, needs: bool
) -> None:
    if needs:
        assert refusal_of(found, priority(level)) == "DANGER_UNCONFIRMED"
    [event, *_] = decide(found, priority(level, word=True))
    assert (event.confirmed is not None) == needs
    if not needs:
        assert decide(found, priority(level))[0].confirmed is None
    assert evolve(found, event).matter.priority == level


LISTENING = listening_city()


def of_before(said: str, source: str = "ALARM") -> Incident:
    """An incident of a release that told no danger."""
    told = replace(at("P1", None).matter, narrative=said, source=source)
    return changed(at("P1", None), matter=told)


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (priority("P4"), priority("P4", word=True)),
        (VoidIncident(DESK, "HOAX"), VoidIncident(DESK, "HOAX", True)),
    ],
)
def test_an_incident_of_before_is_listened_to_when_it_would_fall(command: Any, word: Any) -> None:
    fire, calm = of_before("我家着火了,老人还在屋里"), of_before("路灯不亮")
    with pytest.raises(InvalidTransition, match="DANGER_UNCONFIRMED") as caught:
        decide(fire, command, city=LISTENING)
    assert caught.value.facts["category"] == "fire.building"
    [event, *_] = decide(fire, word, city=LISTENING)
    assert event.confirmed.priority == "P1"
    assert decide(calm, command, city=LISTENING)
    petition = of_before("我家着火了,老人还在屋里", source="PETITION")
    assert reports.heard_of(petition, LISTENING) is None, "no desk listens to petitions"


def test_an_incident_of_before_is_heard_whole() -> None:
    found = of_before("厨房着火,我老公还拿刀追我")
    with pytest.raises(InvalidTransition) as caught:
        decide(found, priority("P4"), city=LISTENING)
    assert caught.value.facts["category"] == "fire.building"
    assert "violence.weapon" in str(caught.value.facts["others"])
    assert "刀" in str(caught.value.facts["words"])


def test_a_persons_word_is_for_all_dangers_and_each_is_named() -> None:
    """Of one report, and of several; a wider class of a danger that is known says nothing more."""
    wider = HeardDanger("violence", "暴力", "P1", ("打人",))
    both = replace(FIRE, others=(KNIFE,))
    for found in (
        at("P1", both),
        after(linking(3, replace(wider, others=(KNIFE,))), found=at("P1", FIRE)),
    ):
        with pytest.raises(InvalidTransition) as caught:
            decide(found, priority("P4"))
        facts = caught.value.facts
        assert facts["priority"] == "P1"
        assert {"火灾", "持械伤人"} <= {*str(facts["name"]).split("、")}
        assert {"着火", "拿刀"} <= {*str(facts["words"]).split("、")}
        [event, *_] = decide(found, priority("P4", word=True))
        assert KNIFE in event.confirmed.others
    joined = after(linking(3, wider), found=at("P1", both))
    assert reports.told(joined).heard == both, "the closer class is known"


def test_the_dangers_of_all_reports_count_the_most_urgent_first() -> None:
    found = after(linking(3, FIRE), found=at("P1", WATER))
    assert reports.told(found).heard == replace(FIRE, others=BESIDE)
    gone = after(UnlinkCaller(link(3).by, a_link(4)), found=found)
    assert reports.told(gone).heard == WATER
    later = after(telling(WATER, a_correction(5, danger="x")), found=found)
    assert later.matter.heard == replace(FIRE, others=BESIDE)


@pytest.mark.parametrize(
    ("level", "into", "needs"),
    [("P1", "P2", True), ("P1", "P1", False), ("P4", "P3", True), ("P1", "", True)],
)
def test_a_merge_into_a_less_urgent_incident_needs_the_word(
    level: str, into: str, needs: bool
) -> None:
    require_word(at(level), into, "fire.house", needs)


@pytest.mark.parametrize(
    ("category", "needs"),
    [("fire", False), ("fire.house", False), ("theft", True), ("", True), ("unheard", True)],
)
def test_a_merge_into_an_incident_of_a_less_urgent_class_needs_the_word(
    category: str, needs: bool
) -> None:
    """Of the danger of a fire, a theft of the highest priority tells the team nothing."""
    require_word(at("P1"), "P1", category, needs)
    require_word(at("P1", None), "P1", category, needs=False)


def require_word(found: Incident, into: str, category: str, needs: bool) -> None:
    other = changed(OTHER, matter=replace(OTHER.matter, priority=into, category=category))
    if needs:
        assert merge_refusal(found, MERGE, other) == "DANGER_UNCONFIRMED"
    said: Any = replace(MERGE, confirm_priority=True)
    assert isinstance(said, MergeIncident)
    [event] = merged(found, said, other)
    assert event.confirmed == (FIRE if needs else None)


@pytest.mark.parametrize(
    ("found", "needs"),
    [
        (at("P1"), True),
        (at("P4", WATER), True),
        (at("P1", None), False),
        (after(linking(3, FIRE), found=at("P1", None)), True),
    ],
)
def test_a_void_with_a_heard_danger_needs_a_persons_word(found: Incident, needs: bool) -> None:
    """It recalls the teams; a merged or linked report may be the one that speaks of it."""
    if needs:
        assert refusal_of(found, VoidIncident(DESK, "HOAX")) == "DANGER_UNCONFIRMED"
    [event] = decide(found, VoidIncident(DESK, "HOAX", confirm_priority=True))
    assert (event.confirmed is not None) == needs
    assert evolve(found, event).state is State.VOIDED
