"""Rate limits are told before they hurt, by principal, and settings change them."""

import pytest

from services.gateway.http.limits import Limit
from services.gateway.http.problems import Problem
from tests.functional.gateway.conftest import Face
from tests.gateway import STATION_KEY


@pytest.fixture
def environ() -> dict[str, str]:
    rates = {"PERSON_RATE": "0.5", "PERSON_BURST": "2", "KEY_RATE": "0.5", "KEY_BURST": "3"}
    return {f"LIANDONG_GATEWAY_{name}": value for name, value in rates.items()}


async def test_one_is_limited_and_the_other_is_not(face: Face) -> None:
    li, zhao = await face.sign_in("li"), await face.sign_in("auditor")
    answers = [await face.http.get("/v1/incidents", headers=li) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert (answers[2].json()["reason"], answers[2].headers["Retry-After"]) == ("RATE_LIMITED", "2")
    assert (await face.http.get("/v1/incidents", headers=zhao)).status_code == 200


async def test_a_key_is_limited_like_a_person(face: Face) -> None:
    key = {"Authorization": f"Bearer {STATION_KEY}"}
    answers = [await face.http.get("/v1/incidents", headers=key) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[3].json()["reason"] == "RATE_LIMITED"


def test_a_bucket_fills_again() -> None:
    now = [0.0]
    limit = Limit("person", rate=2, burst=3, clock=lambda: now[0])
    for _ in range(3):
        limit.take("li")
    with pytest.raises(Problem) as refused:
        limit.take("li")
    assert refused.value.headers == {"Retry-After": "1"}
    now[0] = 0.5
    limit.take("li")
    with pytest.raises(Problem):
        limit.take("li")
