"""The stages of a command inside each process: a sampling profiler beside a stretch of B18.

py-spy reads the stacks of a process from outside. A sample belongs to the stage of its innermost
frame that a rule below knows, so the driver's time under the door is the door's. The share of the
samples is then the share of the process's own time that the operating system has counted.
"""

import asyncio
import re
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

PER_SECOND = 200
LONGEST = 120  # seconds; a recording is ended with its stretch
OTHER = "event loop, sockets and what no stage names"
SEALING = "sealing, and the search of texts"
# The first rule that fits a frame `function (file:line)` names its stage.
RULES: tuple[tuple[str, str], ...] = (
    (r"postgres/(span_)?sealing\.py|rpc/free_texts\.py|process/keyring\.py", SEALING),
    (r"words/(persons|\w+_numbers|letters|mentions|spans|masks)\.py", SEALING),
    (r"door/door\.py.*", ""),  # by its functions, below
    (r"(door/(carrying|notices)|statements\.py).*", "notice of the outcome"),
    (r"door/(batcher|request)\.py", "door: batches"),
    (r"door/(batch|decider|outcomes)\.py|life_cycle|/words/", "door: decide"),
    (r"door/journal\.py", "door: decide"),
    (r"services/\w+/(incident|receipt|mission|team|petition|dispute|care_case)/", "door: decide"),
    (r"door/timers\.py|door/(anchor|retention)\.py", "timers and rounds"),
    (r"backbone/kafka/relay\.py", "relay of the journal"),
    (r"backbone/kafka/(producer|closing)\.py|aiokafka/producer", "produce"),
    (r"backbone/(kafka|directory|intake)/|/live/", "what follows: consumers"),
    (r"faust/|mode/|workflow/stream\.py", "stream: Faust"),
    (r"aiokafka/", "Kafka's connections"),
    (r"rpc/rules\.py", "RPC: rules of the request"),
    (r"grpc/|backbone/rpc/|workflow/(api|roads|breaker)\.py", "RPC"),
    (r"gateway/(contract|http/incoming)|pydantic|orjson", "JSON and messages"),
    (r"gateway/accounts|http/limits", "sign-in and limits"),
    (r"uvicorn|starlette|httptools|gateway/http|h11", "HTTP"),
    (r"backbone/wire\.py|codec\.py", "records and messages"),
    (r"services/(?!__main__)", "the service's own"),
)
DOOR = {
    "door: read": ("_locked", "_read", "_load_of", "_loaded", "lock_all", "_lock_keys", "find"),
    "door: write": ("_save", "_write_of", "_turned"),
}
FRAME = re.compile(r"(\S+) \((.+?)(?::\d+)?\)$")

# The share of each stage, by process.
Shares = Mapping[str, Mapping[str, float]]


def stage_of(stack: str) -> str:
    """The stage of a sample: `outermost (file:line);…;innermost (file:line)`."""
    for frame in reversed(stack.split(";")):
        found = FRAME.match(frame)
        if found is not None and (stage := _of_frame(*found.groups())):
            return stage
    return OTHER


def _of_frame(function: str, file: str) -> str:
    if file.endswith("door/door.py"):
        name = function.rpartition(".")[2]
        return next((stage for stage, names in DOOR.items() if name in names), "")
    return next((stage for rule, stage in RULES if re.search(rule, file)), "")


def shares(lines: Iterable[str]) -> dict[str, float]:
    """The share of each stage in py-spy's raw recording: a stack and its number on each line."""
    counted: Counter[str] = Counter()
    for line in lines:
        stack, _, number = line.rstrip().rpartition(" ")
        counted[stage_of(stack)] += int(number)
    whole = sum(counted.values()) or 1
    return {stage: number / whole for stage, number in counted.most_common()}


@asynccontextmanager
async def recorded(run: Mapping[str, Any]) -> AsyncIterator[dict[str, dict[str, float]]]:
    """Record the Python processes of a run while the block runs; the shares by process, after it.

    Raises RuntimeError if a process cannot be read: its system may forbid it (ptrace_scope).
    """
    found: dict[str, dict[str, float]] = {}
    names: dict[int, list[str]] = {}
    for name, process in run["processes"].items():
        if process["pid"] and name not in ("kafka", "postgres"):
            names.setdefault(process["pid"], []).append(name)
    with tempfile.TemporaryDirectory() as folder:
        files = {pid: Path(folder) / str(pid) for pid in names}
        recorders = [await _record(pid, file) for pid, file in files.items()]
        try:
            await asyncio.sleep(1)
            yield found
        finally:
            for recorder in recorders:
                if recorder.returncode is None:
                    recorder.send_signal(signal.SIGINT)  # then it writes what it has
            await asyncio.gather(*(recorder.wait() for recorder in recorders))
        for pid, file in files.items():
            if not file.exists():
                raise RuntimeError(f"py-spy could not read {'+'.join(names[pid])}")
            found["+".join(names[pid])] = shares(file.read_text().splitlines())


async def _record(pid: int, file: Path) -> asyncio.subprocess.Process:
    program = Path(sys.executable).with_name("py-spy")
    how = ("record", "--gil", "--format", "raw", "--rate", str(PER_SECOND))
    return await asyncio.create_subprocess_exec(
        program, *how, "--duration", str(LONGEST), "--pid", str(pid), "--output", str(file),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
