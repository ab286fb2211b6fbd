"""The files and folders of a home, each of which must be what its name says.

A mount or a hand puts a folder in the place of a file, and the other way round.
"""

from collections.abc import Iterator
from pathlib import Path

from operate.home.trouble import Trouble

FILES = (
    *("secret", "lock", "state.json", "choices.json", "run.json", "signers.json", "forgotten"),
    *("demo-ended", "prometheus-targets.json"),
)
FOLDERS = ("logs", "held", "postgres", "postgres/data", "kafka", "kafka/data", "certificates")


def is_own(name: str) -> bool:
    """Whether a city has put it into its home; a name with an ending is one that was put aside."""
    known = {each.partition(".")[0] for each in (*FILES, *FOLDERS, "watch")}
    return name.startswith(".") or name == "lost+found" or name.partition(".")[0] in known


def demand_kinds(home: Path) -> None:
    """Raise Trouble for the first file or folder of the wrong kind. `up` makes a missing one."""
    for path in _files(home):
        if _is_there(path) and not path.is_file():
            raise _wrong(path, "file", "文件")
    for path in (home / name for name in FOLDERS):
        if _is_there(path) and not path.is_dir():
            raise _wrong(path, "folder", "文件夹")


def _files(home: Path) -> Iterator[Path]:
    yield from (home / name for name in FILES)
    for folder, which in (("held", "*"), ("logs", "*.log")):
        if (home / folder).is_dir():
            yield from sorted((home / folder).glob(which))


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _wrong(path: Path, kind: str, chinese: str) -> Trouble:
    if not path.exists():
        return Trouble(
            f"{path} is a link to nothing: bring back the {kind} that it names, or remove it.",
            f"{path} 是失效的链接：请恢复其所指的{chinese}，或将其删除。",
        )
    copy = path.name == "secret"
    english = ", put a copy of the keys in its place" if copy else ""
    return Trouble(
        f"{path} must be a {kind}, and is something else: move it away{english}, then run the same "
        "command again.",
        f"{path} 应为{chinese}，现在却不是：请将其移走{'，放回密钥副本' if copy else ''}，"
        "然后重新执行同一命令。",
    )
