"""How long rows are kept: deploy/retention.yaml, and what a city's own file says otherwise."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
from msgspec import yaml
from msgspec.structs import replace

SHIPPED = Path(__file__).parents[3] / "deploy" / "retention.yaml"
VARIABLE = "LIANDONG_RETENTION"
# The days of outcomes alone; it wins over both files.
OUTCOME_DAYS = "LIANDONG_OUTCOME_DAYS"
# The tables under this name are in the schema of every service.
EVERY = "every"
CONFIDENCES = ("H", "M", "L")
MOST_DAYS = 36_500
# Answers are kept for up to two months, and topics keep events for one: both ask the journal.
LEAST_MONTHS = 3
MOST_MONTHS = 1_200


class Journal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of one service: months in the database after the end, years in the archive, and why.

    `archive_years` is None for ever. `confidence` is that of the source: H, M or L.
    """

    living_months: int
    archive_years: int | None
    source: str
    confidence: str


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table: swept by days, emptied by what `until` says, or kept for ever, and why.

    `after` is the moment of a row from which the days count, in SQL; of a table with `months` the
    whole months are dropped. No city may name fewer days than `least`.
    """

    days: int | None = None
    least: int = 0
    after: str = ""
    months: bool = False
    until: str = ""
    ever: str = ""
    source: str = ""
    confidence: str = ""


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole file; the tables by schema."""

    journals: dict[str, Journal] = {}
    tables: dict[str, dict[str, Kept]] = {}


def path_of(environ: Mapping[str, str]) -> Path:
    return Path(environ.get(VARIABLE) or SHIPPED)


def read(path: Path) -> File:
    """Raises ValueError that says why the file cannot be read."""
    try:
        return yaml.decode(path.read_bytes(), type=File)
    except (OSError, msgspec.DecodeError) as error:
        raise ValueError(str(error)) from error


@cache
def shipped() -> File:
    return read(SHIPPED)


def kept_in(schema: str, environ: Mapping[str, str]) -> dict[str, Kept]:
    """All tables of a schema with how they are kept in this city, which has no flaw."""
    tables, own = shipped().tables, read(path_of(environ)).tables
    found = {**tables[EVERY], **tables.get(schema, {})}
    for each in (own.get(EVERY, {}), own.get(schema, {})):
        found |= {table: replace(found[table], days=kept.days) for table, kept in each.items()}
    if days := environ.get(OUTCOME_DAYS):
        found["outcomes"] = replace(found["outcomes"], days=int(days))
    return found


def flaws_in(environ: Mapping[str, str]) -> list[str]:
    """All that a service cannot follow of the city's own file and days."""
    days, least = environ.get(OUTCOME_DAYS, ""), shipped().tables[EVERY]["outcomes"].least
    flaws = []
    if days and (not days.isdecimal() or not least <= int(days) <= MOST_DAYS):
        flaws.append(f"{OUTCOME_DAYS} is not a number of days, at least {least}: {days!r}")
    if not environ.get(VARIABLE):
        return flaws
    try:
        own = read(path_of(environ))
    except ValueError as error:
        return [*flaws, f"{VARIABLE}: {error}"]
    return flaws + [f"{VARIABLE}: {flaw}" for flaw in flaws_of_own(own)]


def flaws_of_own(own: File) -> list[str]:
    """The rows of a city's own file that it may not have."""
    return [
        f"{schema}.{table}: {flaw}"
        for schema, tables in own.tables.items()
        for table, kept in tables.items()
        for flaw in _flaws_of_own(shipped().tables.get(schema, {}).get(table), kept)
    ]


def _flaws_of_own(ours: Kept | None, own: Kept) -> list[str]:
    if own == ours:
        return []
    if ours is None:
        return ["there is no such table"]
    if ours.days is None:
        return ["is not swept by days: leave it out"]
    alone = Kept(days=own.days, source=own.source, confidence=own.confidence)
    whole = replace(ours, days=own.days, source=own.source, confidence=own.confidence)
    if own not in (alone, whole):
        return ["only days, source and confidence may be given"]
    return flaws_of(whole)


def flaws_of(kept: Kept) -> list[str]:
    """List all flaws of the entry of a table."""
    ways = [kept.days is not None, bool(kept.until.strip()), bool(kept.ever.strip())]
    if sum(ways) != 1:
        return ["say one of days, until and ever"]
    if kept.days is None:
        return []
    flaws = []
    if not kept.least <= kept.days <= MOST_DAYS:
        flaws.append(f"days is {kept.days}: {kept.least} to {MOST_DAYS}")
    if bool(kept.after) == kept.months:
        flaws.append("say one of after and months")
    return flaws + flaws_of_source(kept)


def flaws_of_source(said: Kept | Journal) -> list[str]:
    flaws = [] if said.source.strip() else ["source is empty: name the rule"]
    if said.confidence not in CONFIDENCES:
        flaws.append(f"confidence is {said.confidence!r}: H, M or L")
    return flaws
