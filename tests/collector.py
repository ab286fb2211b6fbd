"""A collector of spans, as a city has one: takes what services send it, and keeps the bytes."""

from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


class Collector(grpc.GenericRpcHandler):
    """Appends each message to a file, as it came."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def service(self, handler_call_details: Any) -> Any:
        if handler_call_details.method != EXPORT:
            return None
        return grpc.unary_unary_rpc_method_handler(self._export)

    def _export(self, message: bytes, context: Any) -> bytes:
        with self._file.open("ab") as file:
            file.write(message)
        return b""  # an answer without a word


@contextmanager
def collecting(file: Path) -> Iterator[dict[str, str]]:
    """The variables by which a city sends its spans into the file, soon."""
    server = grpc.server(futures.ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((Collector(file),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield {"LIANDONG_OTLP": f"http://127.0.0.1:{port}", "OTEL_BSP_SCHEDULE_DELAY": "1000"}
    finally:
        server.stop(None).wait()
