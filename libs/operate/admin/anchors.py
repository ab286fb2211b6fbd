"""The file elsewhere that keeps the digests of journals, registers and archives.

One JSON object a line. The first line of a position counts: one who can only append cannot replace.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from operate.home.trouble import Trouble

# Digests by what they are of, a schema, a register or the archives of a schema, and position.
Anchors = dict[tuple[str, int], str]
Line = tuple[str, int, bytes]
# The position of an archive is its month, its digest the hash of its manifest.
ARCHIVES = "SELECT month AS position, manifest AS digest FROM archives ORDER BY month"


def archives_of(service: str) -> str:
    """The name under which the file keeps the archives of a service."""
    return f"{service}.archives"


def read(path: str) -> Anchors:
    """The anchors that the file keeps; none if there is no file yet. Raises Trouble."""
    found: Anchors = {}
    try:
        if not path or not Path(path).exists():
            return {}
        for line in filter(str.strip, Path(path).read_text().splitlines()):
            each = json.loads(line)
            found.setdefault((str(each["service"]), int(each["position"])), each["digest"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise Trouble(
            f"{path} is no file of anchors: {error!r}.", f"{path} 不是锚点文件：{error!r}。"
        ) from error
    return found


def append(path: str, lines: Iterable[Line]) -> None:
    """Append lines to the file. Raises Trouble."""
    told = [
        json.dumps({"service": of, "position": position, "digest": digest.hex()}) + "\n"
        for of, position, digest in lines
    ]
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.writelines(told)
    except OSError as error:
        raise Trouble(
            f"{path} cannot be written: {error}.", f"无法写入 {path}：{error}。"
        ) from error
