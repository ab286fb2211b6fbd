"""Requests drawn from the OpenAPI document by schemathesis, as six roles and without a session."""

import asyncio
from collections import Counter

from tests.people import Visit
from tests.security.counts import COUNTS
from tests.security.drawn import Found, drawn, send_all

PEOPLE = (
    "call_taker.990100-command",
    "dispatcher.990100-command",
    "clerk.990101-petition_office",
    "supervisor.990101-government",
    "auditor.990100-government",
    "team_leader.990101001-emergency",
)


async def session_of(visit: Visit, user: str) -> str:
    account = next(row for row in visit.city.run["accounts"] if row["user"] == user)
    said = {"user": user, "password": account["password"]}
    token: str = (await visit.http.post("/v1/sessions", json=said)).json()["token"]
    return token


async def test_no_role_meets_a_server_error_or_an_undocumented_answer(
    visit: Visit,
) -> None:
    base = visit.city.run["gateway"]
    # A session that a drawn sign-out would end is none that others need.
    requests = [each for each in drawn(base) if each.label != "DELETE /v1/sessions/current"]
    tokens = {user: await session_of(visit, user) for user in PEOPLE} | {"nobody": ""}
    told = await asyncio.gather(
        *(
            send_all(base, requests, token, f"127.0.0.{20 + number}")
            for number, token in enumerate(tokens.values())
        )
    )
    by_user: dict[str, Found] = dict(zip(tokens, told, strict=True))
    total = sum((found.answers for found in by_user.values()), Counter[int]())
    flaws = {
        f"{user}: {flaw}": shown
        for user, found in by_user.items()
        for flaw, shown in found.flaws.items()
    }
    COUNTS.append(f"{total.total()} drawn requests as {len(tokens)} callers, {len(flaws)} flaws")
    assert not flaws, "\n".join(f"{flaw}\n    {shown}" for flaw, shown in sorted(flaws.items()))
    assert total[200] > 50 and total[401] > 50
