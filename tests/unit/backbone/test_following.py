"""An intake record follows its incident: each kind of step, and what is seen of the record."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.door.journal import event_id
from backbone.intake.following import CHANGES, follow_by_id, step_of, steps_of
from backbone.words.errors import Refusal
from backbone.words.followed import BEGINS_AGAIN, Followed, FollowIncident, follow
from liandong.incident.v1.incident_events_pb2 import IncidentEvent

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE = UUID(int=7)
KINDS = {
    f.message_type.name: f.name for f in IncidentEvent.DESCRIPTOR.oneofs_by_name["kind"].fields
}


def an_event(kind: str, source: UUID, version: int = 2) -> IncidentEvent:
    event = IncidentEvent()
    event.meta.event_id = str(event_id("liandong.incident", source, version))
    event.meta.aggregate_id, event.meta.version = str(source), version
    getattr(event, KINDS[kind]).SetInParent()
    return event


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_followed_as_what_it_is(kind: str) -> None:
    """Which kinds must be followed is checked against the incident itself, in unit/workflow."""
    event = an_event(kind, uuid4())
    if kind == "IncidentAmended":
        assert step_of(event) is None, "of a correction only the priority is followed"
        event.amended.changed.append("priority")
    step = step_of(event)
    assert (step is None) == (kind not in CHANGES)
    if step is not None:
        assert (step.step, step.version) == (kind, 2)


def test_an_event_asks_once_and_always_the_same() -> None:
    source = uuid4()
    [one], [again] = (follow_by_id([an_event("IncidentClosed", source)]) for _ in range(2))
    assert one == again and one.aggregate_id == source
    assert follow_by_id([an_event("IncidentRouted", source)]) == []


STEPS = (
    ("IncidentOffered", {"unit": "north"}),
    ("IncidentOffered", {"unit": "south"}),
    ("IncidentClaimed", {"unit": "north", "holder": "li"}),
    ("IncidentReleased", {}),
    ("ProgressReported", {"text": "on the way"}),
    ("ProgressReported", {"text": "met both", "public": True}),
    ("IncidentResolved", {"outcome": "SOLVED", "reply": "done"}),
    ("IncidentReworked", {}),
    ("IncidentRouted", {}),
    ("IncidentClosed", {}),
)


@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=12))
def test_merged_steps_show_the_same_as_single_ones(said: list[tuple[str, dict[str, Any]]]) -> None:
    events = [an_event(kind, SOURCE, version) for version, (kind, _) in enumerate(said, 1)]
    for event, (kind, fields) in zip(events, said, strict=True):
        for name, value in fields.items():
            setattr(getattr(event, KINDS[kind]), name, value)
    singly = [step for event in events for _, step in steps_of([event])]
    merged = [step for _, step in steps_of(events)]
    assert shown_of(merged) == shown_of(singly)
    assert len(merged) <= len(singly)


def test_a_claim_right_after_its_offer_is_one_step() -> None:
    claimed = an_event("IncidentClaimed", SOURCE, 4)
    claimed.claimed.unit, claimed.claimed.holder = "north", "li"
    offered = an_event("IncidentOffered", SOURCE, 3)
    offered.offered.unit = "north"
    opened = an_event("IncidentOpened", SOURCE, 1)
    opened.opened.matter.desk = "desk"
    [(event, step)] = steps_of([opened, offered, claimed])
    assert event is claimed
    assert (step.version, step.state, step.unit, step.holder) == (4, "CLAIMED", "north", "li")


def shown_of(steps: Sequence[FollowIncident]) -> tuple[Followed, list[str], list[str]]:
    """What a record knows in the end, the units it saw, and the texts that were published."""
    known, units, texts = Followed(), [""], []
    for step in steps:
        for event in follow(known, step, NOW):
            known = event.incident
            if known.unit != units[-1]:
                units.append(known.unit)
            if event.public_text:
                texts.append(f"{known.unit}: {event.public_text}")
    return known, units, texts


def test_following_keeps_what_a_step_does_not_say() -> None:
    known = Followed(version=4, state="CLAIMED", unit="north", holder="li")
    step = FollowIncident("IncidentResolved", 6, state="RESOLVED", reply="done")
    [event] = follow(known, step, NOW)
    assert event.incident == replace(known, version=6, state="RESOLVED", reply="done")
    assert follow(event.incident, step, NOW) == []
    with pytest.raises(Refusal) as caught:
        follow(None, step, NOW)
    assert caught.value.reason == "NOT_ROUTED"


@pytest.mark.parametrize("kind", sorted(BEGINS_AGAIN))
def test_a_step_after_which_it_is_worked_on_again_is_told_by_itself(kind: str) -> None:
    """The record that was replied to, or agreed, goes on with it."""
    events = [an_event(kind, SOURCE, 3), an_event("IncidentClaimed", SOURCE, 4)]
    assert [step.step for _, step in steps_of(events)] == [kind, "IncidentClaimed"]
