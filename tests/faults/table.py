"""The table of the faults, in Markdown: printed line by line, and written whole."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil

from tests.faults.playing import Row

HEAD = (
    "| fault | what users saw | longest wait | back after | lost, doubled | alert |\n"
    "|---|---|---|---|---|---|"
)
TITLE = "# What each fault does to a living city"


def line(row: Row) -> str:
    alerts = ", ".join(f"{alert} after {seconds:.0f} s" for alert, seconds in row.alerts)
    beside = f"; beside it {', '.join(row.beside)}" if row.beside else ""
    cells = (
        row.fault,
        row.saw,
        f"{row.longest:.1f} s",
        f"{row.recovered:.1f} s",
        f"{row.lost}, {row.doubled}",
        (alerts or "none") + beside,
    )
    return f"| {' | '.join(cells)} |"


def written(rows: Sequence[Row], path: Path) -> None:
    """Replace the table of a document, and the line that says when and where it was made."""
    head, _, rest = path.read_text().partition("\n## The table\n")
    _, mark, after = rest.partition("\n## ")
    table = "\n".join([HEAD, *map(line, rows)])
    path.write_text(f"{head}\n## The table\n\n{machine()}\n\n{table}\n{mark}{after}")


def machine() -> str:
    """When and on what machine the faults were played."""
    room = psutil.virtual_memory().total / 2**30
    return (
        f"Played on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC by `make faults`: {os.cpu_count()} "
        f"processors ({platform.machine()}), {room:.0f} GiB, {platform.system()} "
        f"{platform.release()}, {os.getloadavg()[1]:.0f} processes in its queue before."
    )
