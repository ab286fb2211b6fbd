"""Followers of events that apply nothing and never stop: the gateway's, the stream processor, and
the copies of the directory. Their processes tell of them, and not the service of operations."""

import asyncio
from typing import Any

from operate.admin import probe, topics
from operate.home import elsewhere
from operate.home.ports import STREAM
from operate.run.installation import Installation

# The loop of a follower, by the end of the group's name; readiness says when it stands still.
LOOPS = {"changes": "changes", "directory": "directory", "stream": ""}
LAG = "liandong_consumer_lag_seconds"


def is_follower(group: str) -> bool:
    return group.partition(".")[2] in LOOPS


async def rows(installation: Installation) -> tuple[list[dict[str, Any]], list[str]]:
    """How each of them stands, and the processes that do not answer."""
    wanted = {group: of for group, of in followed().items() if is_follower(group)}
    answers = await asyncio.gather(*(_row(installation, *each) for each in wanted.items()))
    silent = [name for _, names in answers for name in names]
    return [row for row, _ in answers if row], [*dict.fromkeys(silent)]


def followed() -> dict[str, list[str]]:
    """The declared groups, each with its topics."""
    declared = topics.read()
    found: dict[str, list[str]] = {}
    for topic in declared.topics:
        for dead in declared.dead:
            if dead.startswith(f"{topic.name}."):
                group = dead.removeprefix(f"{topic.name}.").removesuffix(".dead")
                found.setdefault(group, []).append(topic.name)
    return found


async def _row(
    installation: Installation, group: str, of: list[str]
) -> tuple[dict[str, Any] | None, list[str]]:
    """The row, as of the other consumers, and the processes of the group that do not answer."""
    service, _, kind = group.partition(".")
    process = STREAM if group == "workflow.stream" else service
    lags, stopped, silent = [], False, []
    for name, address in (await elsewhere.metrics_of(installation.home, process)).items():
        try:
            flaws, samples = await probe.told(address), await probe.samples(address, LAG)
        except (OSError, TimeoutError, ValueError):
            silent.append(name)
            continue
        stopped |= f"{LOOPS[kind]} stands still" in flaws.get(process, ())
        lags += [each.value for each in samples if each.labels.get("group") == group]
    row = {
        "service": service,
        "group": group,
        "topic": ", ".join(of),
        "stopped": stopped,
        "lag_seconds": round(max(lags), 1) if lags else None,
        "parked": 0,
        "refused": 0,
    }
    return (None if silent else row), silent
