"""A route of the tables, from HTTP to the service and back."""

from dataclasses import replace
from typing import Any

import pytest

from backbone.words.city import Person
from backbone.words.errors import (
    Conflict,
    Denied,
    Expired,
    InvalidArgument,
    InvalidTransition,
    NotFound,
    Refusal,
)
from liandong.incident.v1 import incident_pb2 as resources
from tests.desks import a_desk_city
from tests.functional.gateway.conftest import Face
from tests.gateway import STATION

CLAIM = "/v1/incidents/i-1:claim"


async def test_claim_carries_who_asks_and_answers_what_came_of_it(face: Face) -> None:
    headers = await face.sign_in("li")
    answer = await face.http.post(
        CLAIM, headers={**headers, "If-Match": '"3"', "Idempotency-Key": "k-1"}
    )
    assert answer.status_code == 200
    assert answer.headers["ETag"] == '"4"'
    assert answer.headers["Liandong-Road"] == "stream"
    assert "Idempotency-Replayed" not in answer.headers
    body = answer.json()
    assert (body["state"], body["version"], body["holder"]) == ("CLAIMED", 4, "")
    assert body["due"][0]["due_time"] == "2026-11-22T05:00:00.250000Z"
    assert body["hand_off"] is None and body["open_time"] is None
    [(rpc, request, caller)] = face.incidents.asked
    assert (rpc, request.incident_id, caller.expected_version) == ("ClaimIncident", "i-1", 3)
    assert (caller.actor.user, caller.actor.unit, caller.actor.role) == ("li", STATION, "clerk")
    assert caller.actor.area == "990101001" and caller.traceparent.startswith("00-")


async def test_the_same_key_of_the_same_principal_is_the_same_request(face: Face) -> None:
    li, zhao = await face.sign_in("li"), await face.sign_in("li")
    key = {"Idempotency-Key": "again"}
    face.incidents.replayed = "true"
    first = await face.http.post(CLAIM, headers=li | key)
    await face.http.post(CLAIM, headers=zhao | key)
    await face.http.post(CLAIM, headers=li)
    ids = [caller.request_id for _, _, caller in face.incidents.asked]
    assert first.headers["Idempotency-Replayed"] == "true"
    assert ids[0] == ids[1] != ids[2]


async def test_take_next_of_an_empty_pool_is_no_content(face: Face) -> None:
    headers = await face.sign_in("li")
    face.incidents.refuse(InvalidTransition("POOL_EMPTY"))
    answer = await face.http.post("/v1/inbox:takeNext", headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")


async def test_lists_are_pages_with_named_filters(face: Face) -> None:
    headers = await face.sign_in("li")
    answer = await face.http.get("/v1/inbox?state=OFFERED&page_size=5", headers=headers)
    assert set(answer.json()) == {"items", "next_page_token", "away"}
    counted = await face.http.get("/v1/incidents?count=true", headers=headers)
    assert counted.json()["total_size"] == 1
    (_, inbox, _), (_, every, _) = face.incidents.asked
    assert inbox.inbox and inbox.state == resources.Incident.STATE_OFFERED and inbox.page_size == 5
    assert not every.inbox and every.count


async def test_parts_of_one_incident(face: Face) -> None:
    headers = await face.sign_in("li")
    one = await face.http.get("/v1/incidents/i-1", headers=headers)
    clocks = await face.http.get("/v1/incidents/i-1/clocks", headers=headers)
    timeline = await face.http.get("/v1/incidents/i-1/timeline", headers=headers)
    assert one.json()["id"] == "i-1" and one.headers["ETag"] == '"4"'
    assert clocks.json()["items"][0]["clock"] == "SIGN_IN"
    assert timeline.json()["items"][0]["kind"] == "IncidentOpened"


REFUSALS: list[tuple[Refusal, int]] = [
    (NotFound("NO_SUCH_INCIDENT"), 404),
    (InvalidTransition("INVALID_TRANSITION", state="CLOSED"), 409),
    (InvalidArgument("UNKNOWN_UNIT", unit="nowhere"), 422),
    (Denied("NOT_THE_HOLDER"), 403),
    (Conflict("STALE_VERSION", version=7), 412),
    (Conflict("IDEMPOTENCY_KEY_REUSED"), 422),
]


@pytest.mark.parametrize(("refusal", "status"), REFUSALS, ids=lambda part: str(part))
async def test_refusals_keep_their_reason(face: Face, refusal: Refusal, status: int) -> None:
    headers = await face.sign_in("li")
    face.incidents.refuse(refusal)
    answer = await face.http.post(CLAIM, headers=headers)
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["reason"] == refusal.reason
    assert refusal.facts.items() <= problem.items()


async def test_a_repeated_refusal_is_marked_as_the_repeat_that_it_is(face: Face) -> None:
    headers = await face.sign_in("li")
    face.incidents.refuse(InvalidTransition("ALREADY_CLAIMED"))
    face.incidents.replayed = "true"
    answer = await face.http.post(CLAIM, headers=headers)
    assert (answer.status_code, answer.headers["Liandong-Road"]) == (409, "stream")
    assert answer.headers["Idempotency-Replayed"] == "true"


async def test_a_loser_hears_who_won_in_his_language(face: Face) -> None:
    headers = await face.sign_in("li")
    wang = Person("wang", "王某", STATION, ("clerk",), "", demo=False)
    face.gateway.gate.reasons.names.learn(replace(a_desk_city(), people={wang.user: wang}))
    face.incidents.refuse(
        InvalidTransition("ALREADY_CLAIMED", holder=wang.user, time="2026-11-22T05:00:00+00:00")
    )
    chinese = (await face.http.post(CLAIM, headers=headers)).json()
    english = (await face.http.post(CLAIM, headers=headers | {"Accept-Language": "en-GB"})).json()
    assert set(chinese) == {
        "type", "title", "status", "detail", "reason", "instance", "errors", "holder",
        "holder_name", "time",
    }  # fmt: skip
    assert (chinese["title"], chinese["holder_name"]) == ("已被认领", "王某")
    assert chinese["detail"] == "已由 王某 于 2026-11-22 13:00:00 认领。"
    assert english["detail"] == "Already claimed by 王某 at 2026-11-22 13:00:00."


@pytest.mark.parametrize("failure", [OSError("the database is away"), TimeoutError()])
async def test_nobody_can_say_is_503(face: Face, failure: Any) -> None:
    headers = await face.sign_in("li")
    face.incidents.refusal = failure
    answer = await face.http.post(CLAIM, headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (503, "UNKNOWN_REPEAT")
    assert answer.headers["Retry-After"] == "1"
    assert answer.json()["repeat_with"] == "SAME_KEY"


async def test_what_was_not_handled_in_time_is_repeated_with_a_new_key(face: Face) -> None:
    """A client that obeys Retry-After would send the old key, and hear EXPIRED for ever."""
    headers = await face.sign_in("li")
    face.incidents.refusal = Expired("EXPIRED")
    answer = await face.http.post(CLAIM, headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (503, "EXPIRED")
    assert "Retry-After" not in answer.headers
    assert answer.json()["repeat_with"] == "NEW_KEY"


async def test_a_bug_of_a_service_tells_nothing_of_itself(face: Face) -> None:
    headers = await face.sign_in("li")
    face.incidents.refusal = ZeroDivisionError("secret details")
    answer = await face.http.post(CLAIM, headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (500, "INTERNAL")
    assert "secret" not in answer.text
