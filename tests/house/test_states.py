"""No statement reads a document without the columns that prove it."""

import re

from tests.house.sources import TOP, shown

ALLOWED = {
    "libs/backbone/postgres/states.py",  # the columns themselves
    "libs/backbone/door/statements.py",  # the door's own, which it proves
    "libs/operate/backup/proving.py",  # folds every record
    "libs/operate/admin/evidence.py",  # finds the tables by their columns
    "libs/operate/archive/removing.py",  # the same
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
