"""`python -m tests.faults.alerts [WORD…]`: each alert that no fault of the table rings is seen to
fire, and to clear after the remedy, in cities that run. Words choose by name. The exit code is 1 if
one does not.

The rules are those that are deployed, but for windows and waits of seconds.
"""

import asyncio
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path

from operate.home.certificates import Authority
from operate.home.ports import free_port
from tests.faults.injected import Fault, Scene, liandong
from tests.faults.playing import play
from tests.faults.quiet import LONG, QUIET, VERSIONS
from tests.faults.stage import say
from tests.people import visiting
from tests.servers import Installed
from tests.telephones import SECRET
from tests.watching import hurried, watching

PACK = Path(__file__).parents[2] / "deploy" / "city" / "demo"
PATIENCE = 180.0
DAYS = 5


async def short_certificate(scene: Scene) -> None:
    Authority(scene.city.home / "certificates").issue("dispute", days=DAYS)


async def renew(scene: Scene) -> None:
    await liandong(scene, "certificates", "renew", "dispute")


# In a city of its own, whose wires are protected.
EXPIRES = Fault(
    "a certificate runs out",
    short_certificate,
    renew,
    (("CertificateExpires", {"service": "dispute"}),),
)
ALL = (VERSIONS, *QUIET, *chain(*LONG), EXPIRES)


@asynccontextmanager
async def a_city(folder: Path, secure: str) -> AsyncIterator[Scene]:
    folder.mkdir()
    shutil.copytree(PACK, folder / "city")
    telephone = free_port()
    city = Installed(
        folder,
        env={
            "LIANDONG_SECURE": secure,
            "LIANDONG_TELEPHONE_URL": f"http://127.0.0.1:{telephone}/messages",
            "LIANDONG_TELEPHONE_SECRET": SECRET,
        },
    )
    try:
        await asyncio.to_thread(city.up, "--split")
        with watching(city, hurried(folder)) as watch:
            async with visiting(city) as visit:
                yield Scene(city, visit, watch, telephone=telephone)
    finally:
        await asyncio.to_thread(city.down)


async def tried(fault: Fault, of: Scene) -> list[str]:
    """Play one fault and print when its alerts fired and cleared. Return its flaws."""
    began, scene = time.monotonic(), replace(of)
    try:
        told = await play(fault, scene, PATIENCE)
    except Exception as error:  # noqa: BLE001 - the others are to be tried, too
        say(f"WRONG: {fault.name}: {error!r}")
        with suppress(Exception):  # it may have come to nothing
            await fault.mend(scene)
        return [f"{fault.name}: {error!r}"]
    for each in told:
        seen = f"fired after {each.fired:.0f} s, cleared {each.cleared:.0f} s after the remedy"
        say(f"{time.monotonic() - began:4.0f} s  {fault.name}: {each.alert} {seen}")
    return []


async def in_turn(faults: Iterable[Fault], scene: Scene) -> list[str]:
    return [wrong for each in faults for wrong in await tried(each, scene)]


async def main(words: Sequence[str]) -> int:
    def chosen(faults: Iterable[Fault]) -> list[Fault]:
        return [each for each in faults if not words or any(word in each.name for word in words)]

    folder, wrong = Path(tempfile.mkdtemp(prefix="liandong-alerts-")), list[str]()
    if chosen([VERSIONS, *QUIET, *chain(*LONG)]):
        async with a_city(folder / "open", "0") as scene:
            wrong += await tried(VERSIONS, scene)
            for each in await asyncio.gather(
                *(in_turn(chosen(faults), scene) for faults in (QUIET, *LONG))
            ):
                wrong += each
    if chosen([EXPIRES]):
        async with a_city(folder / "secure", "1") as scene:
            wrong += await tried(EXPIRES, scene)
    say("\n".join(["", *wrong]) if wrong else "\neach alert has fired and cleared")
    if not wrong:
        shutil.rmtree(folder, ignore_errors=True)
    return min(len(wrong), 1)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # its cities end with it
    sys.exit(asyncio.run(main(sys.argv[1:])))
