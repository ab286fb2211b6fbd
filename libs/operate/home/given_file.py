"""The files that a person names at the terminal."""

import sys
from pathlib import Path

from operate.home.trouble import speaks_chinese


def bytes_of(path: Path) -> bytes:
    """The whole of the file. Raises OSError.

    A pipe or the terminal ends when its writer closes it, which may never happen, so the wait is
    told. Do not call it in a thread: a process waits for its threads after Ctrl-C, too.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        english = f"{path} is no file of a disk: reading it until its end (Ctrl-C gives up) …"
        chinese = f"{path} 不是磁盘上的文件：正在读取，直到其结束（按 Ctrl-C 放弃）…"
        print(chinese if speaks_chinese() else english, file=sys.stderr, flush=True)
    return path.read_bytes()
