"""Flaws stop the reading of a pack; findings are reported to the operator who loads it."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An ERROR prevents the loading of the pack, a WARNING does not."""

    WARNING = "WARNING"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file: line, counted from 1, and name or number of the column."""

    file: str
    line: int = 0
    column: str = ""

    def __str__(self) -> str:
        parts = [self.file, *([str(self.line)] if self.line else []), self.column]
        return ":".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Finding:
    """One error or warning about a pack."""

    severity: Severity
    reason: str
    spot: Spot
    subject: str
    detail: str

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def __str__(self) -> str:
        return f"{self.spot}: {self.severity} {self.reason} {self.subject}: {self.detail}"


class PackUnreadable(Exception):
    """Lists all flaws, so that they can be corrected at once."""

    def __init__(self, flaws: list[Finding]) -> None:
        self.flaws = flaws
        super().__init__("\n".join(str(flaw) for flaw in flaws))


class Flaws:
    """Collects flaws while a pack is read."""

    def __init__(self) -> None:
        self.found: list[Finding] = []

    def add(self, spot: Spot, reason: str, subject: str, detail: str) -> None:
        self.found.append(Finding(Severity.ERROR, reason, spot, subject, detail))

    def stop(self) -> None:
        """Raises PackUnreadable if there are flaws."""
        if self.found:
            raise PackUnreadable(self.found)
