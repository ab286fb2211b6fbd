"""The rules of requests: each kind of flaw by its path and reason, and what is left alone."""

from contextlib import nullcontext
from typing import Any

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from backbone.rpc.rules import MOST_FLAWS, require_rules, require_texts
from backbone.words.errors import InvalidArgument
from backbone.words.texts import INVISIBLE, refused_character, shows_nothing
from liandong.alarm.v1 import alarm_service_pb2 as alarm
from liandong.alarm.v1.alarm_pb2 import Receipt
from liandong.dispute.v1 import dispute_pb2
from liandong.dispute.v1 import dispute_service_pb2 as dispute
from liandong.emergency.v1 import emergency_service_pb2 as emergency
from liandong.incident.v1 import incident_service_pb2 as incident
from liandong.incident.v1.incident_pb2 import Matter
from liandong.petition.v1 import petition_pb2
from liandong.petition.v1 import petition_service_pb2 as petition
from liandong.place.v1.place_pb2 import Place, Point


def a_report(**parts: Any) -> alarm.ReceiveAlarmRequest:
    return alarm.ReceiveAlarmRequest(**{"kind": Receipt.KIND_CALL, **parts})


def at(longitude: float, latitude: float = 30.0) -> alarm.ReceiveAlarmRequest:
    return a_report(place=Place(point=Point(longitude=longitude, latitude=latitude)))


def of(area: str) -> alarm.ReceiveAlarmRequest:
    return a_report(place=Place(area=area))


def answered(*photos: str, reply: str = "已告知") -> alarm.AnswerAtDeskRequest:
    return alarm.AnswerAtDeskRequest(reply=reply, photos=photos)


def named(*people: Any) -> dispute.NamePartiesRequest:
    return dispute.NamePartiesRequest(parties=people)


Party = dispute_pb2.Party
FLAWED: list[tuple[Message, str, str]] = [
    (alarm.ReceiveAlarmRequest(), "kind", "KIND_MISSING"),
    (a_report(kind=99), "kind", "UNKNOWN_VALUE"),
    (a_report(place={"point": {"longitude": 108.9}}), "place.point.latitude", "FIELD_MISSING"),
    (a_report(place={"point": {"latitude": 34.2}}), "place.point.longitude", "FIELD_MISSING"),
    (a_report(narrative="长" * 5_001), "narrative", "TEXT_TOO_LONG"),
    (a_report(narrative="a\0b"), "narrative", "NUL_CHARACTER"),
    (a_report(narrative="a\x1b[31m"), "narrative", "CONTROL_CHARACTER"),
    (a_report(reference="a\nb"), "reference", "CONTROL_CHARACTER"),
    (a_report(caller={"name": "长" * 101}), "caller.name", "TEXT_TOO_LONG"),
    (a_report(caller={"name": "张\u202e三"}), "caller.name", "CONTROL_CHARACTER"),
    (a_report(priority="P9"), "priority", "UNKNOWN_PRIORITY"),
    (a_report(priority="P" * 1_000_000), "priority", "UNKNOWN_PRIORITY"),
    (a_report(ring_time=Timestamp(seconds=2**60)), "ring_time", "OUT_OF_RANGE"),
    (a_report(ring_time=Timestamp(nanos=-1)), "ring_time", "OUT_OF_RANGE"),
    (at(180.5), "place.point.longitude", "OUT_OF_RANGE"),
    (at(float("nan")), "place.point.longitude", "OUT_OF_RANGE"),
    (at(float("inf")), "place.point.longitude", "OUT_OF_RANGE"),
    (at(120.0, -90.5), "place.point.latitude", "OUT_OF_RANGE"),
    (of("nowhere"), "place.area", "UNKNOWN_AREA"),
    (of("９９０１００"), "place.area", "UNKNOWN_AREA"),
    (alarm.ListReceiptsRequest(page_size=-1), "page_size", "OUT_OF_RANGE"),
    (alarm.ListReceiptsRequest(page_token="?"), "page_token", "BAD_PAGE_TOKEN"),
    (answered(reply=" \u200b"), "reply", "REPLY_MISSING"),
    (answered(*["x"] * 21), "photos", "TOO_MANY_PHOTOS"),
    (answered("x", "\u3164"), "photos[1]", "FIELD_MISSING"),
    (answered("x", "长" * 501), "photos[1]", "TEXT_TOO_LONG"),
    (alarm.MarkInvalidRequest(), "reason", "REASON_MISSING"),
    (named(), "parties", "PARTIES_MISSING"),
    (petition.RegisterPetitionRequest(
        channel=1, subject="x", text="y", petitioners=[petition_pb2.Petitioner(name="李")] * 101
    ), "petitioners", "TOO_MANY_NAMED"),
    (petition.RecordProgressRequest(text="长" * 5_001), "text", "TEXT_TOO_LONG"),
    (dispute.HoldSessionRequest(text="长" * 20_001), "text", "TEXT_TOO_LONG"),
    (named(Party(name="李"), Party(name="\u2800")), "parties[1].name", "PARTIES_MISSING"),
    (named(*[Party(name="李")] * 101), "parties", "TOO_MANY_ITEMS"),
    (dispute.RecordAgreementRequest(), "agreement", "FIELD_MISSING"),
    (incident.OpenIncidentRequest(), "matter", "MATTER_INCOMPLETE"),
    (incident.OpenIncidentRequest(matter=Matter(
        id="i-1", code="1", source="ALARM", title="x", desk="command"
    )), "matter.id", "MATTER_INCOMPLETE"),
    (incident.ReportProgressRequest(text="\ufeff"), "text", "TEXT_MISSING"),
    (emergency.ReceiveMissionRequest(seq=-1), "seq", "WRONG_SEQ"),
    (emergency.ListTeamStatusesRequest(teams=["a", "\0"]), "teams[1]", "NUL_CHARACTER"),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "field", "reason"), FLAWED)
def test_a_flaw_is_named_by_path_and_reason(request_: Message, field: str, reason: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        require_rules(request_)
    [flaw] = refused.value.flaws
    assert (flaw.field, flaw.reason) == (field, reason)
    assert (refused.value.reason, refused.value.facts["field"]) == (reason, field)


FINE: list[Message] = [
    a_report(),
    a_report(narrative="第一行\r\n\t第二行\n", caller={"name": "葛\U000e0100"}),
    a_report(narrative="长" * 5_000, priority="P1", category="no.such"),
    at(-180.0, 90.0),
    at(0.0, 0.0),
    of("990101001001001"),
    answered("x", "y"),
    alarm.GetReceiptRequest(receipt_id="i-1"),
    alarm.GetReceiptRequest(receipt_id="x" * 10_000),
    alarm.ListReceiptsRequest(page_size=2**31 - 1, area="%"),
    petition.TrackPetitionRequest(code="١٢٣", pin="x"),
    named(Party(name="李")),
]


@pytest.mark.parametrize("request_", FINE)
def test_what_keeps_the_rules_is_left_as_it_is(request_: Message) -> None:
    before = request_.SerializeToString()
    require_rules(request_)
    assert request_.SerializeToString() == before


@given(
    st.text(st.sampled_from([each for each in INVISIBLE if each in " \u200b\u3000\u2800\ufe0f"]))
)
def test_a_text_that_shows_nothing_is_empty_wherever_it_stands(nothing: str) -> None:
    report = a_report(narrative=nothing, caller={"name": nothing, "number": "110"})
    require_rules(report)
    assert report == a_report(caller={"number": "110", "name": ""})
    amend = alarm.AmendReceiptRequest(narrative=nothing)
    require_rules(amend)
    assert amend.HasField("narrative") and amend.narrative == "", "it was said, and says nothing"
    teams = emergency.ListTeamStatusesRequest(teams=["a", nothing])
    require_rules(teams)
    assert list(teams.teams) == ["a", ""]


def test_all_flaws_are_told_but_no_more_than_fit() -> None:
    wrong = petition.RegisterPetitionRequest(
        channel=1,
        text="长" * 20_001,
        petitioners=[petition_pb2.Petitioner(contact="\x07")],
        head_count=-1,
        place=Place(area="x"),
    )
    with pytest.raises(InvalidArgument) as refused:
        require_rules(wrong)
    assert {flaw.field: flaw.reason for flaw in refused.value.flaws} == {
        "subject": "SUBJECT_MISSING",
        "text": "TEXT_TOO_LONG",
        "petitioners[0].contact": "CONTROL_CHARACTER",
        "petitioners[0].name": "PETITIONER_MISSING",
        "head_count": "OUT_OF_RANGE",
        "place.area": "UNKNOWN_AREA",
    }
    with pytest.raises(InvalidArgument) as refused:
        require_rules(named(*[Party()] * 100))
    assert len(refused.value.flaws) == MOST_FLAWS


@given(st.text())
def test_whatever_comes_is_refused_or_fit_to_be_kept(text: str) -> None:
    report = incident.ReportProgressRequest(incident_id="i", text=text)
    fine = not shows_nothing(text) and not refused_character(text, multi_line=True)
    with nullcontext() if fine else pytest.raises(InvalidArgument):
        require_rules(report)
        assert report.text == text


def test_texts_without_a_contract_keep_to_the_same() -> None:
    require_texts({"user": "", "password": "秘密 x"})
    with pytest.raises(InvalidArgument) as refused:
        require_texts({"user": "a\0", "password": "\u202e"})
    assert [(flaw.field, flaw.reason) for flaw in refused.value.flaws] == [
        ("user", "NUL_CHARACTER"),
        ("password", "CONTROL_CHARACTER"),
    ]
