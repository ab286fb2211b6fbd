"""Corrections 更正 and recalls 召回: what the team is asked and shown, and what is recorded."""

from datetime import timedelta
from functools import reduce
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.door.actions import Alone
from backbone.words.actor import Actor
from backbone.words.errors import InvalidTransition, Unavailable
from backbone.words.place import Place
from backbone.words.reported import LEFT, part_of
from liandong.emergency.v1 import emergency_service_pb2 as pb
from services.emergency import codec
from services.emergency.mission import MISSIONS
from services.emergency.mission.apart import different, facts_of
from services.emergency.mission.correcting import ReviseMission
from services.emergency.mission.hiding import HideMission
from services.emergency.mission.joining import (
    JoinMatter,
    MissionJoined,
    precedence,
    same_matter,
)
from services.emergency.mission.recalling import (
    ConfirmRecall,
    MissionRecalled,
    RecallMission,
    WithdrawMission,
)
from services.emergency.mission.record import Cause, Mission, MissionFacts, State, pair_of
from services.emergency.mission.rising import RANK
from services.emergency.mission.steps import (
    AcknowledgeMission,
    ClearMission,
    ReceiveMission,
    RefuseMission,
    ReportEnRoute,
    ReportOnScene,
)
from tests.unit.emergency.missions import (
    DISPATCH,
    FACTS,
    LADDER_DISPATCH,
    LEE,
    MATTER,
    MOVED,
    NOW,
    REACHES,
    WITHDRAW,
    a_mission,
    after,
    decide,
    evolve,
    refusal_of,
)

WAYS: dict[str, MissionFacts] = {
    "place": replace(FACTS, place=Place("长风路21号")),
    "narrative": replace(FACTS, narrative="三车相撞"),
    "category": replace(FACTS, category="traffic.fire"),
    "priority": replace(FACTS, priority="P2"),
    "danger": replace(FACTS, danger="有人持刀"),
}


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.EN_ROUTE, State.ON_SCENE])
def test_only_place_class_and_danger_are_signed_for_again(name: str, state: State) -> None:
    [event] = decide(a_mission(state), ReviseMission(WAYS[name]), NOW)
    after_it = evolve(a_mission(state), event)
    asks = name in ("place", "category", "danger")
    assert (after_it.state, after_it.pushes.revision) == (state, 2)
    assert (after_it.asks, after_it.pushes.due_time is not None) == (asks, asks)
    assert event.changed == (name,)
    assert event.was == FACTS
    assert after_it.release.acknowledge_by == NOW + timedelta(seconds=60)


@pytest.mark.parametrize("state", [State.PENDING, State.DELIVERED])
def test_what_nobody_has_signed_for_is_pushed_anew(state: State) -> None:
    mission = after(ReviseMission(WAYS["priority"]), start=a_mission(state))
    assert (mission.pushes.revision, mission.pushes.attempt, mission.asks) == (2, 1, True)
    assert mission.pushes.due_time == NOW + timedelta(seconds=10)


def test_an_older_revision_is_recorded_and_asked_for_again() -> None:
    mission = after(DISPATCH, MOVED, AcknowledgeMission(LEE, revision=1))
    assert (mission.state, mission.progress.signed) == (State.ACKNOWLEDGED, (1,))
    assert mission.asks
    assert mission.pushes.due_time is not None
    stale = pb.AcknowledgeMissionRequest(revision=1)
    assert codec.answer_of(stale, mission) == "STALE_REVISION"
    assert decide(mission, AcknowledgeMission(LEE, revision=1), NOW) == [], "it is known"
    signed = after(AcknowledgeMission(LEE, revision=2), start=mission)
    assert (signed.asks, signed.pushes.due_time, signed.correction) == (False, None, None)
    assert codec.answer_of(pb.AcknowledgeMissionRequest(revision=2), signed) == "APPLIED"
    late = after(DISPATCH, MOVED, AcknowledgeMission(LEE, revision=2))
    assert after(AcknowledgeMission(LEE, revision=1), start=late).progress.signed == (1, 2)


def test_a_terminal_that_knows_no_revisions_signs_for_the_present_one() -> None:
    assert not after(DISPATCH, MOVED, AcknowledgeMission(LEE)).asks
    assert refusal_of(after(DISPATCH), AcknowledgeMission(LEE, revision=2)).reason == (
        "UNKNOWN_REVISION"
    )


def test_a_team_under_way_still_has_to_sign_for_the_new_place() -> None:
    mission = after(DISPATCH, MOVED, ReportEnRoute(LEE))
    assert (mission.state, mission.asks) == (State.EN_ROUTE, True)


def test_what_comes_back_is_shown_beside_the_last_revision() -> None:
    mission = after(DISPATCH, MOVED, ReviseMission(FACTS))
    assert mission.correction is not None
    assert mission.correction.changed == ("place",)
    assert mission.correction.was.place == Place("长风路21号")


def test_the_addition_of_the_desk_stays() -> None:
    order = replace(DISPATCH.order, narrative="两车相撞\n带破拆工具", note="带破拆工具")
    mission = after(replace(DISPATCH, order=order))
    assert decide(mission, ReviseMission(FACTS), NOW) == []
    assert after(ReviseMission(WAYS["narrative"]), start=mission).order.narrative == (
        "三车相撞\n带破拆工具"
    )
    old = after(replace(DISPATCH, order=replace(order, note="", receipt="")))
    assert after(MOVED, start=old).order.narrative == "两车相撞\n带破拆工具"


@pytest.mark.parametrize("note", ["", "带破拆工具"])
def test_what_a_report_has_told_leaves_the_order_with_it(note: str) -> None:
    """The narrative of the matter is again the beginning of that which the team has."""
    said = "\n".join(filter(None, (FACTS.narrative, note)))
    order = replace(DISPATCH.order, narrative=said, note=note, receipt=str(MATTER))
    mission = after(replace(DISPATCH, order=order))
    told = replace(FACTS, narrative=f"{FACTS.narrative}\n【关联接警单 9】我看到烟了")
    linked = after(ReviseMission(told), start=mission)
    assert linked.order.narrative == "\n".join(filter(None, (told.narrative, note)))
    [revised] = decide(linked, ReviseMission(FACTS), NOW)
    assert (revised.facts.narrative, revised.revision) == (said, linked.pushes.revision + 1)


@pytest.mark.parametrize("state", [State.CLEARED, State.REFUSED, State.RECALLED])
def test_what_is_over_is_neither_corrected_nor_called_back(state: State) -> None:
    mission = a_mission(state)
    assert decide(mission, MOVED, NOW) == []
    assert decide(mission, WITHDRAW, NOW) == []
    desk = RecallMission(Actor("zhao", "desk", "call_taker"), "已自行扑灭")
    reason = "ALREADY_RECALLED" if state is State.RECALLED else "MISSION_OVER"
    assert refusal_of(mission, desk).reason == reason


@pytest.mark.parametrize(
    ("step", "field"),
    [
        (AcknowledgeMission(LEE, revision=1), "acknowledge_time"),
        (ReportEnRoute(LEE), "depart_time"),
    ],
)
def test_a_step_that_crosses_a_recall_is_recorded(step: Any, field: str) -> None:
    mission = after(DISPATCH, WITHDRAW, step)
    assert mission.state is State.RECALLED
    assert getattr(mission.progress, field) == NOW
    assert mission.asks, "the recall is still to be confirmed"
    request = getattr(pb, f"{type(step).__name__}Request")()
    with pytest.raises(InvalidTransition) as caught:
        codec.answer_of(request, mission)
    assert caught.value.reason == "RECALLED_MEANWHILE"
    confirmed = after(ConfirmRecall(LEE), start=mission)
    assert (confirmed.asks, confirmed.pushes.due_time) == (False, None)
    assert decide(confirmed, ConfirmRecall(LEE), NOW) == []


def test_a_result_and_a_refusal_that_cross_a_recall_are_kept() -> None:
    cleared = after(DISPATCH, WITHDRAW, ClearMission(LEE, "完毕"))
    assert cleared.ending is not None
    assert (cleared.state, cleared.ending.result) == (State.RECALLED, "完毕")
    refused = after(DISPATCH, WITHDRAW, RefuseMission(LEE, "车辆故障"))
    assert refused.ending is not None
    assert (refused.state, refused.ending.refuse_reason) == (State.RECALLED, "车辆故障")


class Locked(Alone):
    """The open missions of a team, locked with the one that joins."""

    def __init__(self, matter: UUID, *missions: Mission) -> None:
        self._by_id = {each.id: each for each in missions}
        self._pair = pair_of(matter, "fire-1")

    def one(self, key: UUID) -> Any | None:
        return self._by_id.get(key)

    def members(self, key: UUID) -> frozenset[UUID]:
        return frozenset(self._by_id) if key == self._pair else frozenset()


def test_of_two_missions_of_one_matter_the_later_is_called_back() -> None:
    there = UUID(int=8)
    order = replace(DISPATCH.order, matter_id=there)
    first = after(replace(DISPATCH, order=order))
    [dispatched] = decide(None, DISPATCH, NOW + timedelta(seconds=5))
    later = evolve(None, dispatched)
    command = JoinMatter(there, "", "fire-1", (first.id,))
    events = MISSIONS.decide(later, command, NOW + timedelta(minutes=1), Locked(there, first))
    assert [type(each) for each in events] == [MissionJoined, MissionRecalled]
    result = reduce(evolve, events, later)
    assert result.recall is not None
    assert (result.order.matter_id, result.home) == (there, MATTER)
    assert (result.recall.cause, result.recall.stays) == (Cause.SAME_MATTER, str(first.id))
    assert (result.recall.sent_by, result.recall.sent_time) == ("zhao", NOW)
    alone = MISSIONS.decide(later, command, NOW, Locked(there))
    assert [type(each) for each in alone] == [MissionJoined]


ON_THE_WAY = [ReceiveMission(LEE), AcknowledgeMission(LEE), ReportEnRoute(LEE), ReportOnScene(LEE)]
FURTHER = [State.DELIVERED, State.ACKNOWLEDGED, State.EN_ROUTE, State.ON_SCENE]


@pytest.mark.parametrize("state", FURTHER)
def test_of_two_missions_of_one_matter_the_team_keeps_the_one_it_is_further_with(
    state: State,
) -> None:
    """The mission that was sent later stays where the team is on its way by that one."""
    there = UUID(int=8)
    silent = after(DISPATCH)
    order = replace(DISPATCH.order, matter_id=there)
    [dispatched] = decide(None, replace(DISPATCH, order=order), NOW + timedelta(seconds=5))
    steps = [step for step in ON_THE_WAY if RANK[REACHES[type(step)]] <= RANK[state]]
    far = after(*steps, start=evolve(None, dispatched))
    assert min(silent, far, key=precedence) is far
    events = MISSIONS.decide(
        silent, JoinMatter(there, "", "fire-1", (far.id,)), NOW, Locked(there, far)
    )
    recalled = reduce(evolve, events, silent)
    assert recalled.recall is not None
    assert (recalled.state, recalled.recall.stays) == (State.RECALLED, str(far.id))
    there_first = Locked(silent.order.matter_id, silent)
    with pytest.raises(Unavailable, match="MISSION_JUST_OPENED"):
        MISSIONS.decide(far, JoinMatter(MATTER, "", "fire-1", (silent.id,)), NOW, there_first)


def test_the_team_hears_by_which_mission_it_goes_to_the_same_matter() -> None:
    kept = after(DISPATCH)
    recalled = after(DISPATCH, WithdrawMission(same_matter(kept, NOW)), ReportEnRoute(LEE))
    with pytest.raises(InvalidTransition) as caught:
        codec.answer_of(pb.AcknowledgeMissionRequest(), recalled)
    assert caught.value.reason == "SAME_MATTER"
    assert caught.value.facts == {"mission": str(kept.id), "code": DISPATCH.order.code}
    assert recalled.progress.depart_time == NOW, "what crossed the recall is recorded"


NAMES = [*WAYS]
STEPS = st.one_of(
    st.sampled_from(NAMES).map(lambda name: ("revise", name)),
    st.just(("revise", "")),
    st.integers(0, 6).map(lambda revision: ("sign", revision)),
    st.just(("depart", 0)),
)


@given(st.lists(STEPS, max_size=12))
def test_any_row_of_corrections_and_signatures(steps: list[tuple[str, Any]]) -> None:
    """The facts are those of the last correction; what is asked for and shown follows from them."""
    mission, now = after(DISPATCH), NOW
    asked, signed = 1, [0]
    for kind, what in steps:
        now += timedelta(seconds=1)
        before = mission
        if kind == "revise":
            facts = WAYS.get(what, FACTS)
            new = different(facts_of(before.order), facts)
            mission = reduce(evolve, decide(mission, ReviseMission(facts), now), mission)
            assert facts_of(mission.order) == facts
            assert mission.pushes.revision == before.pushes.revision + bool(new)
            if {"place", "category", "danger"} & set(new):
                asked = mission.pushes.revision
            if new:
                assert mission.correction is not None
                assert set(new) <= set(mission.correction.changed)
        elif kind == "sign":
            revision = min(what, mission.pushes.revision)
            command = AcknowledgeMission(LEE, revision=revision)
            mission = reduce(evolve, decide(mission, command, now), mission)
            signed.append(revision or mission.pushes.revision)
        else:
            mission = reduce(evolve, decide(mission, ReportEnRoute(LEE), now), mission)
            signed.append(1)
        assert mission.asks == (max(signed) < asked)
        assert (mission.pushes.due_time is not None) == mission.asks
        assert mission.pushes.asked == asked


def test_a_ladder_goes_on_after_an_older_signature_until_the_revision_is_signed() -> None:
    mission = after(LADDER_DISPATCH, MOVED)
    assert mission.ladder is not None
    assert (mission.pushes.due_time, mission.pushes.revision) == (None, 2), "the rungs push it"
    assert mission.ladder.due_time is not None
    stale = after(AcknowledgeMission(LEE, revision=1), start=mission)
    assert (stale.state, stale.asks) == (State.ACKNOWLEDGED, True)
    assert stale.ladder == mission.ladder
    assert stale.pushes.due_time is None, "the rungs push it"
    signed = after(AcknowledgeMission(LEE, revision=2), start=stale)
    assert signed.ladder is not None
    assert (signed.ladder.due_time, signed.pushes.due_time) == (None, None)


def test_a_recall_ends_the_ladder_and_is_repeated_by_itself() -> None:
    mission = after(LADDER_DISPATCH, WITHDRAW)
    assert mission.ladder is not None
    assert (mission.ladder.due_time, mission.asks) == (None, True)
    assert mission.pushes.due_time == NOW + timedelta(seconds=10)


def test_a_matter_that_begins_to_accuse_is_watched_by_none() -> None:
    found = after(DISPATCH)
    assert found.release.area
    hidden = after(HideMission(), start=found)
    assert hidden.release.area == ""
    assert decide(hidden, HideMission(), NOW) == []


def test_the_words_of_a_report_that_has_left_are_no_former_fact() -> None:
    """They may accuse the unit of the team."""
    own = FACTS.narrative
    told = f"{own}\n{part_of('A1', '民警收钱')}\n{part_of('B2', '有烟')}"
    joined = after(DISPATCH, ReviseMission(replace(FACTS, narrative=told, danger="刀；烟")))
    left = f"{own}\n{part_of('B2', '有烟')}"
    found = after(
        ReviseMission(replace(FACTS, narrative=left, danger="烟")),
        start=after(AcknowledgeMission(LEE, revision=2), start=joined),
    )
    assert found.correction is not None and found.correction.was.narrative == told, "it is kept"
    row = {"seq": 1, "revision": 3, "attempt": 1, "kind": "REVISION", "traceparent": ""}
    for message in (codec.to_resource(found, 0), codec.to_push(row, found, "1")):
        was = message.correction.was
        assert was.narrative == f"{own}\n{LEFT}\n{part_of('B2', '有烟')}"
        assert was.danger == "烟"
    assert codec.to_resource(joined, 0).correction.was.narrative == own


@pytest.mark.parametrize(
    "steps",
    [
        (ReceiveMission(LEE), RefuseMission(LEE, "车坏")),
        (ReceiveMission(LEE), AcknowledgeMission(LEE), ClearMission(LEE, "已处置")),
    ],
)
def test_a_mission_that_is_over_hears_alone_whom_its_texts_must_not_name(steps: Any) -> None:
    over = after(DISPATCH, *steps)
    asked = replace(MOVED, persons=("sealed",))
    (heard,) = decide(over, asked, NOW)
    told = evolve(over, heard)
    assert told.order.persons == ("sealed",)
    assert replace(told.order, persons=()) == over.order and told.pushes == over.pushes
    assert decide(told, asked, NOW) == decide(over, MOVED, NOW) == []
    assert decide(over, replace(asked, matter=UUID(int=8)), NOW) == []
