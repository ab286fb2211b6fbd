"""The list of destroyed keys: a city that is restored forgets again whom it had forgotten."""

from pathlib import Path

from operate.home.home import Home, write
from operate.home.trouble import Trouble


def lines_of(path: Path | None) -> list[str]:
    """The lines of the list of destroyed keys. Raises Trouble if it cannot be read."""
    try:
        return path.read_text().splitlines() if path else []
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(
            f"The list of destroyed keys {path} cannot be read ({error}): without it, persons "
            "who were forgotten since the backup would come back. Nothing was changed.",
            f"无法读取已销毁密钥清单 {path}（{error}）：没有它，备份之后被依法遗忘的人员"
            "将会恢复。未作任何更改。",
        ) from error


def keep(home: Home, lines: list[str]) -> None:
    """Put the lines onto the list of the home, where the care service reads it at its start."""
    path = home.path / "forgotten"
    known = path.read_text().splitlines() if path.exists() else []
    if lines:
        write(path, "".join(f"{line}\n" for line in dict.fromkeys([*known, *lines])))
