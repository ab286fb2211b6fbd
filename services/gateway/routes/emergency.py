"""Missions: the steps of teams at their terminals, reads, and the status of teams."""

from backbone.words.roles import COMMANDERS, READERS, TEAM_SENDERS, TEAMS
from liandong.emergency.v1 import emergency_service_pb2 as pb
from services.gateway.routes.route import Area, get, post

ONE = "/v1/missions/{mission_id}"

AREA = Area(
    "Missions",
    "emergency",
    pb.DESCRIPTOR.services_by_name["EmergencyService"],
    (
        get("/v1/missions", "ListMissions", READERS | TEAMS),
        get(ONE, "GetMission", READERS | TEAMS),
        post(f"{ONE}:received", "ReceiveMission", TEAMS),
        post(f"{ONE}:acknowledge", "AcknowledgeMission", TEAMS),
        post(f"{ONE}:refuse", "RefuseMission", TEAMS),
        post(f"{ONE}:enRoute", "ReportEnRoute", TEAMS),
        post(f"{ONE}:onScene", "ReportOnScene", TEAMS),
        post(f"{ONE}:clear", "ClearMission", TEAMS),
        post(f"{ONE}:stopLadder", "StopLadder", COMMANDERS),
        get("/v1/alerts", "ListAlerts", READERS | TEAMS),
        post(f"{ONE}:recall", "RecallMission", TEAM_SENDERS),
        post(f"{ONE}:confirmRecall", "ConfirmRecall", TEAMS),
        get("/v1/team-statuses", "ListTeamStatuses", READERS | TEAMS),
        post("/v1/teams/{team}:setStatus", "SetTeamStatus", COMMANDERS | TEAMS),
    ),
)
