"""Files that `liandong up` has written, as far as they are whole."""

import json
from pathlib import Path
from typing import Any

from operate.home.trouble import Trouble


def read_own(path: Path) -> dict[str, Any]:
    """A file that `up` has written. Raises Trouble for what a full disk or a hand has left of it:
    an option of before, such as --no-demo, is not to be lost in silence."""
    try:
        found = json.loads(path.read_text())
    except ValueError as error:
        raise damaged(path) from error
    if not isinstance(found, dict):
        raise damaged(path)
    return found


def damaged(path: Path) -> Trouble:
    return Trouble(
        f"{path} is damaged: put a copy of it back, or remove it, and say the options of "
        "`liandong up` again (--no-demo, --split, --scale): it is written anew.",
        f"{path} 已损坏：请放回其副本；或将其删除，并在 liandong up 时重新给出选项"
        "（--no-demo、--split、--scale），系统会重新生成。",
    )
