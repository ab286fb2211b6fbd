"""The front desk: receipts, their five ways to end, dispatching, call-backs and reveals."""

from backbone.words.roles import READERS
from liandong.alarm.v1 import alarm_service_pb2 as pb
from services.gateway.routes.route import Area, get, post

ONE = "/v1/receipts/{receipt_id}"
# The receipts of one incident, for the unit that has it.
REPORTS = "/v1/incidents/{incident_id}/reports"
TICKET = "/v1/tickets/{ticket_id}"

AREA = Area(
    "Receipts",
    "alarm",
    pb.DESCRIPTOR.services_by_name["AlarmService"],
    (
        post("/v1/receipts", "ReceiveAlarm", status=201),
        get(
            "/v1/receipts",
            "ListReceipts",
            query={"from": "from_time", "to": "to_time", "grid": "area"},
        ),
        get(REPORTS, "ListReceipts", READERS),
        get(ONE, "GetReceipt"),
        post(f"{ONE}:amend", "AmendReceipt"),
        post(f"{ONE}:classify", "ClassifyReceipt"),
        post(f"{ONE}:confirmClass", "ConfirmClass"),
        post(f"{ONE}:open", "OpenIncident"),
        post(f"{ONE}:link", "LinkRepeat"),
        post(f"{ONE}:unlink", "UnlinkRepeat"),
        post(f"{ONE}:answer", "AnswerAtDesk"),
        post(f"{ONE}:pass", "PassTo12345"),
        post(f"{ONE}:refer", "ReferToMediation"),
        post(f"{ONE}:markInvalid", "MarkInvalid"),
        post(f"{ONE}:undoInvalid", "UndoInvalid", by_another=True),
        post(f"{ONE}:dispatch", "DispatchNow", status=202),
        post(f"{ONE}:callBack", "RecordCallBack"),
        post(f"{ONE}:close", "CloseReceipt"),
        get("/v1/tickets", "ListTickets"),
        get(TICKET, "GetTicket"),
        post(f"{TICKET}:answer", "AnswerTicket"),
        post(f"{TICKET}:refuse", "RefuseTicket"),
        post(f"{ONE}:reveal", "RevealCaller", reveals="receipt_id"),
    ),
)
