"""The files that a person names at the terminal."""

import sys
from pathlib import Path

from operate.home.trouble import speaks_chinese


def bytes_of(path: Path) -> bytes:
    """The whole of the file. Raises OSError.

    A pipe or the terminal ends only when whoever writes into it says so, which may never come: the
    wait is told. Not to be called in a thread, for which a process waits after Ctrl-C, too.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        english = f"{path} is no file of a disk: reading it until its end (Ctrl-C gives up) …"
        chinese = f"{path} 不是磁盘上的文件：正在读取，直到其结束（按 Ctrl-C 放弃）…"
        print(chinese if speaks_chinese() else english, file=sys.stderr, flush=True)
    return path.read_bytes()
