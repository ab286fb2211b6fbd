"""Care cases: hand-over, visits and service requests, for the entrusted care workers.

Watchers cannot read them but the auditor, each of whose readings stands in /v1/reveals.
"""

from backbone.words.roles import AUDITORS, roles
from liandong.population.v1 import population_service_pb2 as pb
from services.gateway.routes.route import Area, get, post

CARE = roles("care_worker", "head")
SENDERS = CARE | roles("clerk", "receptionist")
ONE = "/v1/care-cases/{care_case_id}"

AREA = Area(
    "Care",
    "population",
    pb.DESCRIPTOR.services_by_name["PopulationService"],
    (
        post("/v1/care-cases", "RegisterCareCase", SENDERS, status=201),
        get("/v1/care-cases", "ListCareCases", SENDERS | AUDITORS),
        get(ONE, "GetCareCase", SENDERS | AUDITORS),
        post(f"{ONE}:receive", "ReceiveCareCase", roles("head")),
        post(f"{ONE}:entrust", "EntrustCareCase", roles("head")),
        post(f"{ONE}:setClass", "SetCareClass", CARE),
        post(f"{ONE}:planVisit", "PlanVisit", CARE),
        post(f"{ONE}:recordVisit", "RecordVisit", CARE),
        post(f"{ONE}:requestService", "RequestService", CARE),
        post(f"{ONE}:recordResult", "RecordServiceResult", CARE),
        post(f"{ONE}:close", "EndCareCase", roles("head")),
        post(f"{ONE}:seal", "SealCareCase", roles("head")),
        post(f"{ONE}:forget", "ForgetPerson", roles("head")),
        post(f"{ONE}:reveal", "RevealPerson", CARE | AUDITORS, reveals="care_case_id"),
    ),
)
