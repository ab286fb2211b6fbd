"""Runs a command and prints any error, expected or not, as one sentence."""

import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from operate.cli.screen import tell
from operate.home.trouble import Trouble


def run(work: Callable[[], int | None]) -> int:
    """Run the work; return its exit code, or 1 after printing the error that it raised."""
    try:
        return work() or 0
    except Exception as error:  # noqa: BLE001 - a person at a terminal reads sentences
        tell(trouble_in(error) or unforeseen(error))
        return 1


def trouble_in(error: BaseException) -> Trouble | None:
    """The first Trouble in the error, or in its exception group; None if there is none."""
    if isinstance(error, Trouble):
        return error
    if was_typed_in_another_encoding(error):
        return Trouble(
            "Something that was typed, or read, is not in UTF-8: set the terminal to UTF-8. "
            "Nothing of it was used.",
            "输入的内容不是 UTF-8 编码：请将终端设为 UTF-8。该内容未被使用。",
        )
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(trouble_in, error.exceptions)), None)
    return None


def was_typed_in_another_encoding(error: BaseException | None) -> bool:
    """Whether it failed for the bytes that Python keeps where an argument or a line is no UTF-8."""
    while error is not None:
        if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
            return True
        error = error.__cause__ or error.__context__
    return False


def unforeseen(error: Exception) -> Trouble:
    """The sentence for an unexpected error; its traceback goes to a file, and with --debug here."""
    details = "".join(traceback.format_exception(error))
    if os.environ.get("LIANDONG_LOG", "").upper() == "DEBUG":
        print(details, file=sys.stderr)
    kept, first = keep(details), leaf(error)
    said = f"{type(first).__name__}: {first}"
    return Trouble(
        f"Unexpected error: {said}. The details are in {kept}; "
        "`liandong --debug …` prints them here.",
        f"出现未预料的错误：{said}。详情已写入 {kept}；liandong --debug … 可直接显示。",
    )


def leaf(error: BaseException) -> BaseException:
    return leaf(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def keep(details: str) -> Path:
    """Append the details to logs/commands.log, or write a temporary file; return its path."""
    told = f"{datetime.now(UTC).isoformat()} {' '.join(sys.argv)}\n{details}\n"
    log = Path(os.environ.get("LIANDONG_HOME") or ".run").absolute() / "logs" / "commands.log"
    try:
        with log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(told)
    except OSError:
        descriptor, name = tempfile.mkstemp(prefix="liandong-", suffix=".log")
        log = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(told)
    return log
