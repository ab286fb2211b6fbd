"""What to start and how to stop it: one record, used by the supervisor and by the tests alike."""

import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from operate.home.trouble import Trouble, full_disk


@dataclass(frozen=True, slots=True)
class Launch:
    """A command line; `env` is added to the environment, `log` takes both outputs."""

    argv: list[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 10.0


def last_words(log: Path, lines: int = 8, since: int = 0) -> str:
    """The end of a log, for the sentence that tells why something did not start."""
    if not log.exists():
        return "(nothing was said)"
    with log.open("rb") as file:
        file.seek(max(since, log.stat().st_size - 10_000))
        text = file.read().decode(errors="replace")
    return "\n".join(text.splitlines()[-lines:]) or "(nothing was said)"


def run_once(launch: Launch, what: str, timeout: float = 120) -> None:
    """Run a command to its end; its output goes to the log. Raises Trouble when it fails."""
    start = launch.log.stat().st_size if launch.log.exists() else 0
    with launch.log.open("ab") as log:
        done = subprocess.run(launch.argv, stdout=log, stderr=log, timeout=timeout, check=False)
    if done.returncode != 0:
        raise failure(what, f"exit code {done.returncode}", launch.log, start)


def failure(what: str, manner: str, log: Path, since: int) -> Trouble:
    """The sentence for a program that failed, with its last words."""
    words = last_words(log, since=since)
    if "No space left on device" in words:
        return full_disk(log)
    return Trouble(
        f"{what} does not start ({manner}). The end of {log}:\n{words}",
        f"{what} 无法启动({manner})。{log} 的末尾:\n{words}",
    )
