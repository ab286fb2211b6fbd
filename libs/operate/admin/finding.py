"""A finding of one check of `liandong doctor`."""

from dataclasses import dataclass

from operate.cli.screen import words
from operate.home.home import Home


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; `remedy` is empty if there is no problem."""

    what: str
    seen: str
    remedy: str = ""


def see_logs(home: Home) -> str:
    return words(f"see the logs in {home.logs}", f"请查看 {home.logs} 中的日志")
