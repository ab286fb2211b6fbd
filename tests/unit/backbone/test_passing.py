"""Passing: methods made from the contract, beside those that are written by hand."""

from typing import Any

import pytest

from backbone.rpc.passing import passing
from liandong.dispute.v1 import dispute_service_pb2 as pb
from liandong.dispute.v1.dispute_pb2 import Dispute
from liandong.dispute.v1.dispute_service_pb2_grpc import DisputeServiceServicer

CONTRACT = pb.DESCRIPTOR.services_by_name["DisputeService"]
READS = {"GetDispute", "ListDisputes"}
VERBS = [type(each.name, (), {}) for each in CONTRACT.methods if each.name not in READS]


class Reads(DisputeServiceServicer):
    """What a service writes by hand; the class is decorated in each test."""

    def __init__(self) -> None:
        self.passed: list[Any] = []

    async def pass_on(self, request: Any, context: Any) -> Dispute:
        self.passed.append((request, context))
        return Dispute(id="d1")

    async def GetDispute(self, request: Any, context: Any) -> str:  # gRPC's name
        return "by hand"

    async def ListDisputes(self, request: Any, context: Any) -> str:
        return "by hand"


async def test_a_made_method_wraps_the_resource_in_its_own_response() -> None:
    service: Any = passing(CONTRACT, VERBS)(type("Made", (Reads,), {}))()
    request = pb.CloseDisputeRequest(dispute_id="d1")
    assert await service.CloseDispute(request, "context") == pb.CloseDisputeResponse(
        dispute=Dispute(id="d1")
    )
    answer = await service.AcceptDispute(pb.AcceptDisputeRequest(), "context")
    assert type(answer) is pb.AcceptDisputeResponse
    assert service.passed[0] == (request, "context")
    assert type(service).CloseDispute.__qualname__ == "CloseDispute"


async def test_a_method_that_is_written_by_hand_stays() -> None:
    async def by_hand(self: Any, request: Any, context: Any) -> str:
        return "by hand"

    service: Any = passing(CONTRACT, VERBS)(type("Own", (Reads,), {"CloseDispute": by_hand}))()
    assert await service.CloseDispute(None, None) == "by hand"
    assert await service.GetDispute(None, None) == "by hand"
    assert service.passed == []


@pytest.mark.parametrize("lacking", [{"CloseDispute"}, {"CloseDispute", "HoldSession"}])
def test_an_rpc_without_verb_or_method_is_refused_at_import(lacking: set[str]) -> None:
    verbs = [verb for verb in VERBS if verb.__name__ not in lacking]
    named = ", ".join(each.name for each in CONTRACT.methods if each.name in lacking)
    with pytest.raises(LookupError, match=f"^DisputeService: no verb and no method for {named}$"):
        passing(CONTRACT, verbs)(type("Lacking", (Reads,), {}))
