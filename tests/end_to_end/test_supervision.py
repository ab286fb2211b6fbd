"""A supervision over three incidents of two units, and urges by desk, supervisor and citizen."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from backbone.process.keyring import Keyring
from operate.replay.client import Client
from tests.lapsing import let_lapse
from tests.people import TOWNSHIP, Listener, Visit, act, open_incident, refused

POLICE, URBAN = f"{TOWNSHIP}-police", f"{TOWNSHIP}-urban_management"
LAMP = {"category": "urban.lamp", "priority": "P4", "narrative": "路灯半年不亮"}
PETITION = {
    "channel": "VISIT",
    "subject": "村口路灯不亮",
    "text": "村口到学校的路灯半年不亮，多次反映没有结果。",
    "petitioners": [{"name": "赵某", "contact": "13900000000"}],
    "place": {"text": "青山镇和源村村口", "area": TOWNSHIP},
    "category": "urban.lamp",
}

# What its timeline tells to the supervisor.
STORY = [
    "SupervisionOpened", "AnswerGiven", "UnitMarked", "AnswerGiven", "AnswerFollowedUp",
    "AnswerGiven", "AnswerRejected", "AnswerGiven", "AnswerAccepted", "AnswerAccepted",
    "SupervisionLifted",
]  # fmt: skip


async def held(desk: Client, clerk: Client, **call: Any) -> str:
    """An incident that the clerk has claimed."""
    incident = await open_incident(desk, **call)
    await act(clerk, f"/v1/incidents/{incident['id']}:claim")
    return str(incident["id"])


async def until_step(reader: Client, incident: str, step: str) -> Any:
    """The entry of the incident's timeline for this step of a supervision."""
    async with asyncio.timeout(30):
        while True:
            timeline = reader.items(f"/v1/incidents/{incident}/timeline", page_size=100)
            async for entry in timeline:
                if entry["kind"] == "SupervisionFollowed" and entry["facts"]["step"] == step:
                    return entry
            await asyncio.sleep(0.1)


async def inbox(reader: Client, path: str = "/v1/inbox") -> set[str]:
    return {each["id"] async for each in reader.items(path, page_size=100)}


async def test_three_incidents_of_two_units_are_supervised_to_the_end(visit: Visit) -> None:
    desk = visit.system("990100-command", "call_taker")
    supervisor = await visit.person("supervisor.990101-government")
    police, urban = [await visit.person(f"clerk.{unit}") for unit in (POLICE, URBAN)]
    incidents = [await held(desk, police), await held(desk, police)]
    incidents.append(await held(desk, urban, **LAMP))
    changes = Listener(supervisor, "/v1/changes")
    await asyncio.wait_for(changes.until("message"), 20)

    opening = {"incident_ids": incidents, "level": "KEY", "reason": "两周没有进展"}
    assert (await refused(act(police, "/v1/supervisions", opening))).reason == "ROLE_MAY_NOT"
    opened = await act(supervisor, "/v1/supervisions", opening)
    one = f"/v1/supervisions/{opened['id']}"
    units = await _units_and_codes(supervisor, opened)
    assert (opened["state"], opened["level"], units) == ("OPEN", "KEY", [POLICE, POLICE, URBAN])
    await asyncio.wait_for(changes.until("change", source="supervision", id=opened["id"]), 20)
    for incident in incidents:
        await until_step(
            police if incident != incidents[2] else urban, incident, "SupervisionOpened"
        )
    assert opened["id"] in await inbox(urban, "/v1/inbox/supervisions")
    assert opened["id"] not in await inbox(supervisor, "/v1/inbox/supervisions")

    answered = await act(police, f"{one}:answer", {"text": "已约谈双方，周五前办结"})
    assert {each["unit"] for each in answered["demands"]} == {POLICE}, "the own part alone"
    await _let_lapse(visit, opened["id"], URBAN)
    await asyncio.wait_for(changes.until("change", kind="UnitMarked", id=opened["id"]), 20)
    assert (await until_step(urban, incidents[2], "UnitMarked"))["facts"]["unit"] == URBAN
    await _is_followed_up(visit, supervisor, one, incidents)

    await changes.close()
    lifted = await act(supervisor, f"{one}:lift", {"opinion": "均已办理到位"})
    assert (lifted["state"], [each["unit"] for each in lifted["marks"]]) == ("LIFTED", [URBAN])
    await until_step(police, incidents[0], "SupervisionLifted")
    await _is_told(supervisor, urban, one)
    shown = await police.get(f"/v1/incidents/{incidents[0]}")
    assert (shown["state"], shown["holder"], shown["supervisions"]) == (
        "CLAIMED", f"clerk.{POLICE}", [],
    )  # fmt: skip


async def _units_and_codes(supervisor: Client, opened: Any) -> list[str]:
    """The units that are asked; each incident is shown by its code."""
    for each in opened["demands"]:
        incident = await supervisor.get(f"/v1/incidents/{each['incident']}")
        assert each["incident_code"] == incident["code"]
    return [each["unit"] for each in opened["demands"]]


async def _is_told(supervisor: Client, urban: Client, one: str) -> None:
    """Its own timeline: the whole for the supervisor, the own part for a unit."""
    told = [each async for each in supervisor.items(f"{one}/timeline", page_size=3)]
    assert [each["kind"] for each in told] == STORY
    own = [each async for each in urban.items(f"{one}/timeline", page_size=3)]
    assert [each["kind"] for each in own] == [
        "SupervisionOpened", "UnitMarked", "AnswerGiven", "AnswerAccepted", "SupervisionLifted",
    ]  # fmt: skip
    assert {each["facts"]["unit"] for each in own[1:4]} == {URBAN}
    [demand] = [each for each in (await urban.get(one))["demands"] if each["unit"] == URBAN]
    for each in own[1:4]:
        assert each["facts"]["incident_codes"] == [demand["incident_code"]] != [""]


async def _is_followed_up(visit: Visit, supervisor: Client, one: str, incidents: list[str]) -> None:
    """Asked further, answered late, accepted: each unit by itself."""
    assert {incidents[0], incidents[2]} <= await inbox(supervisor)
    urban = await visit.person(f"clerk.{URBAN}")
    police = await visit.person(f"clerk.{POLICE}")
    outstanding = await refused(act(supervisor, f"{one}:lift", {"opinion": "办结"}))
    assert (outstanding.status, outstanding.reason) == (409, "ANSWER_OUTSTANDING")
    await act(urban, f"{one}:answer", {"text": "路灯已修复"})
    further = {"unit": POLICE, "text": "第二件何时办结？", "incident_ids": incidents[1:2]}
    asked = await act(supervisor, f"{one}:followUp", further)
    assert asked["state"] == "OPEN"
    await act(police, f"{one}:answer", {"text": "尽快", "incident_ids": incidents[1:2]})
    rejecting = {"unit": POLICE, "reason": "没有说明期限", "incident_ids": incidents[1:2]}
    rejected = await act(supervisor, f"{one}:reject", rejecting)
    assert rejected["state"] == "OPEN"
    await until_step(police, incidents[1], "AnswerRejected")
    await act(police, f"{one}:answer", {"text": "本周三", "incident_ids": incidents[1:2]})
    for unit in (POLICE, URBAN):
        accepted = await act(supervisor, f"{one}:accept", {"unit": unit, "opinion": "认可"})
    assert accepted["state"] == "ACCEPTED"


async def test_what_is_owed_about_a_voided_incident_ends_by_itself(visit: Visit) -> None:
    """A named due time, an answer of the head of the unit, and a matter that is none."""
    desk = visit.system("990100-command", "call_taker")
    dispatcher = await visit.person("dispatcher.990100-command")
    supervisor = await visit.person("supervisor.990101-government")
    police = await visit.person(f"clerk.{POLICE}")
    incidents = [await held(desk, police), await held(desk, police)]
    due = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    opening = {"incident_ids": incidents, "level": "GENERAL", "reason": "进展？", "due_time": due}
    opened = await act(supervisor, "/v1/supervisions", opening)
    one = f"/v1/supervisions/{opened['id']}"
    assert {each["deadline"]["rule"] for each in opened["demands"]} == {"named"}
    await until_step(police, incidents[1], "SupervisionOpened")
    await act(dispatcher, f"/v1/incidents/{incidents[1]}:void", {"reason": "DUPLICATE"})
    ended = await until_step(police, incidents[1], "DemandEnded")
    assert ended["facts"]["unit"] == POLICE
    shown = await supervisor.get(one)
    assert [(each["state"], each.get("end_reason", "")) for each in shown["demands"]] == [
        ("OWED", ""), ("ENDED", "INCIDENT_VOIDED"),
    ]  # fmt: skip
    head = await visit.person(f"head.{POLICE}")
    answered = await act(head, f"{one}:answer", {"text": "已办"})
    assert answered["state"] == "ANSWERED"
    kinds = [each["kind"] async for each in supervisor.items(f"{one}/timeline")]
    assert kinds == ["SupervisionOpened", "DemandEnded", "AnswerGiven"]


async def _let_lapse(visit: Visit, supervision: str, unit: str) -> None:
    here = visit.city.installation
    keys = Keyring.read(",".join(here.keys.sealing("workflow")))
    await let_lapse(here.admin_dsn, keys, supervision, unit)


async def test_a_named_due_time_stays_when_the_incident_is_designated_to_another_unit(
    visit: Visit,
) -> None:
    desk, dispatcher = (
        visit.system("990100-command", role) for role in ("call_taker", "dispatcher")
    )
    supervisor = await visit.person("supervisor.990101-government")
    incident = await held(desk, await visit.person(f"clerk.{POLICE}"))
    due = (datetime.now(UTC) + timedelta(hours=20)).isoformat()
    opening = {"incident_ids": [incident], "level": "GENERAL", "reason": "答复", "due_time": due}
    opened = await act(supervisor, "/v1/supervisions", opening)
    to = {"to_unit": URBAN, "reason": "路面清理属城管职责"}
    await act(dispatcher, f"/v1/incidents/{incident}:designate", to)
    async with asyncio.timeout(30):
        while True:
            shown = await supervisor.get(f"/v1/supervisions/{opened['id']}")
            if [each["unit"] for each in shown["demands"]] == [URBAN]:
                break
            await asyncio.sleep(0.2)
    assert shown["demands"][0]["deadline"] == opened["demands"][0]["deadline"]


async def test_desk_supervisor_and_citizen_urge_each_with_a_pause(visit: Visit) -> None:
    office = await visit.person("clerk.990101-petition_office")
    supervisor = await visit.person("supervisor.990101-government")
    clerk = await visit.person(f"clerk.{URBAN}")
    registered = await act(office, "/v1/petitions", PETITION)
    one, incident = f"/v1/petitions/{registered['id']}", f"/v1/incidents/{registered['id']}"
    track, said = "/v1/track:urge", {name: registered[name] for name in ("code", "pin")}
    early = await visit.citizen().post(track, json=said)
    assert (early.status_code, early.json()["reason"]) == (409, "NOT_HANDED_OUT")
    await act(office, f"{one}:accept", {"kind": "CLAIM", "lawful_channel": "PETITION"})
    await act(office, f"{one}:route")
    await act(clerk, f"{incident}:claim")

    first = await visit.citizen().post(track, json=said)
    assert (first.status_code, first.json()["code"]) == (200, registered["code"])
    again = await visit.citizen().post(track, json=said)
    assert (again.status_code, again.json()["reason"]) == (409, "URGED_TOO_SOON")
    wrong = await visit.citizen().post(track, json=said | {"pin": "00000000"})
    assert (wrong.status_code, wrong.json()["reason"]) == (404, "NO_SUCH_CODE")
    await act(office, f"{incident}:urge", {"text": "群众再次来访"})
    urged = await act(supervisor, f"{incident}:urge")
    assert {each["urger"]: each["count"] for each in urged["urges"]} == {
        "CITIZEN": 1, "DESK": 1, "SUPERVISOR": 1,
    }  # fmt: skip
    seen = await clerk.get(incident)
    assert (seen["urges"], seen["holder"]) == (urged["urges"], f"clerk.{URBAN}")
    kinds = [each["kind"] async for each in clerk.items(f"{incident}/timeline", page_size=100)]
    assert kinds.count("IncidentUrged") == 3


async def test_an_undone_end_gives_the_demand_back(visit: Visit) -> None:
    """The desk ends no supervision by a void and its undoing; with a merge it is the same."""
    desk = visit.system("990100-command", "call_taker")
    dispatcher = await visit.person("dispatcher.990100-command")
    leader = await visit.person(f"leader.{TOWNSHIP}-township")
    supervisor = await visit.person("supervisor.990101-government")
    first, other = [await open_incident(desk, **LAMP) for _ in range(2)]
    asked = {"incident_ids": [first["id"]], "level": "GENERAL", "reason": "督办路灯"}
    opened = await act(supervisor, "/v1/supervisions", asked)
    incident, supervision = f"/v1/incidents/{first['id']}", f"/v1/supervisions/{opened['id']}"

    async def until_demand(state: str, reason: str) -> None:
        async with asyncio.timeout(60):
            while True:
                found = await supervisor.get(supervision)
                told = {(each["state"], each["end_reason"]) for each in found["demands"]}
                if told == {(state, reason)}:
                    return
                await asyncio.sleep(0.1)

    merge = {"into": other["id"], "reason": "同一盏灯"}
    mistake = {"reason": "搞错了"}
    for end, body, undo, reason in (
        ("void", {"reason": "DUPLICATE"}, "undoVoid", "INCIDENT_VOIDED"),
        ("merge", merge, "undoMerge", "INCIDENT_MERGED"),
    ):
        await act(dispatcher, f"{incident}:{end}", body)
        await until_demand("ENDED", reason)
        await asyncio.sleep(1.5)  # the clock has found nothing more to do by then
        await act(leader, f"{incident}:{undo}", mistake)
        await until_demand("OWED", "")


async def test_a_supervisor_loses_the_supervision_of_a_matter_that_begins_to_accuse(
    visit: Visit,
) -> None:
    desk = visit.system("990100-command", "call_taker")
    supervisor = await visit.person("supervisor.990101-government")
    police = await visit.person(f"clerk.{POLICE}")
    incident = await held(desk, police)
    opening = {"incident_ids": [incident], "level": "KEY", "reason": "两周没有进展"}
    opened = await act(supervisor, "/v1/supervisions", opening)
    one, matter = f"/v1/supervisions/{opened['id']}", f"/v1/incidents/{incident}"
    await act(police, f"{one}:answer", {"text": "已约谈双方"})
    await until_step(supervisor, incident, "AnswerGiven")
    assert incident in await inbox(supervisor)
    late = {"against": "990102001-police", "reason": "来电检举"}
    await act(desk, f"/v1/receipts/{incident}:amend", late)
    for path in (matter, f"{matter}/timeline"):
        assert (await refused(supervisor.get(path))).status == 404
    assert incident not in await inbox(supervisor)
    assert (await police.get(matter))["holder"] == f"clerk.{POLICE}", "it works on it"
    async with asyncio.timeout(30):
        while opened["id"] in await inbox(supervisor, "/v1/inbox/supervisions"):
            await asyncio.sleep(0.1)
    assert (await refused(supervisor.get(one))).status == 404
    async with asyncio.timeout(30):
        while (demand := (await police.get(one))["demands"][0])["state"] == "ANSWERED":
            await asyncio.sleep(0.1)
    assert (demand["state"], demand["end_reason"]) == ("ENDED", "SUPERVISOR_UNTOLD")
