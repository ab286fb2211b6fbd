"""The metrics of emergency; labels are enums, never teams, persons or missions."""

from prometheus_client import Counter, Gauge, Histogram

PUSHES = Counter(
    "liandong_mission_pushes_total",
    "Mailbox entries written: first pushes and repeats.",
    ["priority", "exercise", "repeat"],
)
# Seconds from the mailbox entry, in the dispatching transaction, to the frame on an open stream.
FRAME_SECONDS = Histogram(
    "liandong_push_frame_seconds",
    "Release of a mission to its frame on a stream that was open.",
    ["priority"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10),
)
TERMINALS = Gauge("liandong_terminals_connected", "Terminals with an open stream.")
# Slow readers that were disconnected; they lose no message, as they resume with their cursor.
DROPPED = Counter("liandong_terminals_dropped_total", "Streams that were ended.", ["reason"])
WAITING = Gauge("liandong_missions_unanswered", "Missions that are not signed for.", ["state"])
OVERDUE = Gauge("liandong_missions_overdue", "Unanswered missions past their acknowledge_by.")
