"""deploy/retention.yaml says of every table how it is kept, and names no other."""

import re
from itertools import chain

import pytest
import yaml

from backbone.postgres.migrate import schemas
from backbone.process.keeping import EVERY, Kept, flaws_of, shipped
from tests.house.sources import TOP, constants, shown, sources

MADE = re.compile(r"\bCREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?([a-z_]+[a-z])\b(?!_)")
OLD = re.compile(r"<=? *(?:now|clock_timestamp|statement_timestamp)\(\)")
TABLES = shipped().tables
ENTRIES = [(schema, table) for schema, tables in TABLES.items() for table in tables]


def made_by(schema: str) -> set[str]:
    """The tables of a schema, as its migrations make them; `migrations` is made by their runner."""
    [found] = [each for each in schemas() if each.name == schema]
    return set(chain(["migrations"], *(MADE.findall(file.read_text()) for file in found.files)))


@pytest.mark.parametrize("schema", [each.name for each in schemas()])
def test_each_table_of_the_migrations_has_its_entry(schema: str) -> None:
    assert made_by(schema) == {*TABLES[EVERY], *TABLES.get(schema, {})}
    assert not set(TABLES[EVERY]) & set(TABLES.get(schema, {}))


def test_no_entry_is_of_another_schema() -> None:
    assert set(TABLES) == {EVERY, *(each.name for each in schemas())}


@pytest.mark.parametrize(("schema", "table"), ENTRIES)
def test_each_entry_says_one_thing_and_why(schema: str, table: str) -> None:
    kept: Kept = TABLES[schema][table]
    assert flaws_of(kept) == []
    assert kept.days is not None or not (kept.least or kept.after or kept.months or kept.source)


def test_rows_are_swept_by_the_one_walk_alone() -> None:
    """Another sweep by time would have days of its own. Open terminals are of seconds."""
    found = {
        shown(path)
        for path in sources()
        for text in constants(path)
        if "DELETE FROM" in text and OLD.search(text)
    }
    assert found <= {"services/emergency/presence.py"}


def test_what_is_kept_outside_the_tables_is_told_with_its_days() -> None:
    """The days stand in other files; the head of this one says by which rule."""
    head = (TOP / "deploy/retention.yaml").read_text().partition("\njournals:")[0]
    declared = yaml.safe_load((TOP / "deploy/topics.yaml").read_text())
    keeps = {name: topic["keep"] for name, topic in declared["topics"].items()}
    events = {keep for name, keep in keeps.items() if ".events." in name}
    commands = {keep for name, keep in keeps.items() if ".commands." in name}
    assert told_days(head, "topics of events") == events
    assert told_days(head, "topic of commands") == commands
    assert told_days(head, "dead letters") == {declared["dead_letters"]["keep"]}
    for each in ("logs", "backups", "archived WAL"):
        assert re.search(rf"^#   {each} +\S", head, re.MULTILINE), each


def told_days(head: str, what: str) -> set[int]:
    return {int(days) for days in re.findall(rf"^#   {what} +(\d+) days", head, re.MULTILINE)}


def test_the_image_has_the_file() -> None:
    assert "!deploy/retention.yaml" in (TOP / "deploy/Containerfile.dockerignore").read_text()
