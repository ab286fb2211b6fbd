"""Records to messages and back: nothing is lost, and nothing unknown slips through."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from backbone.wire import enum_numbers, facts_of, name_of, to_message, to_record
from backbone.words.errors import InvalidArgument
from backbone.words.place import Place, Point
from liandong.event.v1.event_pb2 import Meta
from liandong.incident.v1 import incident_pb2 as pb
from liandong.incident.v1 import incident_service_pb2 as calls
from liandong.place.v1 import place_pb2
from liandong.supervision.v1.supervision_events_pb2 import SupervisionEvent
from liandong.supervision.v1.supervision_pb2 import Supervision


class State(StrEnum):
    REPORTED = "REPORTED"
    CLAIMED = "CLAIMED"
    CLOSED = "CLOSED"


class Due(Struct, frozen=True):
    clock: str
    due_time: datetime
    minutes: int
    lapse_time: datetime | None = None


class Routing(Struct, frozen=True):
    rule: str
    guesses: tuple[str, ...] = ()


class Incident(Struct, frozen=True):
    """Some of the message's fields, of every sort; `secret` is no part of the message."""

    id: UUID
    version: int
    state: State
    title: str
    open_time: datetime
    place: Place
    due: tuple[Due, ...] = ()
    routing: Routing | None = None
    holder: str | None = None
    secret: str = "kept at home"


FIRST, LAST = datetime(1, 1, 2), datetime(9999, 12, 30)  # noqa: DTZ001 - bounds are naive
moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
texts = st.text(st.characters(exclude_categories=["Cs"]))
degrees = st.floats(-180, 180)
points = st.builds(Point, degrees, degrees)
places = st.builds(Place, text=texts, point=points | st.none(), area=texts)
dues = st.builds(Due, texts, moments, st.integers(-(2**31), 2**31 - 1), moments | st.none())
incidents = st.builds(
    Incident,
    id=st.uuids(),
    version=st.integers(-(2**63), 2**63 - 1),
    state=st.sampled_from(State),
    title=texts,
    open_time=moments,
    place=places,
    due=st.lists(dues, max_size=3).map(tuple),
    routing=st.builds(Routing, texts, st.lists(texts, max_size=3).map(tuple)) | st.none(),
    holder=texts.filter(bool) | st.none(),
    secret=st.just("kept at home"),
)


@given(incidents)
def test_a_record_comes_back_as_it_went(incident: Incident) -> None:
    sent = pb.Incident.FromString(to_message(incident, pb.Incident).SerializeToString())
    assert to_record(sent, Incident) == incident


def test_what_the_other_side_lacks_is_given_or_left_out() -> None:
    message = to_message(Point(108.9, 34.2), place_pb2.Point)
    assert (message.longitude, message.latitude) == (108.9, 34.2)
    place = to_record(place_pb2.Place(text="gate"), Place, area="990101001")
    assert place == Place("gate", None, "990101001")
    assert to_message(place, place_pb2.Place, text="overwritten by the record").text == "gate"


def test_an_empty_part_is_a_part() -> None:
    sent = to_message(Place(point=Point(0, 0)), place_pb2.Place)
    assert sent.HasField("point")
    assert to_record(sent, Place).point == Point(0, 0)


def test_a_value_that_nobody_knows_here_is_refused_by_its_field() -> None:
    newer = pb.Incident(id=str(uuid4()), state=99)  # type: ignore[arg-type]
    unset = pb.Incident(id=str(uuid4()))
    nobody = pb.Incident(id="no id", state=pb.Incident.STATE_CLOSED)
    for message, field in ((newer, "state"), (unset, "state"), (nobody, "id")):
        with pytest.raises(InvalidArgument) as caught:
            to_record(message, Incident)
        assert (caught.value.reason, caught.value.facts["field"]) == ("UNKNOWN_VALUE", field)


def test_enums_are_read_by_name() -> None:
    state = calls.ListIncidentsRequest.DESCRIPTOR.fields_by_name["state"]
    assert enum_numbers(state)["CLAIMED"] == 4
    assert (name_of(state, 0), name_of(state, 4)) == ("", "CLAIMED")
    with pytest.raises(InvalidArgument, match="UNKNOWN_VALUE"):
        name_of(state, 99)


class Event(Struct, frozen=True):
    """A repeated plain field and a time on their own."""

    event_id: UUID
    audience: tuple[str, ...]
    time: datetime
    version: int = 1


@given(st.uuids(), st.lists(texts, max_size=4), moments)
def test_repeated_texts_and_times_keep_their_order(
    event_id: UUID, audience: list[str], time: datetime
) -> None:
    event = Event(event_id, tuple(audience), time)
    assert to_record(to_message(event, Meta), Event) == event


def test_durations_are_durations() -> None:
    from google.protobuf.duration_pb2 import Duration

    from backbone.wire import _convert, _put

    class Field:
        """No contract of ours has a duration yet."""

        name, is_repeated, has_presence, enum_type = "wait", False, True, None

        class message_type:  # noqa: N801
            full_name = "google.protobuf.Duration"

    class Message:
        wait = Duration()

    message = Message()
    _put(Field)(message, timedelta(seconds=90))  # type: ignore[arg-type]
    assert _convert(Field, timedelta)(message.wait) == timedelta(seconds=90)


def test_a_timeline_says_enums_as_answers_do() -> None:
    event = SupervisionEvent()
    event.opened.level, event.opened.unit = Supervision.LEVEL_LISTED, "office"
    event.opened.addressed.add(incident="7", unit="north")
    assert facts_of(event.opened) == {
        "level": "LISTED",
        "unit": "office",
        "addressed": [{"incident": "7", "unit": "north"}],
    }
    inner = facts_of(event)["opened"]
    assert inner["level"] == "LISTED"
