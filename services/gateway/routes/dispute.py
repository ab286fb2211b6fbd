"""Disputes: the ledger of all desks, and the mediation up to agreement or lawful channel."""

from backbone.words.roles import AUDITORS, READERS, roles
from liandong.dispute.v1 import dispute_service_pb2 as pb
from services.gateway.routes.route import Area, get, post

DESK = roles("receptionist", "clerk", "head", "mediator", "duty_officer", "centre_director")
REPORTERS = DESK | roles("grid_member", "grid_leader", "dispatcher")
ONE = "/v1/disputes/{dispute_id}"

AREA = Area(
    "Disputes",
    "dispute",
    pb.DESCRIPTOR.services_by_name["DisputeService"],
    (
        post("/v1/disputes", "RegisterDispute", REPORTERS, status=201),
        get("/v1/disputes", "ListDisputes", READERS),
        get(ONE, "GetDispute", READERS),
        post(f"{ONE}:parties", "NameParties", DESK),
        post(f"{ONE}:accept", "AcceptDispute", DESK),
        post(f"{ONE}:refuse", "RefuseDispute", DESK),
        post(f"{ONE}:route", "RouteDispute", DESK),
        post(f"{ONE}:session", "HoldSession", DESK),
        post(f"{ONE}:agreement", "RecordAgreement", DESK),
        post(f"{ONE}:fail", "FailMediation", DESK),
        post(f"{ONE}:close", "CloseDispute", DESK),
        post(f"{ONE}:reveal", "RevealParties", DESK | AUDITORS, reveals="dispute_id"),
    ),
)
