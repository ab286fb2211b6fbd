"""What happens to the city during the rehearsal: parts of it die, and all restart in turn."""

import asyncio
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from tests.killing import pids
from tests.servers import Installed

README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"## The first five minutes.*?```bash\n(.*?)```", re.DOTALL)
# The process that relays a schema's events holds this lock in its session.
RELAYING = """
SELECT a.client_port FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended($1::text || '.relay', 0)
"""
BACK = 60.0


def first_steps(run: dict[str, Any], url: str) -> str:
    """Do what the README says, word by word but for the address; return what it printed.

    Raises RuntimeError if a step fails.
    """
    found = BLOCK.search(README.read_text())
    assert found is not None
    steps = re.sub(r"^api=\S+", f"api={url}", found[1], count=1)
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", steps],
        env={**os.environ, "CURL_CA_BUNDLE": run.get("ca", "")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode or "Closed" not in done.stdout:
        raise RuntimeError(f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


async def relaying(city: Installed, dsn: str, schema: str) -> str:
    """The name of the process that relays the events of a schema; empty while none does."""
    conn = await asyncpg.connect(dsn)
    try:
        port = await conn.fetchval(RELAYING, schema)
    finally:
        await conn.close()
    for each in psutil.net_connections("tcp"):
        if each.laddr and each.laddr.port == port and each.pid:
            return names_of(city).get(each.pid, "")
    return ""


def names_of(city: Installed) -> dict[int, str]:
    """The names of processes, whether or not all are ready."""
    state = json.loads((city.home / "state.json").read_text())
    return {each["pid"]: name for name, each in state["processes"].items()}


async def relay_moves(city: Installed, dsn: str, schema: str) -> tuple[str, str, float]:
    """Kill the process that relays; return it, the one that took over, and after which seconds."""
    active = await relaying(city, dsn, schema)
    began = time.monotonic()
    os.kill(pids(city)[active], signal.SIGKILL)
    while (other := await relaying(city, dsn, schema)) in ("", active):
        if time.monotonic() - began > BACK:
            raise TimeoutError(f"no other process took the relay of {schema}")
        await asyncio.sleep(0.05)
    return active, other, time.monotonic() - began


async def rolled(city: Installed, *names: str) -> float:
    """Restart all services, or some, one process after the other; return the seconds it took."""
    began = time.monotonic()
    done = await asyncio.to_thread(city.liandong, "restart", "--rolling", *names, timeout=900)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return time.monotonic() - began
