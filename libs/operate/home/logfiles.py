"""The logs of the children: bounded, whatever happens, without stopping whoever writes them."""

import shutil
from pathlib import Path

MOST = 50 * 1024 * 1024


def trim(folder: Path) -> None:
    """Move the content of each long log aside; its writer appends, so it goes on at the start."""
    for log in folder.glob("*.log"):
        if log.stat().st_size > MOST:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            with log.open("r+b") as file:
                file.truncate(0)
