"""Care cases: hand-over, visits and service requests, for the entrusted care workers.

Watchers cannot read them but the auditor, each of whose readings stands in /v1/reveals.
"""

from liandong.population.v1 import population_service_pb2 as pb
from services.gateway.routes.route import Area, get, post

ONE = "/v1/care-cases/{care_case_id}"

AREA = Area(
    "Care",
    "population",
    pb.DESCRIPTOR.services_by_name["PopulationService"],
    (
        post("/v1/care-cases", "RegisterCareCase", status=201),
        get("/v1/care-cases", "ListCareCases"),
        get(ONE, "GetCareCase"),
        post(f"{ONE}:receive", "ReceiveCareCase"),
        post(f"{ONE}:entrust", "EntrustCareCase"),
        post(f"{ONE}:setClass", "SetCareClass"),
        post(f"{ONE}:planVisit", "PlanVisit"),
        post(f"{ONE}:recordVisit", "RecordVisit"),
        post(f"{ONE}:requestService", "RequestService"),
        post(f"{ONE}:recordResult", "RecordServiceResult"),
        post(f"{ONE}:close", "EndCareCase"),
        post(f"{ONE}:seal", "SealCareCase"),
        post(f"{ONE}:forget", "ForgetPerson"),
        post(f"{ONE}:reveal", "RevealPerson", reveals="care_case_id"),
    ),
)
