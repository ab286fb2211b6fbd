"""The metrics of workflow; labels are enums, never ids."""

from prometheus_client import Counter, Gauge

from backbone.process.metrics import begin
from services.workflow.incident.urging import Urger
from services.workflow.supervision.record import Level

# Commands sent by the direct road after a timeout of the stream or a refusal by Kafka.
HEDGES = Counter("liandong_hedges_total", "Commands that took the direct road in need.")
# Records that the stream processor has acknowledged: performed, ignored or dead.
STREAMED = Counter("liandong_streamed_total", "Records of the stream processor.", ["fate"])
# Units marked because they did not answer a supervision in time, by its level.
MARKS = Counter("liandong_supervision_marks_total", "Marks of units, by level.", ["level"])
# Urges of incidents, by the kind of the urger.
URGES = Counter("liandong_urges_total", "Urges of incidents, by urger.", ["urger"])
# Open incidents; those that are over are counted by commands.
INCIDENTS = Gauge("liandong_incidents_open", "Open incidents.", ["state", "priority"])
UNCLAIMED = Gauge(
    "liandong_incidents_unclaimed_age_seconds",
    "For how long nobody has had the oldest incident that lies in a pool or in triage.",
    ["priority"],
)
SIGN_IN_LATE = Gauge(
    "liandong_incidents_sign_in_late", "Offered incidents past their time to sign in.", ["priority"]
)
CANNOT_HEAR = Gauge(
    "liandong_supervisions_untold", "Supervisions that cannot hear where an incident comes from."
)
# 1 while commands go direct because the stream did not answer several times in a row.
BREAKER = Gauge("liandong_stream_breaker_open", "1 while commands avoid the stream, else 0.")
LANE = Gauge("liandong_stream_lane_records", "Records that an agent has in hand.", ["agent"])

STATES = ("REPORTED", "TRIAGE", "OFFERED", "CLAIMED", "HANDLING", "SUSPENDED", "RESOLVED")
PRIORITIES = ("P1", "P2", "P3", "P4")
begin(INCIDENTS, STATES, PRIORITIES)
for _each in (UNCLAIMED, SIGN_IN_LATE):
    begin(_each, PRIORITIES)
begin(MARKS, Level)
begin(URGES, Urger)
begin(STREAMED, ("performed", "ignored", "dead"))
begin(LANE, ("commands", "intake", "arrivals", "supervisions"))
