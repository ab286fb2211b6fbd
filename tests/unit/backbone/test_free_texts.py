"""The edge seals the free texts of every request, and shows those of answers by sender and role."""

from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message_factory import GetMessageClass

from backbone.door.request import hashes_of
from backbone.postgres.span_sealing import SpanSealer
from backbone.process.keyring import Keyring
from backbone.rpc.free_texts import FreeTexts, is_free, taken_out
from backbone.rpc.rules import rules_of
from liandong.alarm.v1 import alarm_service_pb2 as alarm
from liandong.dispute.v1 import dispute_service_pb2 as dispute
from liandong.emergency.v1 import emergency_service_pb2 as emergency
from liandong.incident.v1 import incident_pb2 as incidents
from liandong.incident.v1 import incident_service_pb2 as incident
from liandong.petition.v1 import petition_service_pb2 as petition
from liandong.population.v1 import population_service_pb2 as population
from liandong.supervision.v1 import supervision_service_pb2 as supervision

SERVICES = (alarm, dispute, emergency, incident, petition, population, supervision)
METHODS = [
    method
    for contract in SERVICES
    for service in contract.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]
MOBILE, NAME = "13812345678", "欧阳小明"
MASKED = "欧***留了138****5678"
SPANS = SpanSealer(Keyring((b"a" * 32,)))


def texts() -> FreeTexts:
    return FreeTexts(SPANS)


@pytest.mark.parametrize("method", METHODS, ids=lambda each: str(each.name))
async def test_each_free_text_of_each_request_is_sealed(method: Any) -> None:
    """A field of several lines is free unless its rules say that the service seals it whole."""
    for message, field in _free_fields(method.input_type):
        request = GetMessageClass(message)()
        said = f"{NAME}留了{MOBILE}"
        if field.is_repeated:
            getattr(request, field.name).append(said)
        else:
            setattr(request, field.name, said)
        free = texts()
        free.persons = [_knows]
        await free.seal(request)
        sealed = str(getattr(request, field.name))
        assert MOBILE not in sealed and NAME not in sealed, field.full_name
        assert "留了" in sealed


async def _hashes(said: str, *knowing: Any) -> tuple[str, str]:
    request = incident.ReportProgressRequest(incident_id="1", text=said)
    free = texts()
    free.persons = [*knowing]
    await free.seal(request)
    return hashes_of(request, b"key")


async def test_a_repeat_is_the_same_request_whomever_the_record_knows_by_now() -> None:
    """A colleague has named the person in between; the client repeats what it has sent."""
    said = f"{NAME}留了{MOBILE}"
    first, repeat = await _hashes(said), await _hashes(said, _knows)
    assert first[0] == repeat[0] and first[1] != repeat[1]
    plain = await _hashes(NAME)
    assert (await _hashes(NAME, _knows))[0] == plain[0]
    assert (await _hashes(f"{NAME}留", _knows))[0] != plain[0]


async def _knows(_: Any) -> list[str]:
    return [NAME]


def _free_fields(message: Any, seen: tuple[str, ...] = ()) -> list[tuple[Any, Any]]:
    found = []
    for field in message.fields:
        rules = rules_of(field)
        if field.message_type is not None and field.message_type.full_name not in seen:
            found += _free_fields(field.message_type, (*seen, message.full_name))
        elif field.type == FieldDescriptor.TYPE_STRING:
            own = rules.items if field.is_repeated else rules
            assert is_free(field, rules) or not own.multi_line or own.personal, field.full_name
            if is_free(field, rules):
                found.append((message, field))
    return found


async def test_what_a_service_passes_on_stays_as_its_event_says_it() -> None:
    free = texts()
    free.persons = [_knows]
    request = incident.LinkCallerRequest()
    request.link.narrative = f"{NAME}的车被撞了"
    await free.seal(request, "alarm")
    assert request.link.narrative == f"{NAME}的车被撞了"
    await free.seal(request, "gateway")
    assert NAME not in request.link.narrative


async def test_the_names_that_a_request_itself_tells_are_found() -> None:
    request = alarm.ReceiveAlarmRequest(narrative=f"{NAME}报警")
    request.caller.name, request.caller.number = NAME, MOBILE
    await texts().seal(request)
    assert NAME not in request.narrative and request.narrative.endswith("报警")
    assert (request.caller.name, request.caller.number) == (NAME, MOBILE), "sealed whole, later"


@pytest.mark.parametrize(
    ("sender", "role", "shown"),
    [
        ("gateway", "clerk", f"{NAME}留了{MOBILE}"),
        ("gateway", "call_taker", f"{NAME}留了{MOBILE}"),
        ("gateway", "team_leader", f"{NAME}留了{MOBILE}"),
        *(("gateway", role, MASKED) for role in ("supervisor", "leader", "auditor", "partner", "")),
    ],
)
def test_those_who_work_on_it_read_the_text_and_others_its_masks(
    sender: str, role: str, shown: str
) -> None:
    answer = incident.GetTimelineResponse()
    item = answer.items.add()
    sealed = SPANS.seal(f"{NAME}留了{MOBILE}", [NAME])
    item.facts.update({"text": sealed, "inner": {"list": [sealed]}})
    texts().show(answer, sender, role)
    assert item.facts["text"] == shown
    assert item.facts["inner"]["list"][0] == shown


def test_a_service_is_given_the_text_as_it_is_sealed() -> None:
    sealed = SPANS.seal(MOBILE)
    answer = incident.GetIncidentResponse(incident=incidents.Incident(narrative=sealed))
    texts().show(answer, "alarm", "clerk")
    assert answer.incident.narrative == sealed


def test_persons_leave_every_part_of_an_answer() -> None:
    """At any depth, in lists and in single parts; nothing else changes."""
    page = incident.ListIncidentsResponse()
    for number in range(3):
        each = page.items.add(id=str(number), narrative="x")
        each.persons.extend([f"sealed {number}", "sealed"])
    bare = incident.ListIncidentsResponse()
    bare.CopyFrom(page)
    for each in bare.items:
        each.ClearField("persons")
    parts = [*taken_out(page)]
    assert [persons for _, persons in parts] == [[f"sealed {n}", "sealed"] for n in range(3)]
    assert [part for part, _ in parts] == [*page.items]
    assert page == bare
    one = incident.GetIncidentResponse()
    one.incident.persons.append("sealed")
    assert [*taken_out(one)] == [(one.incident, ["sealed"])] and not one.incident.persons
    assert [*taken_out(incident.VoidIncidentRequest(reason="HOAX"))] == []


KEPT = [SPANS.seal_name(each, kept=True) for each in ("孙八", "Li", "13533334444", "0571-87654321")]
# Nobody knew, when these were written down, that they name the caller: nothing of them is sealed.
FORMER = "孙八家，孙先生的院子，电话87654321"


async def test_a_repeat_names_nobody_who_has_asked_for_protection_since() -> None:
    async def now(request: Any) -> list[str]:
        return [*KEPT, SPANS.seal_name("李四")]

    texts = FreeTexts(SPANS)
    texts.sealed_persons.append(now)
    since = await texts.kept_by_now(incident.ClaimIncidentRequest())
    for role in ("clerk", "supervisor"):
        answer = incident.GetIncidentResponse()
        answer.incident.code, answer.incident.narrative = "990101260101-8765432-1", FORMER
        texts.show(answer, "gateway", role, since)
        assert answer.incident.narrative == "［报警人］家，［报警人］的院子，电话［号码］"
        assert answer.incident.code == "990101260101-8765432-1"


@pytest.mark.parametrize("role", ["clerk", "team_leader", "supervisor", "partner"])
def test_no_text_names_a_protected_caller_sealed_or_not(role: str) -> None:
    """Also the place and the danger, and the words of a danger that was heard."""
    sealed = SPANS.seal("孙八留了13533334444，李四留了13611112222", ["孙八", "李四"])
    answer = incident.GetIncidentResponse()
    one = answer.incident
    one.id, one.code, one.unit, one.holder = "sun8", "990101260101-8765432-1", "n-police", "li"
    one.narrative = one.danger = one.place.text = FORMER
    one.heard.words.append("小孙要跳楼")
    one.title = sealed
    one.persons.extend([*KEPT, SPANS.seal_name("李四")])
    texts().show(answer, "gateway", role)
    said = str(MessageToDict(answer))
    for word in ("孙八", "孙先生", "小孙", "孙", "13533334444", "135****4444", "87654321"):
        assert word not in said, word
    works = role in ("clerk", "team_leader")
    assert ("李四留了13611112222" in one.title) == works
    assert one.danger == "［报警人］家，［报警人］的院子，电话［号码］"
    assert (one.id, one.code, one.unit) == ("sun8", "990101260101-8765432-1", "n-police")
    assert one.holder == "li", "the letters of a code are no name"


def test_a_name_that_is_kept_in_one_matter_stands_in_another() -> None:
    page = incident.ListIncidentsResponse()
    for persons in (KEPT, []):
        page.items.add(narrative="孙八在此").persons.extend(persons)
    texts().show(page, "gateway", "clerk")
    assert [each.narrative for each in page.items] == ["［报警人］在此", "孙八在此"]


def test_the_timeline_and_a_frame_of_a_terminal_are_parts_like_any_other() -> None:
    timeline = incident.GetTimelineResponse(persons=KEPT)
    timeline.items.add().facts.update({"matter": {"place": {"text": FORMER}, "danger": "孙八"}})
    push = emergency.SubscribeResponse()
    push.push.narrative, push.push.danger = FORMER, "孙八有刀"
    push.push.persons.extend(KEPT)
    alerts = emergency.ListAlertsResponse()
    alerts.items.add(refuse_reason="找不到孙八").persons.extend(KEPT)
    for each, role in ((timeline, "clerk"), (push, "team_leader"), (alerts, "dispatcher")):
        texts().show(each, "gateway", role)
        assert "孙" not in str(MessageToDict(each)), each
