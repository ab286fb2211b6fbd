"""No statement reads a document without the columns that prove it."""

import re

from tests.house.sources import TOP, shown

ALLOWED = {
    "libs/backbone/postgres/states.py",  # the columns themselves
    "libs/backbone/door/statements.py",  # the door's own, which it proves
    "libs/operate/backup/proving.py",  # folds every record
    "libs/operate/admin/evidence.py",  # finds the tables by their columns
    "libs/operate/archive/removing.py",  # the same
    "libs/operate/admin/proofs.py",  # codes rows anew that their old code proves
    "libs/backbone/postgres/listing.py",  # lists, which prove each row
}
READS = re.compile(r"\bdoc::text\b|\bSELECT [^;\"]*\bshape\b")


def test_a_document_is_read_with_its_proof() -> None:
    paths = [*TOP.glob("services/**/*.py"), *TOP.glob("libs/**/*.py")]
    found = [
        shown(path)
        for path in paths
        if shown(path) not in ALLOWED and READS.search(path.read_text())
    ]
    assert found == []


# What is read for no person: what a service itself must know. Everything else is asked once more of
# the document (`RowsOf.shown`), so that a column that was changed by hand shows nothing.
UNASKED = {
    "libs/backbone/shell/known_persons.py",  # the names that are sealed in a text
    "services/alarm/storage.py",  # what the desk knows of a receipt, and its orders' caller
    "services/dispute/origins.py",  # the disputes whose incidents are told where they come from
    "services/dispute/storage.py",  # the parties whom a new naming keeps
    "services/emergency/catching_up.py",  # missions that are compared with their incidents
    "services/emergency/orders.py",  # the orders of a matter
    "services/petition/storage.py",  # the petition whose parts an amendment keeps
    "services/population/consumers.py",  # the person whom a unit's answer may name
    "services/population/needs_texts.py",  # the persons of needs whose texts another service keeps
    "services/workflow/recounts.py",  # the supervisions whose due times are counted anew
    "services/emergency/statuses.py",  # by team: the rule of sight was asked of the city's team
}
KNOWS = re.compile(r"(?:rows|of\(\w+\))\.(?:one|some|prove|sound)\(")


def test_what_is_read_for_a_person_is_asked_of_the_document() -> None:
    paths = [*TOP.glob("services/**/*.py"), *TOP.glob("libs/backbone/shell/*.py")]
    found = {
        shown(path)
        for path in paths
        if KNOWS.search(path.read_text()) and shown(path) != "libs/backbone/shell/proving.py"
    }
    assert found == UNASKED


def test_every_list_shows_by_the_document() -> None:
    """Each list is made in one place, and nothing else makes SQL of sights without `shown`."""
    for path in TOP.glob("services/**/*.py"):
        text = path.read_text()
        assert not re.search(r"\bLists\(", text), f"{shown(path)}: backbone.shell.lists makes them"
        if "any_of(" in text:
            assert re.search(r"\.(all_shown|listed)\(", text), shown(path)
