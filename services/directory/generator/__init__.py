"""Generates a fictional city of any size; equal seed and size give equal files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from services.directory.files import OPTIONAL
from services.directory.flaws import Flaws
from services.directory.generator.aliases import with_aliases
from services.directory.generator.land import make_land
from services.directory.generator.organisation import make_units
from services.directory.generator.staff import make_staff
from services.directory.generator.writing import geojson, table
from services.directory.rules import read_city

RULES = (
    "city.yaml",
    "categories.csv",
    "competences.csv",
    "routes.yaml",
    "clocks.yaml",
    "calendar.yaml",
    "ladder.yaml",
    "dangers.yaml",
)


@dataclass(frozen=True, slots=True)
class Size:
    """The numbers of areas, grids and grid members; the members are spread over the grids."""

    counties: int
    townships: int
    villages: int
    grids: int
    grid_members: int

    def __post_init__(self) -> None:
        """Raises ValueError if the codes or the tree have no room for the numbers."""
        steps = (1, self.counties, self.townships, self.villages, self.grids)
        for above, below, most in zip(steps, steps[1:], (99, 999, 999, 999), strict=False):
            if not above <= below <= above * most:
                raise ValueError(f"{above} areas cannot hold {below} of the next level")


DEMO = Size(counties=4, townships=24, villages=240, grids=1_200, grid_members=1_200)
LARGE = Size(counties=9, townships=118, villages=1_764, grids=15_238, grid_members=23_000)


def generate(folder: Path, rules: Path, size: Size, seed: int = 9901) -> None:
    """Write a pack into the folder: generated land and people, and the rules of another pack."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in RULES:
        if name in OPTIONAL and not (rules / name).is_file():
            continue
        (folder / name).write_bytes((rules / name).read_bytes())
    for name, text in make_files((rules / "city.yaml").read_text("utf-8"), size, seed).items():
        (folder / name).write_text(text, "utf-8", newline="\n")


def make_files(city_yaml: str, size: Size, seed: int) -> Mapping[str, str]:
    """Return the generated files by name."""
    random = Random(seed)  # noqa: S311  # reproducible, not secret
    city = read_city("city.yaml", city_yaml, Flaws())
    land = make_land(city.name, size, random)
    units = make_units(land)
    staff = make_staff(land, units, size.grid_members, random)
    return {
        "areas.csv": table("code name aliases", with_aliases(land.areas)),
        "grids.geojson": geojson(land.grids),
        "organisations.csv": table("code name kind area parent", units),
        "teams.csv": table("code name unit area skills leader", staff.teams),
        "staff.csv": table("user name unit roles team", staff.people),
        "accounts.csv": table("user name role unit team", staff.accounts),
    }
