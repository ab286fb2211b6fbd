"""The metrics of emergency; labels are enums, never teams, persons or missions."""

from prometheus_client import Counter, Gauge, Histogram

from backbone.process.metrics import begin

PUSHES = Counter(
    "liandong_mission_pushes_total",
    "Mailbox entries written: first pushes and repeats.",
    ["priority"],
)
# Seconds from the mailbox entry, in the dispatching transaction, to the frame on an open stream.
FRAME_SECONDS = Histogram(
    "liandong_push_frame_seconds",
    "Release of a mission to its frame on a stream that was open.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10),
)
# From the request at the gateway, by the clocks of both hosts, to the frame on an open stream.
ORDER_SECONDS = Histogram(
    "liandong_order_frame_seconds",
    "Press of the key to the frame, of orders that this process took.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10),
)
TERMINALS = Gauge("liandong_terminals_connected", "Terminals with an open stream.")
# Slow readers that were disconnected; they lose no message, as they resume with their cursor.
DROPPED = Counter("liandong_terminals_dropped_total", "Streams that were ended.", ["reason"])
RUNG = Counter(
    "liandong_ladder_rungs_total",
    "Rungs fired because a team did not answer; 8+ are the repeats of the usual ladder.",
    ["rung"],
)
LATENESS = Histogram(
    "liandong_ladder_lateness_seconds",
    "From the time at which a rung was due to its event.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1, 2.5, 5, 10),
)
CALLS = Counter(
    "liandong_telephone_messages_total",
    "Tries to reach a person by telephone, by what became of them.",
    ["channel", "fate"],
)
BREAKER = Gauge(
    "liandong_telephone_down", "1 while a channel is left out after failures.", ["channel"]
)
WAITING = Gauge("liandong_missions_unanswered", "Missions that are not signed for.", ["state"])
OVERDUE = Gauge("liandong_missions_overdue", "Unanswered missions past their acknowledge_by.")

ON_RUNG = Gauge(
    "liandong_missions_on_rung", "Unanswered missions by the rung that they have reached.", ["rung"]
)

RUNGS = (*map(str, range(1, 8)), "8+")
FATES = ("SENT", "RETRY", "FAILED", "DROPPED", "DETOUR")
PRIORITIES = ("P1", "P2", "P3", "P4")
CHANNELS = ("SMS", "VOICE")
begin(RUNG, RUNGS)
begin(ON_RUNG, ["0", *RUNGS])
begin(BREAKER, CHANNELS)
begin(CALLS, CHANNELS, FATES)
begin(PUSHES, PRIORITIES)
begin(DROPPED, ("REPLACED", "SLOW"))
begin(WAITING, ("PENDING", "DELIVERED"))
