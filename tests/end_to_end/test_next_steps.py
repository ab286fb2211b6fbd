"""What each person may do next, and what the unit knows of its matter at once."""

from tests.people import TOWNSHIP, Visit, act, open_incident
from tests.serving import until

POLICE, URBAN = f"{TOWNSHIP}-police", f"{TOWNSHIP}-urban_management"


async def test_each_reader_is_told_what_that_reader_may_do_next(visit: Visit) -> None:
    desk = await visit.person("call_taker.990100-command")
    clerk = await visit.person(f"clerk.{POLICE}")
    incident = (await open_incident(desk))["id"]
    one = f"/v1/incidents/{incident}"
    receipt = await desk.get(f"/v1/receipts/{incident}")
    assert {"dispatch", "amend", "close", "reveal"} <= {*receipt["actions"]}
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
