"""Places of what outlives the home: backups, archives, copies of the keys, exports."""

from pathlib import Path

from operate.home.trouble import Trouble


def demand_outside(home: Path, place: Path) -> None:
    """Raise Trouble for a place in the home, also behind a link: it would be lost with it, and a
    name there may be that of a file of the home."""
    if resolved(place).is_relative_to(resolved(home)):
        raise Trouble(
            f"{place} lies in {home}, and would be lost with it: name a place outside, best on "
            "another disk.",
            f"{place} 位于 {home} 之内，会随其一同丢失：请指定其外的位置，最好在另一块磁盘上。",
        )


def resolved(path: Path) -> Path:
    """The path behind all links. Raises Trouble for links in a circle, or a folder that this user
    may not enter."""
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:
        raise Trouble(
            f"{path} cannot be used ({error}): name another place.",
            f"无法使用 {path}（{error}）：请换一个位置。",
        ) from error
