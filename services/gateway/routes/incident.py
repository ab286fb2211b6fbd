"""Incidents: the pool, the verbs of the flow, timelines and explained routes."""

from backbone.words.roles import (
    DESKS,
    HANDLERS,
    PARTNERS,
    READERS,
    SUPERIORS,
    SUPERVISORS,
    VERIFIERS,
)
from liandong.incident.v1 import incident_service_pb2 as pb
from services.gateway.http.routed import say_route
from services.gateway.http.waits import say_why
from services.gateway.routes.route import Area, get, post

# The inbox of a desk, a unit or a leader: matters that wait for them.
DUTY = HANDLERS | DESKS | VERIFIERS | SUPERIORS | SUPERVISORS
LIST = {"inbox": False, "reason": ""}
ONE = "/v1/incidents/{incident_id}"

AREA = Area(
    "Incidents",
    "workflow",
    pb.DESCRIPTOR.services_by_name["IncidentService"],
    (
        get("/v1/inbox", "ListIncidents", DUTY | PARTNERS, always={"inbox": True}, says=say_why),
        post("/v1/inbox:takeNext", "TakeNext", empty="POOL_EMPTY"),
        post("/v1/inbox/links/{link_id}:settle", "SettleLink"),
        get("/v1/incidents", "ListIncidents", READERS, always=LIST),
        get(ONE, "GetIncident"),
        get(f"{ONE}/timeline", "GetTimeline"),
        get(f"{ONE}/clocks", "ListClocks"),
        get(f"{ONE}:explainRoute", "ExplainRoute", says=say_route),
        post(f"{ONE}:route", "RouteIncident"),
        post(f"{ONE}:designate", "DesignateUnit"),
        post(f"{ONE}:claim", "ClaimIncident"),
        post(f"{ONE}:release", "ReleaseIncident"),
        post(f"{ONE}:requestReturn", "RequestReturn"),
        post(f"{ONE}:acceptReturn", "AcceptReturn"),
        post(f"{ONE}:rejectReturn", "RejectReturn"),
        post(f"{ONE}:handOff", "HandOffIncident"),
        post(f"{ONE}:acceptHandOff", "AcceptHandOff"),
        post(f"{ONE}:refuseHandOff", "RefuseHandOff"),
        post(f"{ONE}:assign", "AssignIncident"),
        post(f"{ONE}:object", "ObjectToAssignment"),
        post(f"{ONE}:upholdObjection", "UpholdObjection"),
        post(f"{ONE}:rejectObjection", "RejectObjection"),
        post(f"{ONE}:reassign", "ReassignIncident", always={"successor": ""}),
        post(f"{ONE}:escalate", "EscalateIncident"),
        post(f"{ONE}:report", "ReportProgress"),
        post(f"{ONE}:resolve", "ResolveIncident"),
        post(f"{ONE}:verify", "VerifyIncident"),
        post(f"{ONE}:rework", "ReworkIncident", by_another=True),
        post(f"{ONE}:close", "CloseIncident"),
        post(f"{ONE}:void", "VoidIncident"),
        post(f"{ONE}:urge", "UrgeIncident"),
        post(f"{ONE}:merge", "MergeIncident"),
        post(f"{ONE}:undoMerge", "UndoMerge", by_another=True),
        post(f"{ONE}:undoVoid", "UndoVoid", by_another=True),
        post(f"{ONE}:setPriority", "SetPriority"),
    ),
)
