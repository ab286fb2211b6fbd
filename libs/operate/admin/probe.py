"""A minimal HTTP client that asks a process whether it is ready."""

import asyncio
import json
from contextlib import suppress

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

PATIENCE = 2.0


async def flaws_of(port: int, page: str = "/readyz", of: str = "") -> list[str]:
    """The flaws of the process behind this port, or those of one service `of` the several in it;
    empty if it is well."""
    try:
        found = await told(port, page)
    except (OSError, TimeoutError, ValueError) as error:
        return [str(error)] if isinstance(error, UnknownAnswer) else ["no answer"]
    return found[of] if of in found else [flaw for flaws in found.values() for flaw in flaws]


class UnknownAnswer(ValueError):
    """An answer that is not one of a process of ours."""


async def told(port: int, page: str = "/readyz") -> dict[str, list[str]]:
    """The flaws of each service in the process. Raises OSError, TimeoutError, ValueError."""
    status, body = await asyncio.wait_for(get("127.0.0.1", port, page), PATIENCE)
    with suppress(ValueError, AttributeError, TypeError):
        return {name: list(flaws) for name, flaws in json.loads(body).items()}
    raise UnknownAnswer(f"status {status}")


async def samples(port: int, *names: str) -> list[Sample]:
    """What the process behind this port measures under these names. Raises as `told`."""
    _, body = await asyncio.wait_for(get("127.0.0.1", port, "/metrics"), PATIENCE)
    lines = [line for line in body.decode().splitlines() if line.startswith(names)]
    families = text_string_to_metric_families("\n".join([*lines, ""]))
    return [sample for family in families for sample in family.samples if sample.name in names]


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
