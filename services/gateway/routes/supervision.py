"""Supervisions: units answer to supervisors and leaders about incidents."""

from backbone.words.roles import HANDLERS, READERS, SUPERIORS, SUPERVISORS
from liandong.supervision.v1 import supervision_service_pb2 as pb
from services.gateway.routes.route import Area, get, post

ONE = "/v1/supervisions/{supervision_id}"

AREA = Area(
    "Supervisions",
    "workflow",
    pb.DESCRIPTOR.services_by_name["SupervisionService"],
    (
        get("/v1/inbox/supervisions", "ListSupervisions", READERS, always={"inbox": True}),
        post("/v1/supervisions", "OpenSupervision", SUPERVISORS, status=201),
        get("/v1/supervisions", "ListSupervisions", READERS, always={"inbox": False}),
        get(ONE, "GetSupervision", READERS),
        get(f"{ONE}/timeline", "GetSupervisionTimeline", READERS),
        post(f"{ONE}:answer", "AnswerSupervision", HANDLERS | SUPERIORS),
        post(f"{ONE}:followUp", "FollowUpSupervision", SUPERVISORS),
        post(f"{ONE}:accept", "AcceptAnswer", SUPERVISORS),
        post(f"{ONE}:reject", "RejectAnswer", SUPERVISORS),
        post(f"{ONE}:lift", "LiftSupervision", SUPERVISORS),
    ),
)
