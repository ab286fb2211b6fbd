"""The shell's own metrics; labels are enums, never ids. Each service adds its own beside it.

A rate that begins at 1 never shows the first event: so each series begins with 0, where its process
begins, and not where it counts. What counts for an alert holds its series from the moment at which
it is made (`self._slow = LISTS_TOO_SLOW.labels(name)`); `begin` is for the others.
"""

import platform
from collections.abc import Iterable
from itertools import product

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
# For histograms with a label per service or table: a city keeps to some two thousand series.
COARSE = (0.001, 0.005, 0.025, 0.1, 0.25, 1, 5)


def begin(metric: Counter | Gauge | Histogram, *values: Iterable[object]) -> None:
    """Let all these labels begin with 0."""
    for each in product(*values):
        metric.labels(*map(str, each))


COMMANDS = Counter("liandong_commands_total", "Commands answered, by road.", ["command", "road"])
# Beside it, not in it: each command by each road with each reason would be thousands of series.
OUTCOMES = Counter(
    "liandong_outcomes_total", "Answers to commands: ACCEPTED, or why not.", ["outcome"]
)
# From the arrival of a call at the gRPC edge to its answer.
CALL_SECONDS = Histogram(
    "liandong_call_seconds", "Duration of gRPC calls.", ["kind"], buckets=SECONDS
)
# How many requests one transaction of the door carried.
BATCH_SIZE = Histogram(
    "liandong_batch_requests",
    "Requests per transaction of the door.",
    ["table"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200),
)
RELAYED = Counter("liandong_relayed_total", "Events carried from the journal to Kafka.", ["schema"])
# Grows while Kafka is away; alarm when it does not shrink.
UNSENT_AGE = Gauge("liandong_unsent_age_seconds", "Age of the oldest unsent event.", ["schema"])
# Fates: fired, busy (tried again at once), overtaken, refused or broken (tried again later).
TIMERS = Counter("liandong_timers_total", "Clocks that were due, by fate.", ["table", "fate"])
CONSUMED = Counter(
    "liandong_consumed_total",
    "Consumed records: applied, repeated, ignored, foreign, queued, parked, dead or forged.",
    ["group", "fate"],
)
# Versions that a source skipped: an event was lost on its way, or left the topic too early.
GAPS = Counter("liandong_event_gaps_total", "Events that came after a gap.", ["group"])
# 1 while a consumer stands still after too many poisons in a row: a person has to look.
STOPPED = Gauge("liandong_consumer_stopped", "Consumers stopped by poison.", ["group"])
# A refused linkage is a task for a person, never silence.
LINKS_REFUSED = Counter(
    "liandong_links_refused_total", "Linkage commands that were refused.", ["group"]
)
# An opening or an order that another service could not answer at once.
ASKED_AGAIN = Counter("liandong_asked_again_total", "Calls to other services made again.")
DEAD_LETTERS = Counter("liandong_dead_letters_total", "Records put aside as unreadable.", ["group"])
# A call or a record that no service of this installation has signed: an intruder at work.
FORGED = Counter(
    "liandong_forged_total", "Calls, records and rows that are forged.", ["what", "by"]
)
# Personal pieces of free texts that were sealed at the edge.
SEALED_SPANS = Counter("liandong_sealed_spans_total", "Personal pieces of texts sealed.")
# Sealed fields that were shown as a mark, as their key is lost.
UNOPENED_FIELDS = Counter(
    "liandong_unopened_fields_total", "Sealed fields whose key is lost, shown as a mark."
)
# The last nightly check found these; alarm when it is not 0, or when the check is over a day old.
JOURNAL_FLAWS = Gauge("liandong_journal_flaws", "Flaws of the evidence, last check.", ["schema"])
VERIFIED = Gauge("liandong_journal_verified_timestamp_seconds", "Time of the check.", ["schema"])
# Lists that were refused because a statement took too long: an index is missing for a filter.
LISTS_TOO_SLOW = Counter(
    "liandong_lists_too_slow_total", "Lists refused because a statement took too long.", ["table"]
)
# Beyond a few seconds the deadlines of calls are judged wrongly: mend the clock of the host.
CLOCK_SKEW = Gauge(
    "liandong_clock_skew_seconds", "Clock of this process minus that of the database.", ["schema"]
)
# Renewed by `liandong certificates renew`; 0 for one that is of no use.
CERTIFICATE_LEFT = Gauge(
    "liandong_certificate_seconds", "Seconds until the certificate expires.", ["service"]
)
# Readiness is told for each service: three of them may share a process.
READY = Gauge("liandong_ready", "1 while the service has no flaw, else 0.", ["service"])
# The alert asks this one: what stands still while the service serves has an alert of its own.
SERVING = Gauge("liandong_serving", "1 while the service can serve, else 0.", ["service"])
# How late the event loop is: all that runs in the process is at least as late.
LOOP_LAG = Histogram(
    "liandong_loop_lag_seconds", "How late the event loop woke a sleeper.", buckets=COARSE
)
# Requests that wait for the next transaction; at 1,000 callers wait before they are queued.
QUEUE = Gauge("liandong_batch_queue_requests", "Requests that wait for the door.", ["service"])
BATCH_SECONDS = Histogram(
    "liandong_batch_seconds", "Duration of transactions of the door.", ["table"], buckets=COARSE
)
POOL = Gauge(
    "liandong_pool_connections", "Connections to the database: busy, idle, most.",
    ["service", "state"],
)  # fmt: skip
# One try a second takes a connection as every request does.
POOL_WAIT = Histogram(
    "liandong_pool_wait_seconds", "Wait for a connection of the pool.", ["service"], buckets=COARSE
)
STATEMENT_SECONDS = Histogram(
    "liandong_statement_seconds",
    "Duration of statements in the database.",
    ["schema"],
    buckets=COARSE,
)
UNSENT = Gauge("liandong_unsent_events", "Events that Kafka has not acknowledged.", ["schema"])
MONTHS_AHEAD = Gauge(
    "liandong_journal_months_ahead", "Partitions of the journal for coming months.", ["schema"]
)
SWEPT = Gauge(
    "liandong_table_swept_timestamp_seconds",
    "Time at which the last walk through a table that is swept ended.",
    ["schema", "table"],
)
PARKED = Gauge("liandong_parked_events", "Events that wait behind a parked one.", ["group"])
LINKS_OPEN = Gauge(
    "liandong_links_unsettled", "Refused follow-ups that a person has to settle.", ["group"]
)
# Both by what the group has committed, so that a stopped or dead consumer shows, too.
LAG_RECORDS = Gauge("liandong_consumer_lag_records", "Records behind the end.", ["group"])
LAG_SECONDS = Gauge(
    "liandong_consumer_lag_seconds", "Age of the oldest record that is not settled.", ["group"]
)
# Above 0 while a broker is away: records that are written then have fewer copies than declared.
SHORT = Gauge(
    "liandong_topic_partitions_short", "Partitions with a copy that does not keep up.", ["topic"]
)
LATE = Gauge("liandong_timers_late_seconds", "How long the oldest due clock has waited.", ["clock"])
CITY_VERSION = Gauge(
    "liandong_city_version", "Version of the city pack in this copy of the directory.", ["copy"]
)
# Beside it the default metrics of the process are exported.
BUILD = Gauge("liandong_build_info", "Always 1; the labels say what runs.", ["version", "python"])


def tell_build(version: str) -> None:
    """Say which version runs here."""
    BUILD.labels(version, platform.python_version()).set(1)
