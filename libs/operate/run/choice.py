"""The choices of a person at `liandong up`, from its options or from those of before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from operate.home import copies, leftovers
from operate.home.home import Home
from operate.home.own_files import read_own


@dataclass(frozen=True, slots=True)
class Choice:
    """The choices of a person at `liandong up`; `demo` and `scale` are None where nothing was said.

    `liandong upgrade` says `take_over`: running processes of any release are adopted. `scale` says
    how often those services run that run more than once.
    """

    split: bool = False
    demo: bool | None = None
    take_over: bool = False
    scale: Mapping[str, int] | None = None

    @classmethod
    def said_in(cls, command: Sequence[str]) -> "Choice":
        """Read the choices from a command line of `up`."""
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
        """Complete the choice by that of before: whether the demo is wanted, and, of a supervisor
        that was killed, the rest: only one that would start the same can adopt its processes."""
        before = read_own(home.choices) if home.choices.exists() else {}
        choice = replace(self, demo=before.get("demo") if self.demo is None else self.demo)
        if not (before and leftovers.find(str(home.path))):
            return choice
        scale = before.get("copies") if self.scale is None else self.scale
        return replace(choice, split=self.split or before.get("split", False), scale=scale)
