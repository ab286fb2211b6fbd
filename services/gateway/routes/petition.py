"""Petitions: from the desk to the written reply; invisible to the 110 desk and to care staff."""

from backbone.words.roles import AUDITORS, roles
from liandong.petition.v1 import petition_service_pb2 as pb
from services.gateway.http.tracked import say_terms
from services.gateway.routes.route import Area, get, post

DESK = roles("receptionist", "clerk", "head", "duty_officer", "centre_director")
READERS = DESK | roles("supervisor", "leader", "auditor", "signer", "statistician")
ONE = "/v1/petitions/{petition_id}"

AREA = Area(
    "Petitions",
    "petition",
    pb.DESCRIPTOR.services_by_name["PetitionService"],
    (
        post("/v1/petitions", "RegisterPetition", DESK, status=201),
        get("/v1/petitions", "ListPetitions", READERS),
        get(ONE, "GetPetition", READERS),
        post(f"{ONE}:amend", "AmendPetition", DESK),
        post(f"{ONE}:accept", "AcceptPetition", DESK),
        post(f"{ONE}:decline", "DeclinePetition", DESK),
        post(f"{ONE}:refer", "ReferPetition", DESK),
        post(f"{ONE}:route", "RoutePetition", DESK),
        post(f"{ONE}:progress", "RecordProgress", DESK),
        post(f"{ONE}:reply", "ReplyPetition", DESK),
        post(f"{ONE}:close", "ClosePetition", DESK),
        post(f"{ONE}:reveal", "RevealPetitioner", DESK | AUDITORS, reveals="petition_id"),
        post(f"{ONE}:reissuePin", "ReissuePin", DESK),
        # Code and PIN stand in the body: addresses of pages are kept in histories and logs.
        post("/v1/track", "TrackPetition", roles(), public=True, is_write=False, says=say_terms),
        post("/v1/track:urge", "UrgePetition", roles(), public=True, says=say_terms),
    ),
)
