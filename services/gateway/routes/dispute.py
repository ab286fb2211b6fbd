"""Disputes: the ledger of all desks, and the mediation up to agreement or lawful channel."""

from liandong.dispute.v1 import dispute_service_pb2 as pb
from services.gateway.routes.route import Area, get, post

ONE = "/v1/disputes/{dispute_id}"

AREA = Area(
    "Disputes",
    "dispute",
    pb.DESCRIPTOR.services_by_name["DisputeService"],
    (
        post("/v1/disputes", "RegisterDispute", status=201),
        get("/v1/disputes", "ListDisputes"),
        get(ONE, "GetDispute"),
        post(f"{ONE}:parties", "NameParties"),
        post(f"{ONE}:accept", "AcceptDispute"),
        post(f"{ONE}:refuse", "RefuseDispute"),
        post(f"{ONE}:route", "RouteDispute"),
        post(f"{ONE}:session", "HoldSession"),
        post(f"{ONE}:agreement", "RecordAgreement"),
        post(f"{ONE}:fail", "FailMediation"),
        post(f"{ONE}:close", "CloseDispute"),
        post(f"{ONE}:reveal", "RevealParties", reveals="dispute_id"),
    ),
)
