"""Danger and linkage over real servers: heard, confirmed, recommended, sent by a rule."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import grpc
import pytest
import pytest_asyncio

from backbone.rpc.channels import refusal_of
from backbone.words.city import City
from backbone.words.errors import Refusal
from backbone.words.policy import Route
from liandong.alarm.v1 import alarm_pb2 as resources
from tests.desks import TAKER, a_category, a_desk_city
from tests.integration.alarm.conftest import Console
from tests.narratives import demo_dangers
from tests.processes import Installation, an_installation
from tests.servers import Broker

pytestmark = pytest.mark.asyncio(loop_scope="module")

KNIFE = "有人拿刀砍人,快来"


def a_dangerous_city() -> City:
    """Violence recommends teams, and a fire fetches one by itself."""
    city = a_desk_city()
    named = {each.category for each in demo_dangers().dangers}
    classes = {code: a_category(code, code, priority="P1") for code in named}
    for code in ("violence", "fire"):
        classes[code] = replace(classes[code], skills=("patrol",))
    assert city.policy is not None
    sends = Route("sends", "火灾自动派队", "NEXT", categories=("fire",), linkage=True, send=True)
    return replace(
        city,
        danger=demo_dangers(),
        categories={**classes, **city.categories},
        policy=replace(city.policy, routes=(sends, *city.policy.routes)),
        teams={code: replace(team, skills=("patrol",)) for code, team in city.teams.items()},
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(
    template: str, broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    logs = tmp_path_factory.mktemp("danger")
    async with an_installation(template, broker, logs) as installation:
        await installation.know(a_dangerous_city(), "alarm", "workflow", "emergency")
        yield installation


async def refused(call: Any) -> Refusal:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    refusal = refusal_of(caught.value)
    assert refusal is not None
    return refusal


async def taken(console: Console, **parts: Any) -> resources.Receipt:
    given = {"category": "", "narrative": KNIFE, **parts}
    return (await console.receive(key=uuid4().hex, **given))[0]


async def test_it_is_heard_taken_and_teams_are_recommended(console: Console, tables: Any) -> None:
    receipt = await taken(console)
    danger = receipt.suggestions.danger
    assert (danger.category, danger.priority) == ("violence.weapon", "P1")
    assert "拿…刀…砍" in danger.words
    assert (receipt.category, receipt.priority) == ("violence.weapon", "P1")
    assert receipt.suggestions.category[0].category == "violence.weapon"
    opened = await console.do("OpenIncident", receipt.id)
    assert [each.team for each in opened.receipt.recommended] == ["blue", "red"]
    best = opened.receipt.recommended[0]
    assert (best.duty, best.connected, list(best.skills)) == ("", False, ["patrol"])
    assert not opened.receipt.dispatches
    sent = await console.do("DispatchNow", receipt.id, team=best.team)
    assert sent.mission.team == "blue"


async def test_below_it_needs_the_word_and_the_word_stands(console: Console, tables: Any) -> None:
    receipt = await taken(console, category="traffic", priority="P3")
    refusal = await refused(console.do("OpenIncident", receipt.id))
    assert refusal.reason == "DANGER_UNCONFIRMED"
    assert refusal.facts["category"] == "violence.weapon"
    for verb, more in (("AnswerAtDesk", {"reply": "好"}), ("PassTo12345", {})):
        assert (await refused(console.do(verb, receipt.id, **more))).reason == "DANGER_UNCONFIRMED"
    opened = await console.do("OpenIncident", receipt.id, confirm_priority=True)
    word = opened.receipt.priority_confirmed
    assert (word.confirmed_by, word.category, word.priority) == (
        TAKER.user,
        "violence.weapon",
        "P1",
    )
    kinds = [row["kind"] for row in await tables.fetch("SELECT kind FROM journal")]
    assert any("priority_confirmed" in kind for kind in kinds)


async def test_an_amended_narrative_is_heard(console: Console, tables: Any) -> None:
    receipt = await taken(console, narrative="有事")
    assert not receipt.suggestions.HasField("danger")
    later = (await console.do("AmendReceipt", receipt.id, narrative=KNIFE)).receipt
    assert later.suggestions.danger.category == "violence.weapon"
    assert (later.category, later.priority) == ("violence.weapon", "P1")


async def test_a_danger_that_is_told_after_the_opening_fetches_teams_too(
    console: Console, tables: Any
) -> None:
    receipt = await taken(console, narrative="两车相撞", category="traffic.accident")
    assert not (await console.do("OpenIncident", receipt.id)).receipt.recommended
    told = await console.do("AmendReceipt", receipt.id, narrative=KNIFE)
    assert [each.team for each in told.receipt.recommended] == ["blue", "red"]
    burning = await taken(console, narrative="两车相撞", category="traffic.accident")
    await console.do("OpenIncident", burning.id)
    sent = await console.do("AmendReceipt", burning.id, narrative="两车相撞，仓库着火了")
    assert [each.team for each in sent.receipt.dispatches] == ["blue"], "the rule sends"


async def test_a_rule_of_the_city_sends_by_itself_once(console: Console, tables: Any) -> None:
    receipt = await taken(console, narrative="仓库着火了")
    opened = await console.do("OpenIncident", receipt.id)
    assert [each.team for each in opened.receipt.dispatches] == ["blue"]
    shown = (await console.do("GetReceipt", receipt.id)).receipt
    assert [each.team for each in shown.dispatches] == ["blue"]
    calm = await taken(console, narrative="两车相撞", category="traffic.accident")
    quiet = await console.do("OpenIncident", calm.id)
    assert not quiet.receipt.dispatches
    assert not quiet.receipt.recommended
