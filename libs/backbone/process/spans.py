"""Spans for OpenTelemetry: sent to the city's collector by OTLP over gRPC, where it is switched on.

The identities are those of `tracing`; the SDK only packs and sends. A collector that is away costs
nothing but its spans: they are dropped, and no call waits for it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from backbone.process import tracing
from backbone.process.tracing import Export, Span, Trace

# http:// in the open; https:// with the authorities of the machine, or those of
# OTEL_EXPORTER_OTLP_CERTIFICATE.
AUTHORITY = "OTEL_EXPORTER_OTLP_CERTIFICATE"
ADDRESS = "LIANDONG_OTLP"
LAST_WORDS_MS = 2_000


def flaw_of_address(address: str) -> str:
    """Why spans cannot be sent there; empty if they can, or if none are sent."""
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname and parts.port)
    except ValueError:
        good = False
    return "" if good else f"{ADDRESS} is {address!r}; it must be http://host:4317 or https://…"


@contextmanager
def exported(environ: Mapping[str, str], name: str) -> Iterator[None]:
    """Send the spans of this process inside the block, if the environment names a collector."""
    address = environ.get(ADDRESS, "")
    if not address:
        yield
        return
    export, close = _exporter(address, name)
    with tracing.exporting(export):
        try:
            yield
        finally:
            close()


def _exporter(address: str, name: str) -> tuple[Export, Callable[[], None]]:
    # Only here: half a second and 20 MB that a city without collector need not spend.
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    sender = OTLPSpanExporter(address, insecure=address.startswith("http:"))
    batches = BatchSpanProcessor(sender)
    resource = Resource.create({"service.name": f"liandong.{name}"})

    def context(trace: Trace | None, *, remote: bool) -> SpanContext | None:
        if trace is None:
            return None
        ids = int(trace.trace_id, 16), int(trace.span_id, 16)
        return SpanContext(*ids, is_remote=remote, trace_flags=TraceFlags(trace.flags))

    def export(piece: Span) -> None:
        batches.on_end(
            ReadableSpan(
                name=piece.name,
                context=context(piece.trace, remote=False),
                parent=context(piece.parent, remote=True),
                resource=resource,
                attributes=piece.facts,
                kind=SpanKind[piece.kind.upper()],
                status=Status(StatusCode.ERROR if piece.failed else StatusCode.UNSET),
                start_time=piece.began,
                end_time=piece.ended,
            )
        )

    def close() -> None:
        batches.force_flush(LAST_WORDS_MS)
        batches.shutdown()  # type: ignore[no-untyped-call]

    return export, close
