"""One start of Kafka for nothing but its class cache: later starts take half the time and CPU.

Every checkout of this user keeps its cache in the one folder, under a name of its own.
"""

import asyncio
import logging
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from operate.home.ports import free_port
from operate.servers import kafka
from operate.servers.kafka import Kafka

log = logging.getLogger(__name__)

START = 30.0
STOP = 60.0
# Longer than anybody leaves a checkout alone that is still in use: each start counts as a use.
UNUSED = 30 * 24 * 60 * 60.0


def is_due() -> bool:
    return not kafka.class_cache(kafka.class_path()).exists()


def train() -> None:
    """Make the cache, all of it or nothing. It only saves time, so a failure is only noted."""
    cache = kafka.class_cache(kafka.class_path())
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        forget_unused(cache.parent)
        with tempfile.TemporaryDirectory(dir=cache.parent) as folder:
            made = Path(folder) / "made.aot"
            run_once(Path(folder), f"-XX:AOTCacheOutput={made}")
            made.replace(cache)
    except (OSError, subprocess.SubprocessError, TimeoutError) as error:
        log.warning("no class cache for Kafka: %r", error)


def forget_unused(folder: Path) -> None:
    """Of checkouts that are gone, or have other jars by now; never what another one may open."""
    for cache in folder.glob("*.aot"):
        with suppress(FileNotFoundError):  # another start forgets, too
            if time.time() - cache.stat().st_mtime > UNUSED:
                cache.unlink()


def run_once(folder: Path, flag: str) -> None:
    """Start a node of its own, wait until it answers, and stop it: it then writes the cache."""
    node = Kafka(folder / "kafka", free_port(), free_port(), folder / "log")
    program, *arguments = node.prepare().argv
    with node.log.open("ab") as output:
        process = subprocess.Popen([program, flag, *arguments], stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + START
        while not asyncio.run(kafka.answers(node.address)):
            if time.monotonic() > deadline:
                raise TimeoutError("Kafka did not start")
            time.sleep(0.2)
        process.terminate()
        process.wait(STOP)
    finally:
        process.kill()
        process.wait()
