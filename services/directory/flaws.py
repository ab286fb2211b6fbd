"""What is wrong in a pack, and where: a flaw stops the reading, a finding is for whoever loads."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a pack may be loaded in spite of a finding."""

    WARNING = "WARNING"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file: a line from 1 on, and a column's name or number."""

    file: str
    line: int = 0
    column: str = ""

    def __str__(self) -> str:
        parts = [self.file, *([str(self.line)] if self.line else []), self.column]
        return ":".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or doubtful."""

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
    """Lists every flaw that was met, so that one look mends them all."""

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
        """Raises PackUnreadable if there are any."""
        if self.found:
            raise PackUnreadable(self.found)
