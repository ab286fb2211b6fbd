"""The front desk: receipts, their five ways to end, dispatching, call-backs and reveals."""

from backbone.words.roles import (
    ANSWERERS,
    AUDITORS,
    CALLER_REVEALERS,
    DESKS,
    HANDLERS,
    PARTNERS,
    READERS,
    TAKERS,
    TEAM_SENDERS,
)
from liandong.alarm.v1 import alarm_service_pb2 as pb
from services.gateway.routes.route import Area, get, post

ONE = "/v1/receipts/{receipt_id}"
# The receipts of one incident, for the unit that has it.
REPORTS = "/v1/incidents/{incident_id}/reports"
TICKET = "/v1/tickets/{ticket_id}"

REVEALERS = CALLER_REVEALERS | HANDLERS | AUDITORS

AREA = Area(
    "Receipts",
    "alarm",
    pb.DESCRIPTOR.services_by_name["AlarmService"],
    (
        post("/v1/receipts", "ReceiveAlarm", TAKERS | PARTNERS, status=201),
        get(
            "/v1/receipts",
            "ListReceipts",
            READERS | PARTNERS,
            query={"from": "from_time", "to": "to_time", "grid": "area"},
        ),
        get(REPORTS, "ListReceipts", READERS),
        get(ONE, "GetReceipt", READERS | PARTNERS),
        post(f"{ONE}:amend", "AmendReceipt", TAKERS),
        post(f"{ONE}:classify", "ClassifyReceipt", TAKERS),
        post(f"{ONE}:confirmClass", "ConfirmClass", TAKERS),
        post(f"{ONE}:open", "OpenIncident", TAKERS),
        post(f"{ONE}:link", "LinkRepeat", TAKERS),
        post(f"{ONE}:unlink", "UnlinkRepeat", TAKERS),
        post(f"{ONE}:answer", "AnswerAtDesk", TAKERS),
        post(f"{ONE}:pass", "PassTo12345", TAKERS),
        post(f"{ONE}:refer", "ReferToMediation", TAKERS),
        post(f"{ONE}:markInvalid", "MarkInvalid", TAKERS),
        post(f"{ONE}:undoInvalid", "UndoInvalid", TAKERS),
        post(f"{ONE}:dispatch", "DispatchNow", TEAM_SENDERS, status=202),
        post(f"{ONE}:callBack", "RecordCallBack", TAKERS),
        post(f"{ONE}:close", "CloseReceipt", TAKERS),
        get("/v1/tickets", "ListTickets", ANSWERERS),
        get(TICKET, "GetTicket", ANSWERERS),
        post(f"{TICKET}:answer", "AnswerTicket", ANSWERERS | DESKS),
        post(f"{TICKET}:refuse", "RefuseTicket", ANSWERERS | DESKS),
        post(f"{ONE}:reveal", "RevealCaller", REVEALERS, reveals="receipt_id"),
    ),
)
