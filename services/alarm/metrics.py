"""The metrics of the front desk; labels are enums, never ids."""

from prometheus_client import Counter

from backbone.process.metrics import begin
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent

EVENTS = Counter(
    "liandong_receipt_events_total",
    "What happened to receipts: received, and each of the ways to end among them.",
    ["event"],
)
SUGGESTED = Counter(
    "liandong_receipt_suggestions_total", "Receipts with a likely repeat, or none.", ["found"]
)
OPENINGS = Counter(
    "liandong_receipt_openings_total",
    "Incidents asked for at the desk: answered at once, or pending.",
    ["answer"],
)
DISPATCHES = Counter(
    "liandong_receipt_dispatches_total",
    "Orders of the desk: delivered, refused by the emergency service, or pending.",
    ["answer"],
)

begin(EVENTS, [each.name for each in AlarmEvent.DESCRIPTOR.oneofs_by_name["kind"].fields])
begin(SUGGESTED, ("repeat", "none"))
begin(OPENINGS, ("answered", "pending"))
begin(DISPATCHES, ("delivered", "refused", "pending"))
