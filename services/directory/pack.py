"""Reads a city pack: the records of a city, with the file and line of each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from backbone.directory.entries import CALENDAR, DANGER, LADDER, PLURALS, POLICY
from backbone.words.areas import level_of
from backbone.words.calendar import UNANNOUNCED
from backbone.words.city import (
    Area,
    Category,
    City,
    Competence,
    Grid,
    Head,
    Person,
    Record,
    Team,
    Unit,
)
from backbone.words.danger import NO_DANGERS
from backbone.words.ladder import USUAL
from services.directory.calendar_file import read_calendar
from services.directory.danger_file import read_dangers
from services.directory.files import checksum, read_archive, read_folder, to_texts
from services.directory.flaws import Finding, Flaws, Severity, Spot
from services.directory.ladder_file import read_ladder
from services.directory.rules import CityFile, read_city, read_policy
from services.directory.shapes import read_grids
from services.directory.tables import Row, read_table

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Account:
    """A demo account: one person in one role."""

    user: str
    name: str
    role: str
    unit: str
    team: str


@dataclass(frozen=True, slots=True)
class Pack:
    """The city of the files, not in force yet; `spots` by key, such as unit/990100-fire. `skills`
    is None where the pack has no terms of skills."""

    city: City
    unit_kinds: Mapping[str, str]
    skills: Mapping[str, str] | None
    accounts: Mapping[str, Account]
    spots: Mapping[str, Spot]

    def spot(self, key: str) -> Spot:
        """Return the file and line of an entry, or a spot in the pack as a whole."""
        return self.spots.get(key, Spot("pack"))

    def wrong(self, key: str, reason: str, detail: str) -> Finding:
        """Return the error about an entry."""
        return Finding(Severity.ERROR, reason, self.spot(key), key.partition("/")[2], detail)


def read_pack(source: Path | bytes) -> Pack:
    """Read a folder or a zip archive. Raises PackUnreadable with all flaws."""
    files = read_archive(source) if isinstance(source, bytes) else read_folder(source)
    return parse(files)


def parse(files: Mapping[str, bytes]) -> Pack:
    """Read the files of a pack by their names. Raises PackUnreadable."""
    flaws = Flaws()
    texts = to_texts(files, flaws)
    city_file = read_city("city.yaml", texts["city.yaml"], flaws)
    policy, spots = read_policy(
        ("clocks.yaml", texts["clocks.yaml"]), ("routes.yaml", texts["routes.yaml"]), flaws
    )
    grids, grid_spots = read_grids("grids.geojson", texts["grids.geojson"], flaws)
    danger, danger_spots = read_dangers("dangers.yaml", texts.get("dangers.yaml"), flaws)
    tables = _Tables(texts, flaws)
    accounts = tables.accounts()
    people = tables.people(accounts)
    city = City(
        head=_head(city_file, grids, checksum(files)),
        policy=policy,
        calendar=read_calendar("calendar.yaml", texts.get("calendar.yaml"), flaws),
        ladder=read_ladder("ladder.yaml", texts.get("ladder.yaml"), flaws),
        danger=danger,
        areas=tables.areas(),
        grids=grids,
        units=tables.units(),
        categories=tables.categories(),
        competences=tables.competences(),
        people=people,
        teams=tables.teams(people),
        neighbours={each.code: each for each in city_file.neighbours},
    )
    flaws.stop()
    grid_spots = {f"grid/{code}": spot for code, spot in grid_spots.items()}
    spots = {**spots, **grid_spots, **danger_spots, **tables.spots}
    return Pack(city, city_file.unit_kinds, city_file.skills, accounts, spots)


def records(city: City) -> dict[str, Record]:
    """Return the entries of a city by key, the head last; it holds their number."""
    entries: dict[str, Record] = {POLICY: city.policy} if city.policy else {}
    if city.calendar != UNANNOUNCED:
        entries[CALENDAR] = city.calendar
    if city.ladder != USUAL:
        entries[LADDER] = city.ladder
    if city.danger != NO_DANGERS:
        entries[DANGER] = city.danger
    for kind, plural in PLURALS.items():
        entries |= {f"{kind}/{code}": each for code, each in getattr(city, plural).items()}
    return entries | {"city": replace(city.head, entries=len(entries) + 1)}


def _head(city: CityFile, grids: Mapping[str, Grid], digest: str) -> Head:
    points = [point for grid in grids.values() for point in grid.rings[0]] or [(0.0, 0.0)]
    longitudes, latitudes = zip(*points, strict=True)
    return Head(
        code=city.code,
        name=city.name,
        dialling_code=city.dialling_code,
        unit_kinds=city.unit_kinds,
        skills=city.skills or {},
        south_west=(min(longitudes), min(latitudes)),
        north_east=(max(longitudes), max(latitudes)),
        version=0,
        effective_time=NEVER,
        checksum=digest,
        entries=0,
    )


class _Tables:
    """Reads the tables, and remembers file and line of each entry."""

    def __init__(self, texts: Mapping[str, str], flaws: Flaws) -> None:
        self._texts = texts
        self._flaws = flaws
        self.spots: dict[str, Spot] = {}

    def _rows(self, file: str, kind: str, columns: str, later: str = "") -> list[Row]:
        """`later` are columns that older packs lack."""
        names = tuple(columns.split())
        rows = read_table(file, self._texts[file], names, self._flaws, tuple(later.split()))
        self.spots |= {f"{kind}/{row.maybe(names[0])}": row.spot for row in rows}
        return rows

    def areas(self) -> dict[str, Area]:
        rows = self._rows("areas.csv", "area", "code name", "aliases")
        found = [(row.text("code"), row.text("name"), row.words("aliases")) for row in rows]
        return {code: Area(code, name, level_of(code), more) for code, name, more in found}

    def units(self) -> dict[str, Unit]:
        rows = self._rows("organisations.csv", "unit", "code name kind area parent")
        units = (
            Unit(
                code=row.text("code"),
                name=row.text("name"),
                kind=row.text("kind"),
                area=row.text("area"),
                parent=row.maybe("parent"),
                level=level_of(row.maybe("area")),
            )
            for row in rows
        )
        return {unit.code: unit for unit in units}

    def categories(self) -> dict[str, Category]:
        rows = self._rows("categories.csv", "category", "code name priority keywords", "skills")
        names = {row.maybe("code"): row.text("name") for row in rows}
        return {
            row.maybe("code"): Category(
                code=row.text("code"),
                name=row.maybe("name"),
                path=_path(row.maybe("code"), names),
                keywords=row.words("keywords"),
                default_priority=row.text("priority"),
                skills=row.words("skills"),
            )
            for row in rows
        }

    def competences(self) -> dict[str, Competence]:
        columns = "code category unit_kind unit level area basis"
        rows = self._rows("competences.csv", "competence", columns)
        return {
            row.maybe("code"): Competence(
                code=row.text("code"),
                # A star means every category.
                category=row.text("category").removeprefix("*"),
                unit_kind=row.maybe("unit_kind"),
                unit=row.maybe("unit"),
                level=row.level("level"),
                area=row.maybe("area"),
                basis=row.text("basis"),
            )
            for row in rows
        }

    def accounts(self) -> dict[str, Account]:
        rows = self._rows("accounts.csv", "account", "user name role unit team")
        accounts = (
            Account(
                user=row.text("user"),
                name=row.text("name"),
                role=row.text("role"),
                unit=row.text("unit"),
                team=row.maybe("team"),
            )
            for row in rows
        )
        return {account.user: account for account in accounts}

    def people(self, accounts: Mapping[str, Account]) -> dict[str, Person]:
        rows = self._rows("staff.csv", "person", "user name unit roles team", "absence")
        people = (
            Person(
                user=row.text("user"),
                name=row.text("name"),
                unit=row.text("unit"),
                roles=row.words("roles"),
                team=row.maybe("team"),
                demo=row.maybe("user") in accounts,
                absence=row.maybe("absence"),
            )
            for row in rows
        )
        return {person.user: person for person in people}

    def teams(self, people: Mapping[str, Person]) -> dict[str, Team]:
        members: dict[str, list[str]] = {}
        for person in people.values():
            members.setdefault(person.team, []).append(person.user)
        rows = self._rows("teams.csv", "team", "code name unit area skills leader")
        return {
            row.maybe("code"): Team(
                code=row.text("code"),
                name=row.text("name"),
                unit=row.text("unit"),
                area=row.text("area"),
                skills=row.words("skills"),
                leader=row.maybe("leader"),
                members=tuple(sorted(members.get(row.maybe("code"), ()))),
            )
            for row in rows
        }


def _path(code: str, names: Mapping[str, str]) -> tuple[str, ...]:
    parts = code.split(".")
    codes = (".".join(parts[:size]) for size in range(1, len(parts) + 1))
    return tuple(names.get(each, each) for each in codes)
