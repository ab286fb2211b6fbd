"""What a newer release has written is named as such; it is never misread or rewritten."""

from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from backbone.door.rows import Rows
from backbone.postgres.asking import Asked
from backbone.words.actor import Actor
from backbone.words.errors import Unavailable
from liandong.event.v1.event_pb2 import Meta
from liandong.incident.v1 import incident_commands_pb2 as commands
from liandong.incident.v1 import incident_service_pb2 as pb
from services.workflow import codec
from tests.golden.reading import DECIDERS, RELEASES, Life

KEY = bytes(32)
EVERY = [each for deciders in DECIDERS.values() for each in deciders]
EACH = pytest.mark.parametrize("decider", EVERY, ids=lambda decider: decider.table.name)


@EACH
def test_a_document_of_a_newer_shape_is_unavailable(decider: Any) -> None:
    shape = decider.table.shape + 1
    with pytest.raises(Unavailable) as caught:
        decider.from_doc("{}", shape)
    told = {"table": decider.table.name, "shape": str(shape)}
    assert (caught.value.reason, caught.value.facts) == ("NEWER_SHAPE", told)


@EACH
def test_a_document_of_the_present_shape_comes_back_equal(decider: Any) -> None:
    for life in _lives(decider):
        state = life.stored()
        assert decider.from_doc(decider.to_doc(state), decider.table.shape) == state


def _lives(decider: Any) -> list[Life]:
    return [
        life
        for release in RELEASES
        for schema, deciders in DECIDERS.items()
        if decider in deciders
        for life in release.lives(schema)
        if life.decider is decider
    ]


@EACH
def test_an_event_of_an_unknown_kind_is_unavailable_in_a_journal(decider: Any) -> None:
    unknown = decider.event(meta=Meta(version=4)).SerializeToString()
    with pytest.raises(Unavailable) as caught:
        decider.fold([unknown])
    told = {"table": decider.table.name, "version": "4"}
    assert (caught.value.reason, caught.value.facts) == ("NEWER_EVENT", told)


@pytest.mark.parametrize("topic", codec.INTAKES)
def test_an_event_of_an_unknown_kind_opens_nothing(topic: str) -> None:
    event = codec.INTAKES[topic](meta=Meta(aggregate_id=str(uuid4()), version=1))
    assert codec.intake_requests(topic, event.SerializeToString(), KEY) == []


def a_record(**parts: Any) -> bytes:
    message = commands.IncidentCommand(request_id=str(uuid4()), user="li", **parts)
    return message.SerializeToString()


def test_a_command_of_an_unknown_method_is_named() -> None:
    with pytest.raises(LookupError, match="PraiseIncident"):
        codec.from_value(a_record(method="PraiseIncident"), KEY)


def test_a_command_that_asks_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="without a request"):
        codec.from_value(a_record(), KEY)


def test_the_old_and_the_new_form_of_a_command_are_the_same_request() -> None:
    body = pb.ClaimIncidentRequest(incident_id=str(uuid4()))
    old = codec.from_value(a_record(claim=body, unit="north", role="clerk", area="990101"), KEY)
    assert old.command.by == Actor("li", "north", "clerk", "990101")
    new = codec.from_value(codec.to_value(old, body), KEY)
    assert new == old


def test_a_command_says_by_which_hash_its_body_is_known() -> None:
    """Which pieces of its texts are sealed may be another thing at a repeat."""
    body = pb.ReportProgressRequest(incident_id=str(uuid4()), text="已到场")
    made = codec.from_value(
        a_record(method="ReportProgress", request=body.SerializeToString()), KEY
    )
    sent = replace(made, body_hash="as it was written")
    read = codec.from_value(codec.to_value(sent, body), KEY)
    assert (read.body_hash, read.sealed_hash) == (sent.body_hash, made.body_hash)


async def test_a_list_that_people_read_leaves_out_what_only_a_newer_release_can_read() -> None:
    [decider] = [each for each in EVERY if each.table.name == "missions"]
    states = [life.stored() for life in _lives(decider)[:3]]
    sound = [
        {"id": each.id, "version": each.version, "shape": decider.table.shape,
         "doc": decider.to_doc(each)}
        for each in states
    ]  # fmt: skip
    newer = {**sound[1], "shape": decider.table.shape + 1}
    pool: Any = None  # none is needed for rows that are taken as they are
    rows, all_of_them = Rows(pool).of(decider), Asked(((),))
    shown = await rows.listed([sound[0], newer, sound[2]], all_of_them)
    assert [each.state for each in shown] == [states[0], states[2]]
    with pytest.raises(Unavailable, match="NEWER_SHAPE"):  # a service itself must miss none
        await rows.all_shown([sound[0], newer], all_of_them)
