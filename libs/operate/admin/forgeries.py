"""The findings of doctor about rows that no service of this installation has written, and calls
that none has signed: the processes count them, and each count stands until its process begins anew.

Forged records in Kafka are dead letters, which a person acknowledges (`waiting_findings`).
"""

import asyncio
from collections import Counter
from collections.abc import Mapping

from backbone.process.settings import PORTS
from operate.admin import probe
from operate.admin.finding import Finding
from operate.cli.screen import words
from operate.home import elsewhere
from operate.home.copies import service_of
from operate.home.home import Home, read_state
from operate.run.installation import Installation
from operate.run.programs import groups_of

TOTAL = "liandong_forged_total"
RECORD = "record"
# The words for each kind of forgery, English and Chinese, and the command that shows it.
SHOWN = {
    "row": ("forged rows", "伪造的数据行", "liandong verify"),
    "journal": ("forged events of journals", "伪造的日志事件", "liandong verify"),
}


async def forgeries(home: Home) -> list[Finding]:
    """One finding for each process and kind; a process that does not answer is told elsewhere."""
    asked = await _places(home)
    counts = await asyncio.gather(*(_counted(address) for address in asked.values()))
    return [
        finding_of(home, names, what, count)
        for names, counted in zip(asked, counts, strict=True)
        for what, count in sorted(counted.items())
        if count and what != RECORD
    ]


async def _places(home: Home) -> dict[tuple[str, ...], str]:
    """The names in each process, and where it tells of itself."""
    if elsewhere.runner_of(home):
        found = await asyncio.gather(*(elsewhere.metrics_of(home, service) for service in PORTS))
        return {(name,): address for each in found for name, address in each.items()}
    running = read_state(home).get("processes", {})
    groups = [names for names in groups_of(Installation.here(home)) if names[0] in running]
    return {names: f"127.0.0.1:{home.ports.metrics(names[0])}" for names in groups}


async def _counted(address: str) -> Mapping[str, int]:
    try:
        samples = await probe.samples(address, TOTAL)
    except (OSError, TimeoutError, ValueError):
        return {}
    found: Counter[str] = Counter()
    for each in samples:
        found[each.labels["what"]] += int(each.value)
    return found


def finding_of(home: Home, names: tuple[str, ...], what: str, count: int) -> Finding:
    label, runner = "+".join(names), elsewhere.runner_of(home)
    log = f"grep call.forged {home.logs / f'{label}.log'}"
    log = f"{runner.log(label)} | grep call.forged" if runner else log
    calls = ("forged calls", "伪造的调用", log)
    english, chinese, shows = SHOWN.get(what, calls)
    services = [service_of(name) for name in names if service_of(name) in PORTS]
    return Finding(
        words("forged", "伪造"),
        words(
            f"{label} has met {count} {english} since its start (docs/runbook.md, Forged)",
            f"{label} 自启动以来遇到 {count} 个{chinese}（见 docs/runbook.md Forged）",
        ),
        f"{shows}; {runner.restart(label) if runner else f'liandong restart {services[0]}'}",
    )
