"""What a report told that has left stays with the desk: it may accuse a unit that would read it."""

from typing import Any

import pytest
from google.protobuf.json_format import MessageToJson

from backbone.wire import fill
from backbone.words.actor import Actor
from backbone.words.reported import LEFT
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from services.workflow import codec
from services.workflow.incident.callers import CallerLinked, CallerUnlinked
from services.workflow.incident.record import Incident
from services.workflow.showing import Cut
from tests.incidents import DESK, LI, NOW, OFFERED, decide, folded
from tests.unit.workflow.test_amending import SECOND_REPORT, a_correction, linked
from tests.unit.workflow.test_callers import a_link, link, unlink

BAD, CODE = "the officer took money", a_link(3).code
AUDITOR = Actor("shen", "audit", "auditor", "990101")


def lived(*commands: Any) -> tuple[Incident, list[Any]]:
    """The incident after the commands, and all its events since."""
    found, events = OFFERED, []
    for command in commands:
        made = decide(found, command)
        events += made
        found = folded(made, found)  # type: ignore[assignment]
    return found, events


def timeline(found: Incident, events: list[Any], reader: Actor) -> str:
    """Every entry as the reader gets it."""
    cut = Cut(found, reader)
    return "\n".join(
        MessageToJson(codec.to_progress(row(version, event), cut), ensure_ascii=False)
        for version, event in enumerate(events, 1)
    )


def row(version: int, event: Any) -> dict[str, Any]:
    message = IncidentEvent()
    kind = next(
        each
        for each in message.DESCRIPTOR.oneofs[0].fields
        if each.message_type.name == type(event).__name__
    )
    fill(getattr(message, kind.name), event)
    return {
        "version": version,
        "payload": message.SerializeToString(),
        "actor": "",
        "unit": "",
        "time": NOW,
    }


TOLD = (link(3), linked(4, narrative=BAD, danger="a gun"), a_correction(5, narrative="two bikes"))


def test_as_long_as_it_is_linked_the_unit_reads_it() -> None:
    found, events = lived(*TOLD)
    assert BAD in timeline(found, events, LI)


def test_what_has_left_is_with_the_desk_and_auditors_alone() -> None:
    found, events = lived(*TOLD, unlink(6))
    said = timeline(found, events, LI)
    for word in (BAD, "a gun", SECOND_REPORT, CODE):
        assert word not in said
    assert LEFT in said and "two bikes" in said, "the rest stays"
    for kind in (CallerLinked, CallerUnlinked):
        assert kind.__name__ in said, "no version is missing"
    for reader in (DESK, AUDITOR):
        assert BAD in timeline(found, events, reader)


def test_a_report_that_is_linked_again_is_read_again() -> None:
    found, events = lived(*TOLD, unlink(6), link(7))
    assert BAD in timeline(found, events, LI)


@pytest.mark.parametrize("reader", [LI, DESK])
def test_an_incident_without_links_is_shown_as_it_is(reader: Actor) -> None:
    found, events = lived(a_correction(5, narrative="two bikes", danger="fire"))
    said = timeline(found, events, reader)
    assert "two bikes" in said and "fire" in said
