"""Petitions: from the desk to the written reply; invisible to the 110 desk and to care staff."""

from liandong.petition.v1 import petition_service_pb2 as pb
from services.gateway.http.tracked import say_terms
from services.gateway.routes.route import Area, get, post

ONE = "/v1/petitions/{petition_id}"

AREA = Area(
    "Petitions",
    "petition",
    pb.DESCRIPTOR.services_by_name["PetitionService"],
    (
        post("/v1/petitions", "RegisterPetition", status=201),
        get("/v1/petitions", "ListPetitions"),
        get(ONE, "GetPetition"),
        post(f"{ONE}:amend", "AmendPetition"),
        post(f"{ONE}:accept", "AcceptPetition"),
        post(f"{ONE}:decline", "DeclinePetition"),
        post(f"{ONE}:refer", "ReferPetition"),
        post(f"{ONE}:route", "RoutePetition"),
        post(f"{ONE}:progress", "RecordProgress"),
        post(f"{ONE}:reply", "ReplyPetition"),
        post(f"{ONE}:close", "ClosePetition"),
        post(f"{ONE}:reveal", "RevealPetitioner", reveals="petition_id"),
        post(f"{ONE}:reissuePin", "ReissuePin"),
        # Code and PIN stand in the body: addresses of pages are kept in histories and logs.
        post("/v1/track", "TrackPetition", public=True, is_write=False, says=say_terms),
        post("/v1/track:urge", "UrgePetition", public=True, says=say_terms),
    ),
)
