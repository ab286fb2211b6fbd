"""What each person may do next, and what the unit knows of its matter at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from operate.replay.client import Client
from tests.people import TOWNSHIP, Visit, act, open_incident, refused
from tests.serving import until

TEAM = "990104005-emergency-team"
WORDS = "银色面包车"
UNCONFIRMED = "DANGER_UNCONFIRMED"
NOT_THE_SAME = {"reason": "两起不同的事故"}
POLICE, URBAN = f"{TOWNSHIP}-police", f"{TOWNSHIP}-urban_management"


async def test_each_reader_is_told_what_that_reader_may_do_next(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")
    clerk = await visit.person(f"clerk.{POLICE}")
    incident = (await open_incident(desk))["id"]
    one = f"/v1/incidents/{incident}"
    receipt = await desk.get(f"/v1/receipts/{incident}")
    assert {"dispatch", "amend", "callBack", "reveal"} <= {*receipt["actions"]}
    assert "open" not in receipt["actions"], "it has ended"
    assert "claim" in (await clerk.get(one))["actions"]
    assert (await desk.get(one))["actions"] == ["setPriority", "urge"]
    claimed = await act(clerk, f"{one}:claim")
    assert {"report", "resolve", "handOff", "release"} <= {*claimed["actions"]}
    assert "claim" not in claimed["actions"]
    [listed] = [each async for each in clerk.items("/v1/incidents", code=claimed["code"])]
    assert listed["actions"] == claimed["actions"] == (await clerk.get(one))["actions"]
    auditor = await visit.person("auditor.990100-government")
    assert (await auditor.get(one))["actions"] == []
    await act(clerk, f"{one}:handOff", {"to_unit": URBAN, "reason": "属城管职责"})
    urban = await visit.person(f"clerk.{URBAN}")
    asked = (await urban.get(one))["actions"]
    assert {"acceptHandOff", "refuseHandOff"} <= {*asked} and "report" not in asked
    assert "handOff" not in (await clerk.get(one))["actions"], "an answer is still owed"


async def test_the_unit_sees_the_reports_of_its_matter_at_once(visit: Visit) -> None:
    """Before its receipts have followed it, and with the priority that it has now."""
    desk = await visit.person("call_taker.990100-command")
    clerk = await visit.person(f"clerk.{POLICE}")
    for _ in range(5):
        incident = (await open_incident(desk))["id"]
        reports = [each async for each in clerk.items(f"/v1/incidents/{incident}/reports")]
        assert [each["id"] for each in reports] == [incident]
    assert reports[0]["incident"]["priority"] == reports[0]["priority"]
    stranger = await visit.person(f"clerk.{URBAN}")
    assert not [each async for each in stranger.items(f"/v1/incidents/{incident}/reports")]
    urgent = {"priority": "P1", "reason": "有人被困"}
    await act(desk, f"/v1/incidents/{incident}:setPriority", urgent)
    code = reports[0]["code"]

    async def raised() -> bool:
        [row] = [each async for each in desk.items("/v1/receipts", code=code)]
        return bool(row["incident"]["priority"] == "P1" and row["priority"] != "P1")

    await until(raised)


@dataclass
class Two:
    """Two incidents of one matter, of which one was merged into the other, with its team."""

    desk: Client
    dispatcher: Client
    clerk: Client
    kept: str
    gone: str
    mission: str

    async def follow(self, incident: str) -> bool:
        """Whether receipt and team are this incident's."""
        receipt = await self.desk.get(f"/v1/receipts/{self.gone}")
        there = (await self.desk.get(self.mission))["matter_id"]
        return bool(receipt["incident"]["id"] == incident and there == incident)

    async def tells(self, words: str, of: str = "narrative") -> bool:
        """Whether the incident that goes on has these words."""
        return words in (await self.clerk.get(f"/v1/incidents/{self.kept}"))[of]

    async def is_without(self, danger: str) -> bool:
        """Whether the incident that goes on tells of this danger no more."""
        return not await self.tells(danger, of="danger")

    async def is_as(self, incident: str) -> bool:
        """Whether the team is the incident's, and has its facts."""
        matter, team = await self.clerk.get(incident), await self.desk.get(self.mission)
        told = ("priority", "danger", "place", "narrative")
        its = team["matter_id"] == matter["id"]
        return its and all(team[each] == matter[each] for each in told)

    async def known(self, state: str) -> bool:
        """Whether the merged receipt knows its incident in this state, as lists show it."""
        code = (await self.desk.get(f"/v1/receipts/{self.gone}"))["code"]
        [row] = [each async for each in self.desk.items("/v1/receipts", code=code)]
        return bool(row["incident"]["state"] == state)


@asynccontextmanager
async def watched(two: Two) -> AsyncIterator[list[Any]]:
    """The mission as it is seen all the time meanwhile, and a second longer: another revision would
    have come by then."""
    seen = [await two.desk.get(two.mission)]

    async def look() -> None:
        while True:
            seen.append(await two.desk.get(two.mission))
            await asyncio.sleep(0.02)

    watch = asyncio.create_task(look())
    yield seen
    await asyncio.sleep(1)
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch


async def merge_two(visit: Visit) -> tuple[Two, Any]:
    desk = await visit.person("call_taker.990100-command")
    kept = await open_incident(desk)
    gone = await open_incident(desk, narrative=f"两车相撞,一辆是{WORDS}")
    sent = await act(desk, f"/v1/receipts/{gone['id']}:dispatch", {"team": TEAM})
    dispatcher = await visit.person("dispatcher.990100-command")
    into = {"into": kept["id"], "reason": "同一起事故"}
    merged = await act(dispatcher, f"/v1/incidents/{gone['id']}:merge", into)
    mission = f"/v1/missions/{sent['mission']['id']}"
    clerk = await visit.person(f"clerk.{POLICE}")
    return Two(desk, dispatcher, clerk, kept["id"], gone["id"], mission), merged


async def test_one_of_two_incidents_takes_up_the_receipts_and_teams_of_the_other(
    visit: Visit,
) -> None:
    two, merged = await merge_two(visit)
    assert (merged["state"], merged["merged_into"]) == ("MERGED", two.kept)
    assert "merge" not in merged["actions"] and merged["merged_by_name"]
    unknown = {"into": "不是编号", "reason": "同一起事故"}
    odd = await refused(act(two.dispatcher, f"/v1/incidents/{two.kept}:merge", unknown))
    assert (odd.status, odd.reason) == (422, "UNKNOWN_INCIDENT")
    opposite = {"into": two.gone, "reason": "同一起事故"}
    late = await refused(act(two.dispatcher, f"/v1/incidents/{two.kept}:merge", opposite))
    # The kept one holds the other as soon as the receipts have followed.
    assert late.status == 409
    assert late.reason in {"INCIDENT_OVER", "HOLDS_MERGED"}
    await until(lambda: two.follow(two.kept))
    await until(lambda: two.tells(WORDS))
    told = f"/v1/incidents/{two.kept}"
    assert {two.kept, two.gone} <= {each["id"] async for each in two.clerk.items(f"{told}/reports")}
    steps = [each async for each in two.clerk.items(f"{told}/timeline")]
    assert merged["code"] in [each["facts"].get("merged") for each in steps]
    await act(two.clerk, f"{told}:claim")
    await until(lambda: two.known("CLAIMED"))
    assert not (await two.desk.get(two.mission))["recall"], "the team goes on, for the other one"


async def test_what_was_told_while_merged_is_kept_when_it_is_undone(visit: Visit) -> None:
    """Fire and danger that the caller told meanwhile hold for the incident that goes on alone."""
    two, _ = await merge_two(visit)
    one = f"/v1/incidents/{two.gone}"
    told = {
        "narrative": "两车相撞，车里着火，有人被困",
        "danger": "油箱漏油",
        "place": {"text": "长风路99号"},
    }
    # At once, while the receipt has not heard of the merge: it is followed there by the call.
    await act(two.desk, f"/v1/receipts/{two.gone}:amend", told)
    await until(lambda: two.tells("油箱漏油", of="danger"))

    await until(lambda: two.is_as(f"/v1/incidents/{two.kept}"))
    leader = await visit.person(f"leader.{TOWNSHIP}-township")
    async with watched(two) as seen:
        await act(leader, f"{one}:undoMerge", NOT_THE_SAME)
        await until(lambda: two.is_as(one))
        await until(lambda: two.is_without("油箱漏油"))
    assert {each["danger"] for each in seen} == {"油箱漏油"}, "all the time"
    # The words of its own incident, at once.
    assert seen[-1]["revision"] <= seen[0]["revision"] + 1
    found = await two.clerk.get(one)
    assert (found["danger"], found["priority"]) == ("油箱漏油", "P1")
    assert found["narrative"].startswith("两车相撞，车里着火")
    assert found["heard"]["priority"] == "P1"
    assert found["place"]["text"] == "长风路99号"
    lower = {"priority": "P4", "reason": "不严重"}
    assert (await refused(act(two.dispatcher, f"{one}:setPriority", lower))).reason == UNCONFIRMED
    void = {"reason": "HOAX"}
    assert (await refused(act(two.dispatcher, f"{one}:void", void))).reason == UNCONFIRMED
    team = await two.desk.get(two.mission)
    assert (team["priority"], team["danger"], team["recall"]) == ("P1", "油箱漏油", None)

    assert not (await two.clerk.get(f"/v1/incidents/{two.kept}"))["heard"]


async def test_a_second_person_parts_what_was_merged_by_mistake(visit: Visit) -> None:
    two, _ = await merge_two(visit)
    one = f"/v1/incidents/{two.gone}"
    await until(lambda: two.tells(WORDS))
    same = await refused(act(two.dispatcher, f"{one}:undoMerge", NOT_THE_SAME))
    assert same.reason == "ANOTHER_PERSON_NEEDED"
    leader = await visit.person(f"leader.{TOWNSHIP}-township")
    parted = await act(leader, f"{one}:undoMerge", NOT_THE_SAME)
    assert (parted["state"], parted["merged_into"]) == ("OFFERED", "")
    await until(lambda: two.follow(two.gone))
    await until(lambda: two.known("OFFERED"))

    async def forgotten() -> bool:
        return not await two.tells(WORDS)

    await until(forgotten)
    assert not (await two.desk.get(two.mission))["recall"]
    kinds = [each["kind"] async for each in leader.items(f"{one}/timeline")]
    ends = [each for each in kinds if each in ("IncidentMerged", "IncidentReinstated")]
    assert ends == ["IncidentMerged", "IncidentReinstated"]
