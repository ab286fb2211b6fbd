"""The gateway admits the roles that the domain admits, and no others."""

from backbone.words.actor import Actor
from backbone.words.errors import Denied
from backbone.words.rights import verifiers_of
from backbone.words.roles import (
    CALL_BACK_MAKERS,
    COMMANDERS,
    DESKS,
    EVERYONE,
    HANDLERS,
    PARTNERS,
    SUPERIORS,
    SUPERVISORS,
    TEAMS,
    VERIFIERS,
    Roles,
)
from services.alarm.receipt.record import Kind
from services.alarm.receipt.rights import require_may_receive
from services.gateway.routes import alarm, emergency, incident
from services.gateway.routes.route import Area
from tests.desks import a_desk_city

CITY = a_desk_city()


def admitted(area: Area, rpc: str) -> Roles:
    [route] = [each for each in area.routes if each.rpc == rpc]
    return route.roles


def may_receive(role: str, kind: Kind) -> bool:
    try:
        require_may_receive(Actor("li", "command", role), kind, CITY)
    except Denied:
        return False
    return True


def test_the_desk() -> None:
    takers = {role for role in EVERYONE for kind in Kind if may_receive(role, kind)}
    assert admitted(alarm.AREA, "ReceiveAlarm") == takers


def test_the_teams() -> None:
    assert admitted(emergency.AREA, "SetTeamStatus") == COMMANDERS | TEAMS


def test_the_flow() -> None:
    for rpc in ("VerifyIncident", "ReworkIncident", "CloseIncident"):
        hidden = verifiers_of("CARE") | verifiers_of("PETITION")
        assert admitted(incident.AREA, rpc) == CALL_BACK_MAKERS | hidden
    for rpc in ("RouteIncident", "DesignateUnit", "VoidIncident"):
        assert admitted(incident.AREA, rpc) == SUPERIORS | {"clerk"}
    [inbox] = [each for each in incident.AREA.routes if each.path == "/v1/inbox"]
    assert inbox.roles == HANDLERS | DESKS | VERIFIERS | SUPERIORS | SUPERVISORS | PARTNERS
