"""A merged incident follows its host's accusation by itself, and is hidden with it."""

import asyncio
from uuid import UUID, uuid4

import grpc
from msgspec.structs import replace

from backbone.rpc.channels import refusal_of
from backbone.words.actor import Actor
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1.incident_pb2 import Correction
from liandong.incident.v1.incident_service_pb2_grpc import IncidentServiceStub
from tests.cities import COUNTY, NORTH, a_city
from tests.installation import Installation
from tests.integration.workflow.test_roads import a_matter
from tests.serving import Client, calling, serving

DESK = Actor("zhao", "command", "dispatcher", COUNTY)
CLERK = Actor("li", "north", "clerk", NORTH)


async def test_what_was_merged_into_a_matter_that_accuses_a_unit_now_is_hidden_with_it(
    database: Installation,
) -> None:
    """The timer tells it within a second; undone, it does not go back to the accused."""
    guest, host = uuid4(), uuid4()
    async with (
        serving(database, a_city(), "workflow") as home,
        calling(home, "workflow", IncidentServiceStub) as call,
    ):
        for each in (guest, host):
            await call("OpenIncident", pb.OpenIncidentRequest(matter=a_matter(each)), DESK)
        merge = pb.MergeIncidentRequest(incident_id=str(guest), into=str(host), reason="同一事")
        await call("MergeIncident", merge, DESK)
        assert await seen(call, guest) == str(host)
        await call("AmendMatter", accusing(host), replace(DESK, role="service"))
        async with asyncio.timeout(10):
            while await seen(call, guest) != "NO_SUCH_INCIDENT":
                await asyncio.sleep(0.1)
        undo = pb.UndoMergeRequest(incident_id=str(guest), reason="两起事故")
        again = (await call("UndoMerge", undo, replace(DESK, user="qian"))).incident
        assert (again.unit, again.accountable_unit) == ("", "command")
        assert await seen(call, guest) == "NO_SUCH_INCIDENT"


def accusing(incident: UUID) -> pb.AmendMatterRequest:
    matter = a_matter(incident)
    matter.against = "north"
    said = Correction(matter=matter, receipt=str(incident), version=4)
    said.facts.add(fact="against", version=4)
    return pb.AmendMatterRequest(incident_id=str(incident), correction=said)


async def seen(call: Client, incident: UUID) -> str:
    """Where it was merged into, as the accused reads it, or the refusal."""
    try:
        read = pb.GetIncidentRequest(incident_id=str(incident))
        return str((await call("GetIncident", read, CLERK)).incident.merged_into)
    except grpc.aio.AioRpcError as error:
        refusal = refusal_of(error)
        return refusal.reason if refusal else str(error)
