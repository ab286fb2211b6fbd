"""The policy of retention, from a file: for how long records stay in the database after their end,
and archives are kept."""

import os
from datetime import date
from pathlib import Path

import msgspec
import yaml

from operate.home.trouble import Trouble

DEFAULT = Path(__file__).parents[3] / "deploy" / "retention.yaml"
VARIABLE = "LIANDONG_RETENTION"
# Answers are kept for up to two months, and topics keep events for one: both ask the journal.
LEAST_MONTHS = 3
MOST_MONTHS = 1_200


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For one service: months in the database after the end, years in the archive, and why.

    `archive_years` is None for ever. `confidence` is that of the source: H, M or L.
    """

    living_months: int
    archive_years: int | None
    source: str
    confidence: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    journals: dict[str, Kept]


Policy = dict[str, Kept]


def path_of() -> Path:
    return Path(os.environ.get(VARIABLE) or DEFAULT)


def read(path: Path, services: list[str]) -> Policy:
    """The policy of each service. Raises Trouble that names every flaw."""
    try:
        found = msgspec.convert(yaml.safe_load(path.read_text()), _File).journals
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise _bad(path, [str(error)]) from error
    flaws = [f"{each} is missing" for each in services if each not in found]
    flaws += [f"{each} is no service with a journal" for each in found if each not in services]
    flaws += [f"{name}: {flaw}" for name, kept in found.items() for flaw in flaws_of(kept)]
    if flaws:
        raise _bad(path, flaws)
    return found


def flaws_of(kept: Kept) -> list[str]:
    """All flaws of an entry."""
    flaws = []
    if not LEAST_MONTHS <= kept.living_months <= MOST_MONTHS:
        flaws.append(f"living_months is {kept.living_months}: {LEAST_MONTHS} to {MOST_MONTHS}")
    if kept.archive_years is not None and kept.archive_years * 12 < kept.living_months:
        flaws.append("archive_years is shorter than living_months; leave it empty for ever")
    if not kept.source.strip():
        flaws.append("source is empty: name the rule")
    if kept.confidence not in ("H", "M", "L"):
        flaws.append(f"confidence is {kept.confidence!r}: H, M or L")
    return flaws


def _bad(path: Path, flaws: list[str]) -> Trouble:
    told = "; ".join(flaws)
    return Trouble(
        f"{path} cannot be followed: {told}. Nothing was archived.",
        f"{path} 有误：{told}。未归档任何内容。",
    )


def latest_due(today: date, kept: Kept) -> int:
    """The latest month, as 202401, whose records have been over for long enough."""
    months = today.year * 12 + today.month - 1 - kept.living_months - 1
    return months // 12 * 100 + months % 12 + 1


def may_go(month: int, kept: Kept) -> int | None:
    """The year and month from which a person may decide to destroy an archive; None for never."""
    return None if kept.archive_years is None else month + kept.archive_years * 100
