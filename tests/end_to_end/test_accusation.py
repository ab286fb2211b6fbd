"""An accusation at the public door: neither the accused nor who watches the area learns of it."""

import asyncio

from operate.replay.client import Client
from tests.people import TOWNSHIP, Listener, Visit, act, open_incident, refused

ACCUSED, BELOW = f"{TOWNSHIP}-township", f"{TOWNSHIP}001-village"
DISCIPLINE = "990101-discipline"
PETITION = {
    "channel": "LETTER",
    "subject": "镇领导收受好处",
    "text": "镇领导收受商户好处,请查处。",
    "petitioners": [{"name": "钱某", "contact": "13900000001"}],
    "place": {"text": "青山镇", "area": TOWNSHIP},
    "against_unit": ACCUSED,
}
ORDER = {"unit": BELOW, "instruction": "查明情况"}


async def test_an_accusation_is_seen_by_the_units_involved_alone(visit: Visit) -> None:
    office = await visit.person("clerk.990101-petition_office")
    clerk = await visit.person(f"clerk.{DISCIPLINE}")
    watchers = (f"leader.{ACCUSED}", "supervisor.990101-government", "dispatcher.990100-command")
    watching = [await visit.person(user) for user in watchers]
    others = [await visit.person(user) for user in (f"clerk.{ACCUSED}", f"grid_leader.{BELOW}")]
    hearing = await listening(clerk)
    live = [await listening(each) for each in watching]

    petition = await act(office, "/v1/petitions", PETITION)
    about = petition["id"]
    await act(office, f"/v1/petitions/{about}:accept", {"kind": "ACCUSATION"})
    for accused in (ACCUSED, BELOW):
        wrong = await refused(act(office, f"/v1/petitions/{about}:route", {"to_unit": accused}))
        assert wrong.reason == "ACCUSED_UNIT"
    await act(office, f"/v1/petitions/{about}:route", {"to_unit": DISCIPLINE})
    await act(clerk, f"/v1/incidents/{about}:claim")
    await hearing.until("change", id=about, kind="IncidentClaimed")

    for each in [*watching, *others]:
        hidden = await refused(each.get(f"/v1/incidents/{about}"))
        assert (hidden.status, hidden.reason) == (404, "NO_SUCH_INCIDENT")
        listed = {one["id"] async for one in each.items("/v1/incidents", category="accusation")}
        assert about not in listed
    sent = refused(act(watching[0], f"/v1/incidents/{about}:assign", ORDER))
    assert (await sent).reason == "NO_SUCH_INCIDENT"

    marker = await open_incident(visit.system("990100-command", "call_taker"))
    for stream in live:
        async with asyncio.timeout(30):
            await stream.until("change", id=marker["id"], kind="IncidentOffered")
        assert about not in {change["id"] for change in stream.named("change")}
        await stream.close()
    await hearing.close()


async def listening(client: Client) -> Listener:
    """A stream of live changes that is open already."""
    changes = Listener(client, "/v1/changes")
    await changes.until("message")
    return changes
