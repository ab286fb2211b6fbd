"""A minimal HTTP client that asks a process whether it is ready."""

import asyncio
import json
from contextlib import suppress
from typing import TypeAlias

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

PATIENCE = 2.0


# The metrics port of a process here, or host:port of one elsewhere.
At: TypeAlias = int | str


async def flaws_of(at: At, page: str = "/readyz", of: str = "") -> list[str]:
    """The flaws of the process there, or those of one service `of` the several in it; empty if it
    is well."""
    try:
        found = await told(at, page)
    except (OSError, TimeoutError, ValueError) as error:
        return [str(error)] if isinstance(error, UnknownAnswer) else ["no answer"]
    return found[of] if of in found else [flaw for flaws in found.values() for flaw in flaws]


class UnknownAnswer(ValueError):
    """An answer that is not one of a process of ours."""


async def told(at: At, page: str = "/readyz") -> dict[str, list[str]]:
    """The flaws of each service in the process. Raises OSError, TimeoutError, ValueError."""
    async with asyncio.timeout(PATIENCE):
        status, body = await get(*end_of(at), page)
    with suppress(ValueError, AttributeError, TypeError):
        return {name: list(flaws) for name, flaws in json.loads(body).items()}
    raise UnknownAnswer(f"status {status}")


async def samples(at: At, *names: str) -> list[Sample]:
    """What the process there measures under these names. Raises as `told`."""
    async with asyncio.timeout(PATIENCE):
        _, body = await get(*end_of(at), "/metrics")
    lines = [line for line in body.decode().splitlines() if line.startswith(names)]
    families = text_string_to_metric_families("\n".join([*lines, ""]))
    return [sample for family in families for sample in family.samples if sample.name in names]


async def answers(at: At, patience: float = 1.0) -> bool:
    """Whether the process there says anything at all: it is not frozen."""
    try:
        async with asyncio.timeout(patience):
            await get(*end_of(at), "/healthz")
    except (OSError, TimeoutError, ValueError):
        return False
    return True


def end_of(at: At) -> tuple[str, int]:
    host, _, port = f"127.0.0.1:{at}".rpartition(":") if isinstance(at, int) else at.rpartition(":")
    return host.strip("[]"), int(port)


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
