"""Accused units find no trace of the accusation, and teams none of a protected caller's name."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from operate.replay.client import Client, Refused
from tests.people import CALL, POINT, TOWNSHIP, Listener, Visit, act, refused, take_call

STATION, UNIT = f"{TOWNSHIP}-police", f"{TOWNSHIP}-township"
COUNTY = "990101-government"
MEDIATOR, OFFICE = f"mediator.{TOWNSHIP}-mediation", "clerk.990101-petition_office"
WORDS = "处警民警收了对方的钱，故意拖延"


async def until(asked: Callable[[], Awaitable[bool]]) -> None:
    """Services hear of each other a moment later."""
    async with asyncio.timeout(20):
        while not await asked():
            await asyncio.sleep(0.1)


async def status(client: Client, path: str) -> int:
    try:
        await client.get(path)
    except Refused as error:
        return error.status
    return 200


async def hidden(client: Client, path: str) -> None:
    async def gone() -> bool:
        return await status(client, path) == 404

    await until(gone)


async def opened(desk: Client, unit: str, **parts: Any) -> str:
    receipt = await take_call(desk, narrative="来电反映一事", **parts)
    await act(desk, f"/v1/receipts/{receipt['id']}:open", {"to_unit": unit})
    return str(receipt["id"])


async def merged(visit: Visit, desk: Client) -> tuple[str, str]:
    """Two incidents of the station; the second is merged into the first."""
    dispatcher = await visit.person("dispatcher.990100-command")
    host, guest = [await opened(desk, STATION) for _ in range(2)]
    await act(dispatcher, f"/v1/incidents/{guest}:merge", {"into": host, "reason": "同一事"})

    return host, guest


def accusing(unit: str, **parts: Any) -> dict[str, Any]:
    return {"against": unit, "reason": "来电检举", **parts}


async def test_a_merged_report_begins_no_accusation_inside_the_other_matter(visit: Visit) -> None:
    """Neither before nor after its receipt has heard of the merge."""
    desk = await visit.person("call_taker.990100-command")
    clerk = await visit.person(f"clerk.{STATION}")
    host, guest = await merged(visit, desk)
    one = f"/v1/receipts/{guest}"
    at_once = await refused(act(desk, f"{one}:amend", accusing(STATION)))
    assert (at_once.status, at_once.reason) == (403, "ACCUSATION_APART")

    async def follows() -> bool:
        return bool((await desk.get(one))["incident"]["id"] == host)

    await until(follows)
    for said in (accusing(STATION), accusing(STATION, narrative=WORDS)):
        wrong = await refused(act(desk, f"{one}:amend", said))
        assert (wrong.status, wrong.reason) == (403, "ACCUSATION_APART")
    for path in (f"/v1/incidents/{host}", f"/v1/incidents/{host}/timeline", one):
        assert WORDS not in f"{await clerk.get(path)}"


async def test_what_was_merged_into_an_accusation_is_hidden_from_the_accused_with_it(
    visit: Visit,
) -> None:
    desk = await visit.person("call_taker.990100-command")
    clerk = await visit.person(f"clerk.{STATION}")
    host, guest = await merged(visit, desk)
    assert await status(clerk, f"/v1/incidents/{guest}") == 200
    await act(desk, f"/v1/receipts/{host}:amend", accusing(STATION))
    assert await status(clerk, f"/v1/incidents/{host}") == 404
    for path in (f"/v1/incidents/{guest}", f"/v1/receipts/{guest}"):
        await hidden(clerk, path)
    listed = {row["id"] async for row in clerk.items("/v1/incidents?closed=true")}
    assert not {host, guest} & listed


async def test_a_supervised_unit_that_one_incident_accuses_answers_for_the_other_alone(
    visit: Visit,
) -> None:
    desk = await visit.person("call_taker.990100-command")
    supervisor = await visit.person("supervisor.990101-government")
    head, worker = [await visit.person(f"{role}.{UNIT}") for role in ("head", "care_worker")]
    accused, other = [await opened(desk, UNIT) for _ in range(2)]
    asked = {"incident_ids": [accused, other], "level": "KEY", "reason": "请说明进展"}
    found = await act(supervisor, "/v1/supervisions", asked)
    one = f"/v1/supervisions/{found['id']}"

    async def knows() -> bool:
        return bool((await desk.get(f"/v1/incidents/{accused}"))["supervisions"])

    await until(knows)
    twice = await refused(act(supervisor, "/v1/supervisions", asked | {"incident_ids": [other]}))
    assert (twice.status, twice.reason) == (409, "ALREADY_SUPERVISED")
    await act(desk, f"/v1/receipts/{accused}:amend", accusing(UNIT))

    async def ended() -> bool:
        return len((await head.get(one))["demands"]) == 1

    await until(ended)
    for path in (one, f"{one}/timeline", "/v1/inbox/supervisions", "/v1/supervisions"):
        for each in (head, worker):
            said = str(await each.get(path))
            assert found["id"] in said or path.endswith("timeline")
            assert accused not in said and "ACCUSED" not in said, path
    answered = await act(head, f"{one}:answer", {"text": "已处理", "incident_ids": [other]})
    assert [each["state"] for each in answered["demands"]] == ["ANSWERED"]


async def test_a_unit_that_supervises_what_accuses_it_loses_that_and_goes_on_with_the_rest(
    visit: Visit,
) -> None:
    desk = await visit.person("call_taker.990100-command")
    supervisor = await visit.person(f"supervisor.{COUNTY}")
    accused, alone, other = [await opened(desk, UNIT) for _ in range(3)]
    found = []
    for incidents in ([accused, other], [alone]):
        asked = {"incident_ids": incidents, "level": "KEY", "reason": "请说明进展"}
        found.append((await act(supervisor, "/v1/supervisions", asked))["id"])
    both, one = (f"/v1/supervisions/{each}" for each in found)

    async def knows() -> bool:
        return bool((await desk.get(f"/v1/incidents/{alone}"))["supervisions"])

    await until(knows)
    for incident in (accused, alone):
        await act(desk, f"/v1/receipts/{incident}:amend", accusing(COUNTY))

    async def parted() -> bool:
        return len((await supervisor.get(both))["demands"]) == 1

    await until(parted)
    for path in (one, f"{one}/timeline"):
        await hidden(supervisor, path)
    for path in ("/v1/supervisions", "/v1/inbox/supervisions", "/v1/inbox", "/v1/incidents"):
        said = str(await supervisor.get(path))
        assert not [word for word in (found[1], accused, alone) if word in said], path
    listed = (await supervisor.get("/v1/supervisions"))["items"]
    listed = [each for each in listed if each["id"] == found[0]]  # other stories have others
    for told in (await supervisor.get(both), await supervisor.get(f"{both}/timeline"), listed):
        said = str(told)
        assert other in said and accused not in said and "ACCUSED" not in said


async def test_who_asks_for_protection_later_is_named_in_no_former_text_either(
    visit: Visit,
) -> None:
    desk = await visit.person("call_taker.990100-command")
    clerk = await visit.person(f"clerk.{STATION}")
    team = f"{TOWNSHIP}-emergency-team"
    leader = visit.system(f"{TOWNSHIP}-emergency", "team_leader", team=team)
    terminal = Listener(leader, f"/v1/teams/{team}/stream?device=kept")
    await asyncio.wait_for(terminal.until("welcome"), 20)
    caller = {"name": "孙八", "number": "13533334444", "protected": False}
    told = "孙八来电13533334444，孙先生在门口，李四电话13611112222"
    receipt = await take_call(desk, caller=caller, narrative=told)
    one, incident = f"/v1/receipts/{receipt['id']}", f"/v1/incidents/{receipt['id']}"
    await act(desk, f"{one}:open", {"to_unit": STATION})
    await act(desk, f"{one}:dispatch", {"team": team, "note": "找孙八，电话13533334444"})
    first = await asyncio.wait_for(terminal.until("mission", code=receipt["code"]), 20)
    claim = receipt["id"].replace("-", "")
    claimed = (await clerk.post(f"{incident}:claim", claim, {})).body
    assert all("孙八" in str(each) for each in (first, claimed))
    await act(desk, f"{one}:amend", {"caller": {"protected": True}})
    own = {"kind": "REVISION", "mission": first["mission"]}
    revised = await asyncio.wait_for(terminal.until("mission", **own), 20)
    assert revised["correction"]["was"]["narrative"]
    mission = await leader.get(f"/v1/missions/{revised['mission']}")
    reports = [row async for row in clerk.items(f"{incident}/reports")]
    seen = [revised, mission, reports, await clerk.get(incident)]
    seen += [await clerk.get(f"{incident}/timeline"), await clerk.get(one)]
    again = (await clerk.post(f"{incident}:claim", claim, {})).body
    assert again["state"] == claimed["state"], "a repeat is answered as then"
    for each in map(str, [*seen, again]):
        assert "persons" not in each
        assert not [word for word in ("孙八", "13533334444", "孙先生") if word in each], each
    assert "13611112222" in str(revised), "other persons are named as before"
    await terminal.close()


async def test_what_a_report_told_that_left_as_an_accusation_is_read_nowhere_by_the_accused(
    visit: Visit,
) -> None:
    """The desk follows the refusal: it unlinks first, and names the accused then."""
    desk = await visit.person("call_taker.990100-command")
    clerk = await visit.person(f"clerk.{STATION}")
    host = await opened(desk, STATION)
    report = await take_call(desk, narrative="也反映此事")
    one, incident = f"/v1/receipts/{report['id']}", f"/v1/incidents/{host}"
    await act(desk, f"{one}:link", {"incident": host})
    await act(desk, f"{one}:amend", {"narrative": f"也反映此事，还说{WORDS}"})
    assert WORDS in f"{await clerk.get(f'{incident}/timeline')}", "it is of the matter until then"
    wrong = await refused(act(desk, f"{one}:amend", accusing(STATION)))
    assert wrong.reason == "ACCUSATION_APART"
    await act(desk, f"{one}:unlink", {"reason": "不是一回事"})
    await act(desk, f"{one}:amend", accusing(STATION))
    for path in (incident, f"{incident}/timeline", f"{incident}/reports"):
        said = f"{await clerk.get(path)}"
        for word in (WORDS, report["id"], report["code"]):
            assert word not in said, path
    assert WORDS in f"{await desk.get(f'{incident}/timeline')}", "the desk has heard it"


# What the receipt becomes: the verb, its words, where it is read by whom, and how it is accepted.
BECOMES: dict[str, Any] = {
    "dispute": (
        (":refer", {"to_unit": f"{TOWNSHIP}-mediation"}, "/v1/disputes", MEDIATOR),
        {"mediation": "PEOPLE"},
    ),
    "petition": (
        (":pass", {"to": "990101-petition_office"}, "/v1/petitions", OFFICE),
        {"kind": "CLAIM", "lawful_channel": "PETITION"},
    ),
}
NAMED = ("苗翠花", "13512340051", "苗**", "135****0051")
NAMES_HER = {
    "narrative": "邻里漏水，苗翠花与王长贵吵架",
    "place": CALL["place"] | {"text": "青山镇幸福路36号苗翠花家13512340051"},
}


async def said_to(who: list[Client], path: str) -> list[str]:
    """The record as each of them reads it, alone and in the list."""
    kind, _, record = path.rpartition("/")
    said = []
    for each in who:
        said.append(str(await each.get(path)))
        listed = [str(row) async for row in each.items(kind) if row["id"] == record]
        assert listed, path
        said += listed
    return said


@pytest.mark.parametrize("becomes", BECOMES)
@pytest.mark.parametrize("later", [False, True], ids=["at once", "later"])
async def test_a_protected_caller_is_named_by_nothing_that_the_receipt_becomes(
    visit: Visit, becomes: str, later: bool
) -> None:
    (verb, words, kind, worker), accepted = BECOMES[becomes]
    desk = await visit.person("call_taker.990100-command")
    people = (worker, "supervisor.990101-government", "auditor.990100-government")
    readers = [await visit.person(each) for each in people]
    caller = {"name": "苗翠花", "number": "13512340051", "protected": not later}
    receipt = await take_call(desk, caller=caller, category="dispute.neighbour", **NAMES_HER)
    one, record = f"/v1/receipts/{receipt['id']}", f"{kind}/{receipt['id']}"
    await act(desk, f"{one}{verb}", words | {"note": "联系苗翠花13512340051"})

    async def there() -> bool:
        return await status(readers[0], record) == 200

    await until(there)
    await act(readers[0], f"{record}:accept", accepted)
    await act(readers[0], f"{record}:route", {"to_unit": UNIT})
    incident = f"/v1/incidents/{receipt['id']}"
    timeline = f"{incident}/timeline"
    if later:
        assert "苗翠花" in str(await readers[0].get(record))
        await act(desk, f"{one}:amend", {"caller": {"protected": True}})

        async def heard() -> bool:
            paths = (record, incident, timeline)
            return "苗翠花" not in str([await readers[0].get(each) for each in paths])

        await until(heard)
    for said in await said_to(readers, record):
        assert "［报警人］家［号码］" in said and "王" in said
        assert "persons" not in said and not [each for each in NAMED if each in said], said
    for each in readers:
        assert not [word for word in NAMED if word in str(await each.get(timeline))]


async def test_a_protected_caller_is_found_by_no_other_call_of_the_same_number(
    visit: Visit,
) -> None:
    desk = await visit.person("call_taker.990100-command")
    people = (f"clerk.{STATION}", f"supervisor.{COUNTY}", "auditor.990100-government")
    readers = [await visit.person(each) for each in people]
    caller = {"name": "柳依依", "number": "13612344269", "protected": False}
    first = await take_call(desk, caller=caller, narrative="两车相撞")
    kept = caller | {"number": "+86 136-12344269", "protected": True}
    second = await take_call(desk, caller=kept, narrative="举报邻居赌博", category="")
    third = await take_call(desk, caller=caller, narrative="又来电催办", category="")
    for each in (first, second, third):
        await act(desk, f"/v1/receipts/{each['id']}:open", {"to_unit": STATION})
    found = str((await desk.get(f"/v1/receipts/{second['id']}"))["suggestions"])
    assert first["id"] in found and "SAME_NUMBER" in found, "the desk decides on repeats"
    for one in (second, third):
        for each in readers:
            reports = [row async for row in each.items(f"/v1/incidents/{one['id']}/reports")]
            said = str([await each.get(f"/v1/receipts/{one['id']}"), reports])
            assert one["id"] in said and "SAME_NUMBER" not in said
            assert not [
                other["id"]
                for other in (first, second, third)
                if other is not one and other["id"] in said
            ]


async def test_a_mission_that_is_over_names_no_caller_who_asks_for_protection_later(
    visit: Visit,
) -> None:
    desk = await visit.person("call_taker.990100-command")
    unit, team = "990101-fire", "990101-fire-team"
    readers = [await visit.person(f"{role}.{unit}") for role in ("clerk", "head", "team_leader")]
    leader = readers[-1]
    caller = {"name": "柳依依", "number": "13612344279", "protected": False}
    place = {"text": "青山镇长风路29号柳依依家", "point": POINT}
    for opened in (True, False):
        said = {"caller": caller, "place": place, "narrative": "柳依依13612344279来电"}
        receipt = await take_call(desk, **said)
        one = f"/v1/receipts/{receipt['id']}"
        if opened:
            await act(desk, f"{one}:open", {"to_unit": STATION})
        sent = await act(desk, f"{one}:dispatch", {"team": team, "note": "找柳依依"})
        mission = f"/v1/missions/{sent['mission']['id']}"
        await act(leader, f"{mission}:refuse", {"reason": "柳依依已自行处理"})
        assert "柳依依" in str(await leader.get(mission))
        await act(desk, f"{one}:amend", {"caller": {"protected": True}})

        async def silent(mission: str = mission) -> bool:
            said = [await each.get(mission) for each in readers]
            return not any(word in str(said) for word in ("柳依依", "13612344279"))

        await until(silent)
        assert all([(await each.get(mission))["state"] == "REFUSED" for each in readers])


async def test_a_merged_incident_names_no_caller_who_asks_for_protection_later(
    visit: Visit,
) -> None:
    """The incident that goes on hears of it; the merged one and its supervision still stand."""
    desk = await visit.person("call_taker.990100-command")
    dispatcher = await visit.person("dispatcher.990100-command")
    supervisor = await visit.person(f"supervisor.{COUNTY}")
    clerk = await visit.person(f"clerk.{STATION}")
    caller = {"name": "柳依依", "number": "13612344289", "protected": False}
    first, host = [
        await take_call(desk, caller=caller, narrative="柳依依13612344289来电"),
        await take_call(desk, narrative="两车相撞"),
    ]
    for each in (first, host):
        await act(desk, f"/v1/receipts/{each['id']}:open", {"to_unit": STATION})
    one = f"/v1/incidents/{first['id']}"
    asked = {"incident_ids": [first["id"]], "level": "KEY", "reason": "请联系柳依依"}
    found = await act(supervisor, "/v1/supervisions", asked)
    await act(dispatcher, f"{one}:merge", {"into": host["id"], "reason": "同一事"})
    assert "柳依依" in str(await clerk.get(one))
    await act(desk, f"/v1/receipts/{first['id']}:amend", {"caller": {"protected": True}})
    paths = [one, f"{one}/timeline", f"/v1/incidents?closed=true&code={first['code']}"]

    async def silent() -> bool:
        said = str([await clerk.get(each) for each in paths])
        said += str(await supervisor.get(f"/v1/supervisions/{found['id']}"))
        return first["id"] in said and not any(
            word in said for word in ("柳依依", "13612344289", "136****4289", "柳**")
        )

    await until(silent)


async def test_a_caller_may_ask_for_protection_after_the_end(visit: Visit) -> None:
    """The amendment hides the caller's name and number; any other amendment is refused."""
    desk = await visit.person("call_taker.990100-command")
    clerk = await visit.person(f"clerk.{STATION}")
    leader = await visit.person("team_leader.990101-medical")
    caller = {"name": "柳依依", "number": "13612344299", "protected": False}
    receipt = await take_call(desk, caller=caller, narrative="柳依依13612344299来电")
    one, incident = (f"/v1/{each}/{receipt['id']}" for each in ("receipts", "incidents"))
    await act(desk, f"{one}:open", {"to_unit": STATION})
    sent = await act(desk, f"{one}:dispatch", {"team": "990101-medical-team"})
    await act(clerk, f"{incident}:claim")
    await act(clerk, f"{incident}:report", {"text": "已联系柳依依", "public": True})
    await act(clerk, f"{incident}:resolve", {"outcome": "SOLVED", "reply": "柳依依满意"})
    await act(desk, f"{incident}:verify", {"solved": "YES"})
    closed = await act(desk, f"{incident}:close")
    for more in ({"narrative": "两车相撞"}, {"caller": {"protected": True, "name": "柳某"}}):
        assert (await refused(act(desk, f"{one}:amend", more))).reason == "INCIDENT_OVER"
    kept = await act(desk, f"{one}:amend", {"caller": {"protected": True}})
    assert kept["caller"]["protected"]
    mission = f"/v1/missions/{sent['mission']['id']}"

    async def silent() -> bool:
        found = [await clerk.get(each) for each in (one, incident, f"{incident}/timeline")]
        said = str([*found, await leader.get(mission)])
        assert found[1]["state"] == closed["state"] == "CLOSED"
        return not any(word in said for word in ("柳依依", "13612344299", "136****4299", "柳**"))

    await until(silent)
