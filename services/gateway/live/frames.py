"""The text of server-sent events."""

# Tells clients to wait 1 s before they reconnect.
RETRY = b"retry: 1000\n\n"


def frame(event: str, data: bytes = b"", cursor: str | None = None) -> bytes:
    """One event; the data must be a single line."""
    said = b"" if cursor is None else b"id: " + cursor.encode() + b"\n"
    return said + b"event: " + event.encode() + b"\ndata: " + data + b"\n\n"
