"""The rights to missions, teams and the directory: rows of `backbone.words.rights`. Pure."""

from collections.abc import Mapping

from backbone.words.right import INSIDE, Relation, Right, may
from backbone.words.roles import COMMANDERS, DISPATCHERS, EVERYONE, READERS, TEAM_SENDERS, TEAMS

R = Relation
STEP = may((R.TEAM, TEAMS))
MISSIONS = may((R.SEEN, READERS | TEAMS))
EMERGENCY: Mapping[str, Right] = {
    **dict.fromkeys(
        [
            "ReceiveMission",
            "AcknowledgeMission",
            "RefuseMission",
            "ReportEnRoute",
            "ReportOnScene",
            "ClearMission",
            "ConfirmRecall",
        ],
        STEP,
    ),
    "DispatchMission": INSIDE,
    "ListUnserved": INSIDE,
    "Subscribe": INSIDE,  # the stream of a terminal admits teams itself
    "ListMissions": MISSIONS,
    "GetMission": MISSIONS,
    "StopLadder": may((R.UNIT, COMMANDERS), (R.DESK, COMMANDERS), (R.AREA, COMMANDERS)),
    "ListAlerts": MISSIONS,
    "RecallMission": may((R.DESK, TEAM_SENDERS), (R.AREA, DISPATCHERS)),
    "ListTeamStatuses": MISSIONS,
    "SetTeamStatus": may((R.TEAM, TEAMS), (R.UNIT, COMMANDERS), (R.AREA, COMMANDERS)),
}

EACH = may((R.ANY, EVERYONE))
DIRECTORY: Mapping[str, Right] = {
    **dict.fromkeys(
        ("GetCity", "ListUnits", "GetUnit", "ListTeams", "ListCategories", "ListGrids"), EACH
    ),
    **dict.fromkeys(("LocateGrid", "CheckCity", "LoadCity"), INSIDE),
}
