"""Merges 并案 one after another: no chain of them comes to be, however near they follow."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import grpc
import pytest

from backbone.rpc.channels import refusal_of
from backbone.words.actor import Actor
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1.incident_service_pb2_grpc import IncidentServiceStub
from tests.cities import COUNTY, a_city
from tests.installation import Installation
from tests.integration.workflow.test_roads import a_matter
from tests.serving import Client, calling, serving

DESK = Actor("zhao", "command", "dispatcher", COUNTY)
SECOND = Actor("sun", "county", "leader", COUNTY)


@pytest.fixture
async def call(database: Installation) -> AsyncIterator[Client]:
    async with (
        serving(database, a_city(), "workflow") as home,
        calling(home, "workflow", IncidentServiceStub) as client,
    ):
        yield client


async def opened(call: Client) -> UUID:
    matter = uuid4()
    await call("OpenIncident", pb.OpenIncidentRequest(matter=a_matter(matter)), DESK)
    return matter


def merging(one: UUID, into: UUID) -> pb.MergeIncidentRequest:
    return pb.MergeIncidentRequest(incident_id=str(one), into=str(into), reason="同一起事故")


async def outcome(call: Client, one: UUID, into: UUID) -> str:
    """The reason of the refusal; empty if it was merged."""
    try:
        await call("MergeIncident", merging(one, into), DESK)
    except grpc.aio.AioRpcError as error:
        refusal = refusal_of(error)
        return refusal.reason if refusal else str(error)
    return ""


async def test_one_that_others_were_merged_into_goes_into_none_before_its_receipts_have_come(
    call: Client,
) -> None:
    first, middle, last = [await opened(call) for _ in range(3)]
    await call("MergeIncident", merging(first, middle), DESK)
    assert await call.refused("MergeIncident", merging(middle, last), DESK) == "HOLDS_MERGED"
    assert await outcome(call, last, middle) == "", "the other way round there is no chain"
    undo = pb.UndoMergeRequest(incident_id=str(first), reason="两起事故")
    assert await call.refused("UndoMerge", undo, DESK) == "ANOTHER_PERSON_NEEDED"
    again = (await call("UndoMerge", undo, SECOND)).incident
    assert again.unit == "north" and not again.merged_into
    undo.incident_id = str(last)
    await call("UndoMerge", undo, SECOND)
    assert await outcome(call, middle, last) == ""


async def test_of_a_ring_of_merges_at_once_none_goes_into_one_that_is_merged(call: Client) -> None:
    for _ in range(3):
        ring = [await opened(call) for _ in range(4)]
        pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
        await asyncio.gather(*(outcome(call, *pair) for pair in pairs))
        found = {}
        for each in ring:
            read = await call("GetIncident", pb.GetIncidentRequest(incident_id=str(each)), DESK)
            found[str(each)] = read.incident.merged_into
        gone = {into for into in found.values() if into}
        assert gone and not any(found[into] for into in gone)
