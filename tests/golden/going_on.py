"""One more legal command for each aggregate that a release has left open."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from backbone.door.request import Request
from backbone.words.actor import Actor
from services.alarm.receipt.call_back import RecordCallBack
from services.alarm.receipt.called_back import Finding
from services.alarm.receipt.ending import AnswerAtDesk
from services.dispute.dispute.mediation import CloseDispute, HoldSession
from services.dispute.dispute.parties import NameParties
from services.emergency.mission.record import Team
from services.emergency.mission.steps import ClearMission, Crew
from services.emergency.team.status import Duty, SetTeamStatus
from services.petition.petition.acceptance import DeclinePetition
from services.petition.petition.handling import ClosePetition, RecordProgress
from services.population.care_case.ending import EndCareCase, SealCareCase
from services.workflow.incident.claiming import ClaimIncident
from services.workflow.incident.closing import VerifyIncident
from services.workflow.incident.handling import ReportProgress
from services.workflow.incident.routing import DesignateUnit
from services.workflow.supervision.lifting import LiftSupervision
from tests.golden.people import COMMAND, MARKET

CITY = "990100"
DISPATCHER = Actor("dispatcher.990100-command", COMMAND, "dispatcher", CITY)
STEP = "录入一步"


def incident(found: Any) -> Any:
    charge = found.charge
    clerk = Actor(charge.holder or "another clerk", charge.unit, "clerk", charge.unit[:9])
    match found.state:
        case "TRIAGE":
            return DesignateUnit(DISPATCHER, MARKET, STEP)
        case "OFFERED":
            return ClaimIncident(clerk)
        case "CLAIMED" | "HANDLING":
            return ReportProgress(clerk, STEP, public=True)
        case "RESOLVED":
            desk = found.matter.desk
            # A receptionist sees no need of care, and a head verifies no alarm.
            role = "head" if found.matter.source == "CARE" else "receptionist"
            return VerifyIncident(Actor("another", desk, role, desk[:6]), "YES")
    return None


def receipt(found: Any) -> Any:
    if found.state == "RECEIVED":
        return AnswerAtDesk(DISPATCHER, "已答复")
    return RecordCallBack(DISPATCHER, Finding.SATISFIED)


def petition(found: Any) -> Any:
    clerk = Actor("clerk", found.desk, "clerk", found.desk[:6])
    match found.state:
        case "REGISTERED":
            return DeclinePetition(clerk, "属诉讼途径", "人民法院")
        case "ACCEPTED" | "ASSIGNED" | "HANDLING":
            return RecordProgress(clerk, STEP, public=True)
        case "REPLIED":
            return ClosePetition(clerk)
    return None


def dispute(found: Any) -> Any:
    mediator = Actor("mediator", found.desk, "mediator", found.desk[:9])
    match found.state:
        case "REGISTERED":
            return NameParties(mediator, found.filing.parties, ("a name for texts",))
        case "ACCEPTED" | "ROUTED" | "MEDIATING":
            return HoldSession(mediator, STEP)
        case "AGREED" | "FAILED":
            return CloseDispute(mediator)
    return None


def mission(found: Any) -> Any:
    if found.ending:
        return None
    return ClearMission(Crew("member", found.order.team, found.release.unit), STEP)


def team(found: Any) -> Any:
    of = Team(found.unit, found.area)
    return SetTeamStatus(DISPATCHER, "", found.team, of, Duty.OUT_OF_SERVICE, f"{found.note}。")


def care_case(found: Any) -> Any:
    head = Actor("head", found.charge.unit, "head", found.charge.area)
    match found.state:
        case "SENT" | "ACTIVE":
            return EndCareCase(head, STEP)
        case "ENDED":
            return SealCareCase(head)
    return None


def supervision(found: Any) -> Any:
    if found.state == "LIFTED":
        return None
    return LiftSupervision(Actor("leader", found.unit, "leader", found.area), STEP, STEP)


NEXT = {
    "incidents": incident,
    "supervisions": supervision,
    "receipts": receipt,
    "petitions": petition,
    "disputes": dispute,
    "missions": mission,
    "team_statuses": team,
    "care_cases": care_case,
}


def asked(found: Any, command: Any, **more: Any) -> Request[Any]:
    """A request that lives a minute."""
    parts = {
        "request_id": uuid4(),
        "body_hash": "",
        "actor": Actor("someone"),
        "deadline": datetime.now(UTC) + timedelta(minutes=1),
        "call": "golden",
        "expected_version": None,
        **more,
    }
    return Request(aggregate_id=found.id, command=command, **parts)
