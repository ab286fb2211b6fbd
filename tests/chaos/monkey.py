"""What goes wrong while a replay runs: each process killed in turn, Kafka held down for a while."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from tests.killing import killed, present
from tests.servers import Installed


@dataclass(slots=True)
class Monkey:
    """`told` hears each thing that is done; `done` keeps them for the report."""

    city: Installed
    told: Callable[[str], object] = lambda _: None
    done: list[str] = field(default_factory=list)

    async def kill_each(self, pause: float, only: Collection[str] = ()) -> None:
        """kill -9 every process once, or those named, each after the last is back."""
        for names in processes(await present(self.city)):
            if only and not set(names) & set(only):
                continue
            await asyncio.sleep(pause)
            self._note(f"kill -9 {'+'.join(names)}")
            await killed(self.city, names[0])

    async def hold_down(self, name: str, seconds: float) -> None:
        """`liandong stop`, and start it again after so many seconds."""
        self._note(f"stop {name} for {seconds:g} s")
        await asyncio.to_thread(self.city.liandong, "stop", name)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self.city.liandong, "start", name)
        await present(self.city)

    def _note(self, words: str) -> None:
        self.done.append(words)
        self.told(words)


def processes(pids: dict[str, int]) -> Sequence[Sequence[str]]:
    """The names by process: some share one."""
    shared: dict[int, list[str]] = {}
    for name, pid in pids.items():
        shared.setdefault(pid, []).append(name)
    return list(shared.values())
