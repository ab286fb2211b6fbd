"""Missions: the steps of teams at their terminals, reads, and the status of teams."""

from liandong.emergency.v1 import emergency_service_pb2 as pb
from services.gateway.routes.route import Area, get, post

ONE = "/v1/missions/{mission_id}"

AREA = Area(
    "Missions",
    "emergency",
    pb.DESCRIPTOR.services_by_name["EmergencyService"],
    (
        get("/v1/missions", "ListMissions"),
        get(ONE, "GetMission"),
        post(f"{ONE}:received", "ReceiveMission"),
        post(f"{ONE}:acknowledge", "AcknowledgeMission"),
        post(f"{ONE}:refuse", "RefuseMission"),
        post(f"{ONE}:enRoute", "ReportEnRoute"),
        post(f"{ONE}:onScene", "ReportOnScene"),
        post(f"{ONE}:clear", "ClearMission"),
        post(f"{ONE}:stopLadder", "StopLadder"),
        get("/v1/alerts", "ListAlerts"),
        post(f"{ONE}:recall", "RecallMission"),
        post(f"{ONE}:confirmRecall", "ConfirmRecall"),
        get("/v1/team-statuses", "ListTeamStatuses"),
        post("/v1/teams/{team}:setStatus", "SetTeamStatus"),
    ),
)
