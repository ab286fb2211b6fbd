"""The policy of retention, from a file: for how long records stay in the database after their end,
and archives are kept."""

import os
from datetime import date
from pathlib import Path

from backbone.process import keeping
from backbone.process.keeping import LEAST_MONTHS, MOST_MONTHS, Journal, flaws_of_source
from operate.home.trouble import Trouble

Policy = dict[str, Journal]


def path_of() -> Path:
    return keeping.path_of(os.environ)


def read(path: Path, services: list[str]) -> Policy:
    """The policy of each service. Raises Trouble that names every flaw."""
    try:
        file = keeping.read(path)
    except ValueError as error:
        raise _bad(path, [str(error)]) from error
    found, flaws = file.journals, keeping.flaws_of_own(file)
    flaws += [f"{each} is missing" for each in services if each not in found]
    flaws += [f"{each} is no service with a journal" for each in found if each not in services]
    flaws += [f"{name}: {flaw}" for name, kept in found.items() for flaw in flaws_of(kept)]
    if flaws:
        raise _bad(path, flaws)
    return found


def flaws_of(kept: Journal) -> list[str]:
    """All flaws of an entry."""
    flaws = []
    if not LEAST_MONTHS <= kept.living_months <= MOST_MONTHS:
        flaws.append(f"living_months is {kept.living_months}: {LEAST_MONTHS} to {MOST_MONTHS}")
    if kept.archive_years is not None and kept.archive_years * 12 < kept.living_months:
        flaws.append("archive_years is shorter than living_months; leave it empty for ever")
    return flaws + flaws_of_source(kept)


def _bad(path: Path, flaws: list[str]) -> Trouble:
    told = "; ".join(flaws)
    return Trouble(
        f"{path} cannot be followed: {told}. Nothing was archived.",
        f"{path} 有误：{told}。未归档任何内容。",
    )


def latest_due(today: date, kept: Journal) -> int:
    """The latest month, as 202401, whose records have been over for long enough."""
    months = today.year * 12 + today.month - 1 - kept.living_months - 1
    return months // 12 * 100 + months % 12 + 1


def may_go(month: int, kept: Journal) -> int | None:
    """The year and month from which a person may decide to destroy an archive; None for never."""
    return None if kept.archive_years is None else month + kept.archive_years * 100
