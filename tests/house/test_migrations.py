"""Migrations run beside a living city of the release before: they expand, and do not block."""

from pathlib import Path

from backbone.postgres.expanding import flaws_of
from backbone.postgres.migrate import schemas
from tests.house.sources import TOP, shown

# Written before this rule: they run once, while the city is down. No file is added here.
OLDER = Path(__file__).with_name("older_migrations.txt").read_text().split()


def test_a_migration_neither_blocks_a_living_city_nor_breaks_the_release_before() -> None:
    files = {file for schema in schemas() for file in schema.files}
    flaws = {shown(file): flaws_of(file.read_text()) for file in files if shown(file) not in OLDER}
    assert {name: found for name, found in flaws.items() if found} == {}


def test_the_older_ones_are_still_there_and_would_be_refused_today() -> None:
    assert [name for name in OLDER if not flaws_of((TOP / name).read_text())] == []
