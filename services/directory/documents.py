"""Reads the pack's YAML documents: values with line numbers, no unknown or missing key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

import yaml

from services.directory.flaws import Flaws, Spot

Reader: TypeAlias = Callable[["Value"], Any]
# Written in C where PyYAML has it: it reads a city's list of dangers in a fraction of the time.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TYPES: dict[type, str] = {
    int: "a whole number",
    str: "a text",
    bool: "true or false",
    date: "a day of the calendar, such as 2026-10-01",
}


@dataclass(frozen=True, slots=True)
class Value:
    """A node of a document; each reading method notes a flaw if the node has another type."""

    file: str
    node: yaml.Node
    flaws: Flaws

    @property
    def spot(self) -> Spot:
        mark = self.node.start_mark
        return Spot(self.file, mark.line + 1, str(mark.column + 1))

    def text(self) -> str:
        return str(self._plain(str, ""))

    def number(self) -> int:
        return int(self._plain(int, 0))

    def degrees(self) -> float:
        """A number of degrees, whole or not."""
        value = _construct(self.node)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.flaw("WRONG_TYPE", "", "it must be a number of degrees")
            return 0.0
        return float(value)

    def truth(self) -> bool:
        return bool(self._plain(bool, False))

    def day(self) -> date:
        day: date = self._plain(date, date.min)
        return day

    def one_of(self, names: Mapping[str, Any] | frozenset[str]) -> str:
        name = self.text()
        if name not in names:
            self.flaw("NOT_ONE_OF", name, f"it must be one of {', '.join(sorted(names))}")
        return name

    def each(self, reader: Callable[["Value"], Any]) -> tuple[Any, ...]:
        """The items of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            self.flaw("WRONG_TYPE", "", "it must be a list")
            return ()
        return tuple(reader(Value(self.file, item, self.flaws)) for item in self.node.value)

    def pairs(self) -> list[tuple[str, "Value"]]:
        """The keys and values of a mapping."""
        if not isinstance(self.node, yaml.MappingNode):
            self.flaw("WRONG_TYPE", "", "it must be a mapping")
            return []
        pairs: dict[str, Value] = {}
        for key, value in self.node.value:
            name = str(key.value)
            if name in pairs:
                Value(self.file, key, self.flaws).flaw("DUPLICATE", name, "it stands here twice")
            pairs[name] = Value(self.file, value, self.flaws)
        return list(pairs.items())

    def fields(self, readers: Mapping[str, Reader], optional: Mapping[str, Reader]) -> Any:
        """The values of a mapping with exactly these keys; optional keys may be missing."""
        given = dict(self.pairs())
        known = {**readers, **optional}
        for name in given.keys() - known.keys():
            given[name].flaw("KEY_UNKNOWN", name, f"known are {', '.join(known)}")
        for name in readers.keys() - given.keys():
            self.flaw("KEY_MISSING", name, "it must be there")
        return {name: known[name](value) for name, value in given.items() if name in known}

    def flaw(self, reason: str, subject: str, detail: str) -> None:
        self.flaws.add(self.spot, reason, subject, detail)

    def _plain(self, kind: type, otherwise: Any) -> Any:
        value = _construct(self.node)
        if type(value) is not kind:
            given = self.node.value if isinstance(self.node, yaml.ScalarNode) else ""
            self.flaw("WRONG_TYPE", given, f"it must be {TYPES[kind]}")
            return otherwise
        return value


def read_document(file: str, text: str, flaws: Flaws) -> Value | None:
    """Return the document's root; None, with a flaw noted, if the text is not YAML."""
    try:
        node = yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        spot = Spot(file, mark.line + 1, str(mark.column + 1)) if mark else Spot(file)
        problem = getattr(error, "problem", None)
        flaws.add(spot, "YAML_BROKEN", file, str(problem or error))
        return None
    if node is None:
        flaws.add(Spot(file, 1), "FILE_EMPTY", file, "nothing stands in it")
        return None
    return Value(file, node, flaws)


def _construct(node: yaml.Node) -> Any:
    if not isinstance(node, yaml.ScalarNode):
        return None
    try:
        return yaml.constructor.SafeConstructor().construct_object(node)
    except ValueError:  # an impossible date, such as 2026-02-30
        return None
