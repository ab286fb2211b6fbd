"""What a person chooses at `liandong up`, as options and as it was before."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from operate.home import copies, leftovers
from operate.home.home import Home


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chooses at `liandong up`; `demo` is None where nothing was said about it.

    `take_over` is said by `liandong upgrade`: adopt what runs, of whatever release it is.
    `scale` says how often the services run that run more than once; None: nothing was said.
    """

    split: bool = False
    demo: bool | None = None
    take_over: bool = False
    scale: Mapping[str, int] | None = None

    @classmethod
    def said_in(cls, command: Sequence[str]) -> "Choice":
        """What was chosen in a command line of `up`."""
        demo = True if "--demo" in command else False if "--no-demo" in command else None
        told = command[command.index("--scale") + 1] if "--scale" in command[:-1] else ""
        scale = copies.read_scale(told) if told else None
        return cls("--split" in command, demo, scale=scale)

    @property
    def options(self) -> list[str]:
        """The same choice as options of the command."""
        told = [] if self.demo is None else ["--demo" if self.demo else "--no-demo"]
        told += [] if self.scale is None else ["--scale", copies.written(self.scale)]
        taking = ["--take-over"] if self.take_over else []
        return [*(["--split"] if self.split else []), *told, *taking]

    def as_before(self, home: Home) -> "Choice":
        """The choice of a supervisor that was killed, where nothing else is said: what it started
        can be adopted only by one that would start the same."""
        if not (home.choices.exists() and leftovers.find(str(home.path))):
            return self
        before = json.loads(home.choices.read_text())
        scale = before.get("copies") if self.scale is None else self.scale
        return replace(self, split=self.split or before.get("split", False), scale=scale)
