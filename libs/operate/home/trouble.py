"""Trouble: an error for the person at the terminal, as one sentence with its remedy."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Trouble(Exception):
    """An error with its remedy, in English and in Chinese; shown without a traceback."""

    def __init__(self, english: str, chinese: str) -> None:
        self.english = english
        self.chinese = chinese
        super().__init__(english)

    def __str__(self) -> str:
        return self.chinese if speaks_chinese() else self.english


def speaks_chinese() -> bool:
    """Say whether the locale of this terminal is Chinese."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    return next((os.environ[name] for name in names if os.environ.get(name)), "").startswith("zh")


NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def full_disk_told(folder: Path) -> Iterator[None]:
    """Turn "no space left" into a Trouble that names the folder."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise full_disk(folder) from error


def full_disk(folder: Path) -> Trouble:
    return Trouble(
        f"The disk that holds {folder} is full: free some space there (1 GB is plenty), "
        "then run the same command again; nothing that was stored is lost.",
        f"{folder} 所在磁盘已满：请腾出空间（1 GB 足够），然后重新执行同一命令；"
        "已保存的数据不会丢失。",
    )
