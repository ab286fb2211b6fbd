"""The counts of a replay, and the equations that they must satisfy."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """Counts read back from the city; `lost` and `doubled` must be 0."""

    received: int = 0
    opened: int = 0
    linked: int = 0
    answered: int = 0
    passed: int = 0
    invalid: int = 0
    offered: int = 0
    claimed: int = 0
    resolved: int = 0
    closed: int = 0
    pushed: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0

    @property
    def ended(self) -> int:
        return self.opened + self.linked + self.answered + self.passed + self.invalid


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected counts: rows replayed, teams sent out, and rows that were not sent because other
    content of them was taken before."""

    rows: int
    sent: int
    changed: int = 0
    unread: int = 0


def disagreements(counts: Counts, expected: Expected) -> list[str]:
    """The equations that do not hold, in words; empty if the counts agree."""
    sums = {
        "received = rows": (counts.received, expected.rows),
        "received = opened + linked + answered + passed + invalid": (counts.received, counts.ended),
        "opened = offered": (counts.opened, counts.offered),
        "offered = claimed": (counts.offered, counts.claimed),
        "claimed = resolved": (counts.claimed, counts.resolved),
        "resolved = closed": (counts.resolved, counts.closed),
        "teams sent = pushed": (expected.sent, counts.pushed),
        "pushed = acknowledged": (counts.pushed, counts.acknowledged),
        "lost = 0": (counts.lost, 0),
        "doubled = 0": (counts.doubled, 0),
        "changed rows = 0": (expected.changed, 0),
        "unread rows = 0": (expected.unread, 0),
    }
    return [f"{name}: {one} ≠ {other}" for name, (one, other) in sums.items() if one != other]
