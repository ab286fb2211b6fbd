"""Bad input at the public door: each gets its precise refusal, and nothing else stops."""

import asyncio
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest

from operate.replay.client import Client
from services.gateway.contract.plan import Plan, plan_of
from services.gateway.routes import AREAS
from tests.hostile import Hostile, hostile_requests
from tests.people import CALL, TOWNSHIP, Visit, act, open_incident, take_call

POLICE = f"{TOWNSHIP}-police"
NOWHERE = {"text": "外地", "point": {"longitude": 116.4, "latitude": 39.9}}


@pytest.fixture
def desk(visit: Visit) -> Client:
    return visit.system("990100-command", "call_taker")


async def sent(
    visit: Visit, client: Client, path: str, body: Any = None, **more: Any
) -> httpx.Response:
    """One request, whatever comes of it."""
    headers = {**client._headers, "idempotency-key": uuid4().hex, **more.pop("headers", {})}
    content = more or {"json": body or {}}
    return await visit.http.post(path, headers=headers, **content)


def told(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    problem = answer.json()
    assert problem["title"] and problem["status"] == answer.status_code
    return answer.status_code, problem["reason"]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"category": "nothing.such"}, (422, "UNKNOWN_CATEGORY")),
        ({"priority": "P9"}, (422, "UNKNOWN_PRIORITY")),
        ({"place": NOWHERE}, (422, "OUTSIDE_CITY")),
        ({"kind": "SMOKE_SIGNAL"}, (400, "UNKNOWN_VALUE")),
        ({"surprise": 1}, (400, "UNKNOWN_FIELD")),
        ({"narrative": 7}, (400, "WRONG_TYPE")),
        ({"narrative": "长" * 6_000}, (422, "TEXT_TOO_LONG")),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
async def test_a_receipt_that_makes_no_sense(
    visit: Visit, desk: Client, parts: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert told(await sent(visit, desk, "/v1/receipts", CALL | parts)) == expected


async def test_an_unknown_team_and_an_unknown_unit(visit: Visit, desk: Client) -> None:
    receipt = await take_call(desk)
    one = f"/v1/receipts/{receipt['id']}"
    assert told(await sent(visit, desk, f"{one}:dispatch", {"team": "nobody"})) == (
        422,
        "UNKNOWN_TEAM",
    )
    assert told(await sent(visit, desk, f"{one}:open", {"to_unit": "nobody"})) == (
        422,
        "UNKNOWN_UNIT",
    )


async def test_a_stale_version_and_a_key_with_another_body(visit: Visit, desk: Client) -> None:
    clerk = visit.system(POLICE, "clerk")
    incident = await open_incident(desk)
    claim = f"/v1/incidents/{incident['id']}:claim"
    stale = await sent(visit, clerk, claim, headers={"if-match": '"1"'})
    assert told(stale) == (412, "STALE_VERSION")
    key = {"idempotency-key": uuid4().hex}
    assert (await sent(visit, desk, "/v1/receipts", CALL, headers=key)).status_code == 201
    other = await sent(visit, desk, "/v1/receipts", CALL | {"narrative": "别的事"}, headers=key)
    assert told(other) == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_ten_megabytes_and_broken_letters(visit: Visit, desk: Client) -> None:
    json = {"content-type": "application/json"}
    broken = await sent(
        visit, desk, "/v1/receipts", content=b'{"narrative": "\xff\xfe"}', headers=json
    )
    assert told(broken)[0] == 400
    text = b'"' + b"x" * 10_000_000 + b'"'
    large = await sent(visit, desk, "/v1/receipts", content=text, headers=json)
    assert told(large) == (413, "BODY_TOO_LARGE")
    assert (await take_call(desk))["outcome"] is None


async def test_the_token_of_another_unit(visit: Visit, desk: Client) -> None:
    other = visit.system("990102001-police", "clerk")
    incident = await open_incident(desk)
    one = f"/v1/incidents/{incident['id']}"
    foreign = told(await sent(visit, other, f"{one}:claim"))
    assert foreign == (404, "NO_SUCH_INCIDENT")
    hidden = await visit.http.get(one, headers=other._headers)
    assert told(hidden) == (404, "NO_SUCH_INCIDENT")
    team = visit.system("990102001-emergency", "team_leader", team="990102001-emergency-team")
    stream = "/v1/teams/990101001-emergency-team/stream"
    assert told(await visit.http.get(stream, headers=team._headers)) == (
        403,
        "NOT_YOUR_TEAM",
    )


async def test_nobody_and_somebody_whose_time_is_over(visit: Visit) -> None:
    without = await visit.http.get("/v1/inbox")
    assert told(without) == (401, "NOT_SIGNED_IN")
    invented = Client(visit.connection, "invented")
    assert told(await sent(visit, invented, "/v1/receipts", CALL)) == (401, "SESSION_OVER")
    clerk = visit.system(POLICE, "clerk")
    assert told(await sent(visit, clerk, "/v1/receipts", CALL))[0] == 403


async def test_a_race_has_one_winner_and_the_others_hear_who(visit: Visit, desk: Client) -> None:
    incident = await open_incident(desk)
    one = f"/v1/incidents/{incident['id']}:claim"
    clerks = [visit.system(POLICE, "clerk", f"经办{number}") for number in range(8)]
    answers = await asyncio.gather(*(sent(visit, clerk, one) for clerk in clerks))
    winners = [answer.json()["holder"] for answer in answers if answer.is_success]
    assert len(winners) == 1
    for answer in answers:
        if not answer.is_success:
            assert told(answer) == (409, "ALREADY_CLAIMED")
            assert winners[0] in answer.text
    assert (await act(desk, "/v1/receipts", CALL))["outcome"] is None


# Who may use a route, by the role of a key of the demo city: the first that the route lets in.
ROLES = ("call_taker", "clerk", "dispatcher", "head", "team_leader", "care_worker", "mediator")
PLANS = [plan_of(area, route) for area in AREAS for route in area.routes]
AT_ONCE = 8


async def records(visit: Visit, desk: Client) -> dict[str, str]:
    """Real records for the requests to be about, by the names of the fields that name them."""
    clerk = visit.system(POLICE, "clerk")
    receipt, incident = await take_call(desk), await open_incident(desk)
    await act(clerk, f"/v1/incidents/{incident['id']}:claim")
    place = {"text": "x", "area": TOWNSHIP}
    asked = {"channel": "LETTER", "subject": "x", "text": "x", "petitioners": [{"name": "李"}]}
    petition = await act(clerk, "/v1/petitions", asked | {"place": place})
    said = {"kind": "LABOUR", "subject": "x", "parties": [{"name": "李"}], "place": place}
    dispute = await act(clerk, "/v1/disputes", said)
    return {
        "receipt_id": receipt["id"],
        "incident_id": incident["id"],
        "petition_id": petition["id"],
        "dispute_id": dispute["id"],
        "to_unit": POLICE,
        "unit": POLICE,
        "incident": incident["id"],
    }


async def callers(visit: Visit) -> dict[str, dict[str, str]]:
    """A header for each role that a key or an account of the demo city has."""
    found: dict[str, dict[str, str]] = {}
    for row in visit.city.run["api_keys"]:
        found.setdefault(row["role"], {"authorization": f"Bearer {row['key']}"})
    for row in visit.city.run["accounts"]:
        if row["role"] not in found:
            found[row["role"]] = (await visit.person(row["user"]))._headers
    return found


def caller_for(plan: Plan, known: dict[str, dict[str, str]]) -> dict[str, str]:
    may = [
        role
        for role in (*ROLES, *sorted(plan.route.roles))
        if role in plan.route.roles & known.keys()
    ]
    assert may or plan.route.public, f"no role of the demo city may use {plan.label}"
    return known[may[0]] if may else {}


async def test_no_text_of_any_route_breaks_anything(visit: Visit, desk: Client) -> None:
    """Every text and number of every route once with each hostile value: never a 5xx."""
    ids, known = await records(visit, desk), await callers(visit)
    broken: list[str] = []
    slots = asyncio.Semaphore(AT_ONCE)

    async def send(hostile: Hostile) -> None:
        headers = caller_for(hostile.plan, known) | {"liandong-purpose": "x"}
        method = hostile.plan.route.method
        more = {} if hostile.body is None or method == "GET" else {"json": hostile.body}
        asked = partial(visit.http.request, method, hostile.path, headers=headers, timeout=30)
        async with slots:
            answer = await asked(**more)
            # An answer of 429 shows nothing, so the request is sent again; guessing a PIN is braked
            # on purpose.
            while answer.status_code == 429 and not hostile.plan.route.public:
                await asyncio.sleep(1)
                answer = await asked(**more)
        if answer.status_code >= 500:
            broken.append(f"{answer.status_code} {hostile.label}: {answer.text[:200]}")

    wrong = [each for plan in PLANS for each in hostile_requests(plan, ids)]
    assert len(wrong) > 1_000
    await asyncio.gather(*map(send, wrong))
    assert broken == []


@pytest.mark.parametrize(
    ("path", "field", "said"),
    [
        ("/v1/units?kind=xx", "kind", "“种类”只能取：农业农村（agriculture）"),
        ("/v1/teams?skill=cooking", "skill", "“技能”只能取："),
        ("/v1/supervisions?state=A", "state", "已认可（ACCEPTED）"),
        ("/v1/inbox/supervisions?state=A", "state", "已认可（ACCEPTED）"),
        (
            "/v1/inbox?reason=A",
            "reason",
            "“待办原因”只能取：转出后又反映单位或者人员（ACCUSATION_TOLD）",
        ),
        (
            "/v1/receipts?from=2026-11-30T10:00:00Z&to=2026-11-30T09:00:00Z",
            "to",
            "“截止时间”早于起始时间",
        ),
        ("/v1/team-statuses?teams=990101-fire-team&teams=nope", "teams[1]", "没有这支队伍：nope"),
    ],
)
async def test_a_wrong_filter_is_said_in_words(
    visit: Visit, path: str, field: str, said: str
) -> None:
    who = await visit.person("dispatcher.990100-command")
    headers = {**who._headers, "accept-language": "zh"}
    answer = await visit.http.get(path, headers=headers)
    assert told(answer)[0] in (400, 422)
    problem = answer.json()
    assert said in problem["detail"] and "—" not in problem["detail"], problem["detail"]
    [flaw] = problem["errors"]
    assert flaw["field"] == field and said in flaw["detail"]
