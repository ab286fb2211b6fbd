"""A minimal HTTP client that asks a process whether it is ready."""

import asyncio
import json
from contextlib import suppress

PATIENCE = 2.0


async def flaws_of(port: int, page: str = "/readyz") -> list[str]:
    """The flaws of the process behind this port; empty if it is well."""
    try:
        status, body = await asyncio.wait_for(get("127.0.0.1", port, page), PATIENCE)
    except (OSError, TimeoutError, ValueError):
        return ["no answer"]
    if status == 200:
        return []
    return reasons(body) or [f"status {status}"]


async def answers(port: int, patience: float = 1.0) -> bool:
    """Whether the process behind this port says anything at all: it is not frozen."""
    try:
        await asyncio.wait_for(get("127.0.0.1", port, "/healthz"), patience)
    except (OSError, TimeoutError, ValueError):
        return False
    return True


async def get(host: str, port: int, path: str) -> tuple[int, bytes]:
    """Return status and body. Raises OSError without an answer, ValueError if it is not HTTP."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]), body
    except IndexError:
        raise ValueError("no HTTP") from None
    finally:
        writer.close()


def reasons(body: bytes) -> list[str]:
    """The reasons in the JSON body, which lists them for each service of the process."""
    with suppress(ValueError, AttributeError):
        return [flaw for flaws in json.loads(body).values() for flaw in flaws]
    return []
