"""The gateway lets in whom the domain lets act, and nobody whom it refuses for the role alone."""

from backbone.words.roles import DISPATCHERS, TEAMS, VERIFIERS, Roles
from services.alarm.receipt.rights import MAY_DISPATCH, MAY_RECEIVE, MAY_REVEAL
from services.emergency.team.status import MAY_SET_OTHERS
from services.gateway.routes import alarm, emergency, incident
from services.gateway.routes.route import Area
from services.workflow.incident import closing


def admitted(area: Area, rpc: str) -> Roles:
    [route] = [each for each in area.routes if each.rpc == rpc]
    return route.roles


def test_the_desk() -> None:
    assert admitted(alarm.AREA, "ReceiveAlarm") == frozenset(MAY_RECEIVE)
    assert admitted(alarm.AREA, "DispatchNow") == MAY_DISPATCH
    assert admitted(alarm.AREA, "RevealCaller") == MAY_REVEAL


def test_the_teams() -> None:
    assert admitted(emergency.AREA, "SetTeamStatus") == MAY_SET_OTHERS | TEAMS


def test_the_flow() -> None:
    assert closing.VERIFIERS == VERIFIERS
    for rpc in ("VerifyIncident", "ReworkIncident", "CloseIncident"):
        assert admitted(incident.AREA, rpc) == closing.VERIFIERS
    for rpc in ("RouteIncident", "VoidIncident"):
        assert admitted(incident.AREA, rpc) == DISPATCHERS == {"dispatcher"}
