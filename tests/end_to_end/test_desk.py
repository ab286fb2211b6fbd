"""The desk's inbox, who decides what was raised or taken back, and a holder who is gone."""

from typing import Any

from operate.replay.client import Client
from tests.end_to_end.test_pairs import a_resolved_petition
from tests.people import TOWNSHIP, Visit, act, open_incident, refused

POLICE, URBAN = f"{TOWNSHIP}-police", f"{TOWNSHIP}-urban_management"
MARKET, GOVERNMENT = f"{TOWNSHIP}-market", f"{TOWNSHIP}-township"
OFFER = {"to_unit": URBAN, "reason": "路面清理属城管职责"}
NO = {"reason": "不属我单位职责"}


async def waits(client: Client, incident: str, **asked: Any) -> list[dict[str, Any]] | None:
    """Why the incident stands in the inbox of the caller; None if it does not."""
    async for each in client.items("/v1/inbox", page_size=200, **asked):
        if each["id"] == incident:
            found: list[dict[str, Any]] = each["waits"]
            return found
    return None


async def taken_back(visit: Visit) -> str:
    """An incident in triage at the police station, which has taken it back."""
    desk = await visit.person("call_taker.990100-command")
    clerk = await visit.person(f"clerk.{POLICE}")
    urban = await visit.person(f"clerk.{URBAN}")
    one = f"/v1/incidents/{(await open_incident(desk))['id']}"
    await act(clerk, f"{one}:claim")
    await act(clerk, f"{one}:handOff", OFFER)
    await act(urban, f"{one}:acceptHandOff")
    await act(urban, f"{one}:requestReturn", NO)
    head = await visit.person(f"head.{POLICE}")
    assert (await act(head, f"{one}:acceptReturn"))["state"] == "TRIAGE"
    return one.rpartition("/")[2]


async def test_what_no_unit_has_stands_before_desk_and_leader_with_the_reason(
    visit: Visit,
) -> None:
    incident = await taken_back(visit)
    for user in ("dispatcher.990100-command", f"leader.{GOVERNMENT}", f"head.{POLICE}"):
        who = await visit.person(user)
        [why] = await waits(who, incident) or []
        assert (why["reason"], why["unit"], why["overdue"]) == ("TRIAGE", POLICE, False)
        assert why["since"] and why["sentence"].startswith("No unit has it")
        assert await waits(who, incident, reason="TRIAGE") == [why]
        assert await waits(who, incident, reason="POOL") is None
        assert await waits(who, incident, overdue="true") is None
    stranger = await visit.person(f"clerk.{MARKET}")
    assert await waits(stranger, incident) is None


async def test_a_head_sends_on_what_the_unit_has_taken_back(visit: Visit) -> None:
    incident = await taken_back(visit)
    clerk, head = await visit.person(f"clerk.{URBAN}"), await visit.person(f"head.{POLICE}")
    sent = {"to_unit": MARKET, "reason": "属市场监管职责"}
    foreign = await visit.person(f"head.{URBAN}")
    denied = await refused(act(foreign, f"/v1/incidents/{incident}:designate", sent))
    assert (denied.status, denied.reason) == (403, "NOT_THE_DISPATCHER")
    designated = await act(head, f"/v1/incidents/{incident}:designate", sent)
    assert (designated["state"], designated["unit"]) == ("OFFERED", MARKET)
    assert await waits(clerk, incident) is None


async def test_a_call_taker_finds_the_matter_to_be_called_back(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")
    clerk = await visit.person(f"clerk.{POLICE}")
    incident = (await open_incident(desk))["id"]
    await act(clerk, f"/v1/incidents/{incident}:claim")
    assert await waits(desk, incident) is None
    [held] = await waits(clerk, incident) or []
    assert (held["reason"], held["sentence"]) == ("HELD", "The unit is handling it.")
    done = {"outcome": "SOLVED", "reply": "事故已处理完毕。"}
    await act(clerk, f"/v1/incidents/{incident}:resolve", done)
    [why] = await waits(desk, incident, reason="CALL_BACK") or []
    assert why["unit"] == "990100-command"
    await act(desk, f"/v1/incidents/{incident}:verify", {"solved": "NO", "note": "路还堵着"})
    assert await waits(desk, incident, reason="CALL_BACK") is None
    [why] = await waits(desk, incident, reason="REWORK") or []
    assert "another person" in why["sentence"]
    second = await visit.person("dispatcher.990100-command")
    await act(second, f"/v1/incidents/{incident}:rework", {"reason": "路还堵着"})
    assert await waits(desk, incident) is None
    await act(clerk, f"/v1/incidents/{incident}:claim")
    await act(clerk, f"/v1/incidents/{incident}:resolve", done)
    await act(desk, f"/v1/incidents/{incident}:verify", {"solved": "YES"})
    [why] = await waits(desk, incident) or []
    assert (why["reason"], why["sentence"]) == (
        "FILING",
        "The call-back is made; it waits to be filed.",
    )
    await act(desk, f"/v1/incidents/{incident}:close")
    assert await waits(desk, incident) is None


async def test_no_petition_stands_in_a_110_inbox(visit: Visit) -> None:
    office, petition = await a_resolved_petition(visit)
    assert await waits(office, petition, reason="CALL_BACK")
    for role in ("dispatcher", "call_taker"):
        desk = await visit.person(f"{role}.990100-command")
        assert await waits(desk, petition) is None
        sources = {each["source"] async for each in desk.items("/v1/inbox", page_size=200)}
        assert "PETITION" not in sources


async def test_an_inbox_refuses_an_unknown_reason_and_who_has_none(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")
    unknown = await refused(desk.get("/v1/inbox", reason="FULL_MOON"))
    assert (unknown.status, unknown.reason) == (400, "UNKNOWN_VALUE")
    hidden = await refused(desk.get("/v1/incidents", reason="TRIAGE"))
    assert (hidden.status, hidden.reason) == (400, "UNKNOWN_FIELD")
    auditor = await visit.person("auditor.990100-government")
    assert (await refused(auditor.get("/v1/inbox"))).status == 403


async def test_the_superior_to_whom_it_is_raised_designates(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")
    clerk = await visit.person(f"clerk.{POLICE}")
    urban = await visit.person(f"clerk.{URBAN}")
    incident = (await open_incident(desk))["id"]
    one = f"/v1/incidents/{incident}"
    await act(clerk, f"{one}:claim")
    for _ in range(3):
        await act(clerk, f"{one}:handOff", OFFER)
        bounced = await act(urban, f"{one}:refuseHandOff", NO)
    raised_to = bounced["raised_to"]
    assert raised_to
    head = await visit.person(f"head.{raised_to}")
    [why] = await waits(head, incident) or []
    assert (why["reason"], why["unit"]) == ("DESIGNATION", raised_to)
    decided = {"to_unit": URBAN, "reason": "经研究由城管承办"}
    assert (await act(head, f"{one}:designate", decided))["unit"] == URBAN


async def test_a_colleague_and_the_head_take_over_from_a_holder_who_is_gone(
    visit: Visit,
) -> None:
    desk = await visit.person("call_taker.990100-command")
    gone = visit.system(POLICE, "clerk", "离职民警")
    head = await visit.person(f"head.{POLICE}")
    clerk = await visit.person(f"clerk.{POLICE}")
    incident = (await open_incident(desk))["id"]
    one = f"/v1/incidents/{incident}"
    await act(gone, f"{one}:claim")
    clocks = (await clerk.get(f"{one}/clocks"))["items"]
    kinds = {each["clock"]: each["due_time"] for each in clocks}
    assert kinds.keys() == {"CLAIM_IDLE", "ARRIVAL", "FEEDBACK"}
    taken = await act(clerk, f"{one}:reassign", {"reason": "承办人已调离"})
    assert (taken["state"], taken["holder"]) == ("CLAIMED", f"clerk.{POLICE}")
    await act(clerk, f"{one}:report", {"text": "已到现场"})
    again = await act(head, f"{one}:reassign", {"reason": "承办人病假"})
    assert again["holder"] == f"head.{POLICE}"
    [feedback] = (each for each in again["due"] if each["clock"] == "FEEDBACK")
    assert feedback["due_time"] == kinds["FEEDBACK"], "a colleague buys no time"
    stranger = await visit.person(f"clerk.{URBAN}")
    denied = await refused(act(stranger, f"{one}:reassign", {"reason": "我来"}))
    assert denied.status in (403, 404)
