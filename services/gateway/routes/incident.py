"""Incidents: the pool, the verbs of the flow, timelines and explained routes."""

from backbone.words.rights import KEEPERS, VERIFY
from backbone.words.roles import (
    DESKS,
    DISPATCHERS,
    HANDLERS,
    PARTNERS,
    READERS,
    SUPERIORS,
    SUPERVISORS,
    TAKERS,
    VERIFIERS,
    roles,
)
from liandong.incident.v1 import incident_service_pb2 as pb
from services.gateway.http.routed import say_route
from services.gateway.http.waits import say_why
from services.gateway.routes.route import Area, get, post

# The inbox of a desk, a unit or a leader: matters that wait for them.
CALLERS_BACK = VERIFY.roles
DECIDERS = SUPERIORS | KEEPERS
DUTY = HANDLERS | DESKS | VERIFIERS | SUPERIORS | SUPERVISORS
LIST = {"inbox": False, "reason": ""}
ONE = "/v1/incidents/{incident_id}"

AREA = Area(
    "Incidents",
    "workflow",
    pb.DESCRIPTOR.services_by_name["IncidentService"],
    (
        get("/v1/inbox", "ListIncidents", DUTY | PARTNERS, always={"inbox": True}, says=say_why),
        post("/v1/inbox:takeNext", "TakeNext", HANDLERS, empty="POOL_EMPTY"),
        post("/v1/inbox/links/{link_id}:settle", "SettleLink", DESKS | SUPERIORS),
        get("/v1/incidents", "ListIncidents", READERS, always=LIST),
        get(ONE, "GetIncident", READERS),
        get(f"{ONE}/timeline", "GetTimeline", READERS),
        get(f"{ONE}/clocks", "ListClocks", READERS),
        get(f"{ONE}:explainRoute", "ExplainRoute", READERS, says=say_route),
        post(f"{ONE}:route", "RouteIncident", DECIDERS),
        post(f"{ONE}:designate", "DesignateUnit", DECIDERS),
        post(f"{ONE}:claim", "ClaimIncident", HANDLERS),
        post(f"{ONE}:release", "ReleaseIncident", HANDLERS),
        post(f"{ONE}:requestReturn", "RequestReturn", HANDLERS),
        post(f"{ONE}:acceptReturn", "AcceptReturn", HANDLERS | VERIFIERS | SUPERIORS),
        post(f"{ONE}:rejectReturn", "RejectReturn", HANDLERS | VERIFIERS | SUPERIORS),
        post(f"{ONE}:handOff", "HandOffIncident", HANDLERS),
        post(f"{ONE}:acceptHandOff", "AcceptHandOff", HANDLERS),
        post(f"{ONE}:refuseHandOff", "RefuseHandOff", HANDLERS),
        post(f"{ONE}:assign", "AssignIncident", SUPERIORS),
        post(f"{ONE}:object", "ObjectToAssignment", HANDLERS),
        post(f"{ONE}:upholdObjection", "UpholdObjection", HANDLERS | VERIFIERS | SUPERIORS),
        post(f"{ONE}:rejectObjection", "RejectObjection", HANDLERS | VERIFIERS | SUPERIORS),
        post(f"{ONE}:reassign", "ReassignIncident", HANDLERS, always={"successor": ""}),
        post(f"{ONE}:escalate", "EscalateIncident", HANDLERS),
        post(f"{ONE}:report", "ReportProgress", HANDLERS),
        post(f"{ONE}:resolve", "ResolveIncident", HANDLERS),
        post(f"{ONE}:verify", "VerifyIncident", CALLERS_BACK),
        post(f"{ONE}:rework", "ReworkIncident", CALLERS_BACK),
        post(f"{ONE}:close", "CloseIncident", CALLERS_BACK),
        post(f"{ONE}:void", "VoidIncident", DECIDERS),
        post(
            f"{ONE}:urge",
            "UrgeIncident",
            DISPATCHERS | DESKS | SUPERVISORS | roles("clerk", "head"),
        ),
        post(f"{ONE}:merge", "MergeIncident", DISPATCHERS),
        post(f"{ONE}:undoMerge", "UndoMerge", SUPERIORS),
        post(f"{ONE}:undoVoid", "UndoVoid", DECIDERS),
        post(f"{ONE}:setPriority", "SetPriority", TAKERS | DISPATCHERS | HANDLERS),
    ),
)
