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


def demand(path: str, kept: Anchors, *, begin: bool) -> None:
    """Raise Trouble for a file that is missing or empty, unless it is begun now: a check that
    compares nothing finds nothing, also where someone has removed the file. Nor is one begun that
    has anchors."""
    if begin and (not path or kept):
        raise Trouble(
            f"--begin is for a new file of anchors: {path} has {len(kept)}, leave it out."
            if path
            else "--begin needs the file that it begins: --anchors FILE.",
            f"--begin 只用于新的锚点文件：{path} 中已有 {len(kept)} 条，请去掉该选项。"
            if path
            else "--begin 须同时给出文件：--anchors 文件。",
        )
    if path and not kept and not begin:
        raise Trouble(
            f"{path} is missing or has no anchors: nothing would be compared. If it is a new file, "
            "say --begin once; if there was one, find out what became of it first.",
            f"{path} 不存在，或其中没有锚点：无从比对。如为新文件，请加 --begin 一次；"
            "如原先已有，请先查明其去向。",
        )


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
