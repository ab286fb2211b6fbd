"""Supervisions: units answer to supervisors and leaders about incidents."""

from liandong.supervision.v1 import supervision_service_pb2 as pb
from services.gateway.routes.route import Area, get, post

ONE = "/v1/supervisions/{supervision_id}"

AREA = Area(
    "Supervisions",
    "workflow",
    pb.DESCRIPTOR.services_by_name["SupervisionService"],
    (
        get("/v1/inbox/supervisions", "ListSupervisions", always={"inbox": True}),
        post("/v1/supervisions", "OpenSupervision", status=201),
        get("/v1/supervisions", "ListSupervisions", always={"inbox": False}),
        get(ONE, "GetSupervision"),
        get(f"{ONE}/timeline", "GetSupervisionTimeline"),
        post(f"{ONE}:answer", "AnswerSupervision"),
        post(f"{ONE}:followUp", "FollowUpSupervision"),
        post(f"{ONE}:accept", "AcceptAnswer"),
        post(f"{ONE}:reject", "RejectAnswer"),
        post(f"{ONE}:lift", "LiftSupervision"),
    ),
)
