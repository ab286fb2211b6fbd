"""The metrics of the gateway; labels are enums and route names, never ids."""

from prometheus_client import Counter, Gauge, Histogram

from backbone.process.metrics import SECONDS, begin

# Seconds from the request's head to the answer's head; without streams.
# By few labels, so that each may have many buckets.
HTTP_SECONDS = Histogram(
    "liandong_http_seconds", "Duration of HTTP requests.", ["method", "class"], buckets=SECONDS
)
# Refusals by the gateway and by services; why, the log says.
PROBLEMS = Counter("liandong_http_problems_total", "Answers that refuse.", ["status"])
LIMITED = Counter("liandong_http_limited_total", "Requests over a rate limit.", ["kind"])
SIGN_INS = Counter("liandong_sign_ins_total", "Attempts to sign in.", ["outcome"])
REVEALS = Counter("liandong_reveals_total", "Disclosures of personal data on record.", ["what"])
CONNECTIONS_OPEN = Gauge("liandong_connections_open", "Open connections of clients.")
CONNECTIONS_CLOSED = Counter(
    "liandong_connections_closed_total", "Connections closed by the front door.", ["reason"]
)
STREAMS_DROPPED = Counter("liandong_streams_dropped_total", "Streams of readers too slow.")
STREAMS = Gauge("liandong_streams_open", "Open event streams.", ["kind"])
CHANGES = Counter(
    "liandong_changes_total", "Events read for live changes: shown, unknown kind, unreadable.",
    ["fate"],
)  # fmt: skip
RESETS = Counter("liandong_stream_resets_total", "Streams that could not be resumed.", ["cause"])

begin(HTTP_SECONDS, ("GET", "POST"), ("2xx", "4xx", "5xx"))
begin(PROBLEMS, (400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 500, 501, 503))
begin(RESETS, ("unknown", "lost"))
begin(SIGN_INS, ("accepted", "refused"))
begin(LIMITED, ("person", "key", "public", "sign_in", "guessing"))
begin(CHANGES, ("known", "unknown", "unreadable"))
