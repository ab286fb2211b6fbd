"""Writes docs/rights.md from the rule of rights. `python deploy/write_rights.py`"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from backbone.words import sight
from backbone.words.actor import Actor
from backbone.words.cells import Cell, cells
from backbone.words.rights import RIGHTS
from backbone.words.roles import EVERYONE
from backbone.words.sight import LINES, LINES_ON_DUTY, Relation, grants

FILE = Path(__file__).parents[1] / "docs" / "rights.md"
HEAD = """# Who may see and do what

Written by `python deploy/write_rights.py` from `libs/backbone/words/sight.py` and `rights.py`; a
house test holds it current, and `tests/unit/rights` tries the cells on the life cycles. Review its
diff.

A matter is seen by a relation to it: **own** unit (it has or had to do with the matter, and is not
the accused or below), **area** (the role watches over the place), **audit**. A matter that is born
from another one (`DISPUTE/PETITION`: a dispute, and its incident, that was a petition; a
supervision of such incidents) is seen by those alone who would see both. A role does what a row
says, in the relation of the row, to what it sees. The answer is 404 for a matter out of sight, and
403 with `ROLE_MAY_NOT` or the reason of the relation for one in sight. A repeat asks both again,
and a disclosure decides anew. Names and numbers are masked for all who see a matter; a reveal shows
them, for a purpose, and is recorded, as is every reading of an auditor.
"""
SOURCES = (
    sight.ALARM,
    sight.DISPUTE,
    sight.born(sight.DISPUTE, sight.PETITION),
    sight.PETITION,
    sight.CARE,
    sight.CASE,
    sight.ORDER,
    sight.SUPERVISION,
)
SIGNS = {
    Relation.UNIT: "own",
    Relation.AUTHOR: "author",
    Relation.WATCHER: "area",
    Relation.AUDITOR: "audit",
}
ACCUSING = (sight.ALARM, sight.PETITION)


def document() -> str:
    """The whole text."""
    return "\n".join([HEAD, *_sights(), *_lines(), *_verbs()]) + "\n"


def _sights() -> Iterator[str]:
    yield "## Who sees it\n"
    yield "With +: accusations, too. A care case is seen by the people named in it.\n"
    yield f"| role | {' | '.join(SOURCES)} |"
    yield f"|---|{'---|' * len(SOURCES)}"
    for role in sorted(EVERYONE):
        yield f"| `{role}` | {' | '.join(_seen(role, source) for source in SOURCES)} |"
    yield ""


def _seen(role: str, source: str) -> str:
    found = [each for each in grants(Actor("", role=role)) if source in each.sources]
    if source == sight.CASE and role not in (sight.AUDITOR, sight.OPERATOR):
        return "by name"
    accuses = source in ACCUSING
    signs = (f"{SIGNS[each.relation]}{'+' if each.accused and accuses else ''}" for each in found)
    return ", ".join(signs) or "–"


def _lines() -> Iterator[str]:
    yield "## Lines\n"
    on_duty = ", ".join(sorted(sight.ON_DUTY))
    watchers = ", ".join(sorted(sight.OF_A_LINE - sight.ON_DUTY))
    yield f"Of a functional unit {watchers} watch no other business in their area:\n"
    yield from (f"- `{kind}`: {', '.join(sorted(found))}" for kind, found in LINES.items())
    yield f"\nOf what {on_duty} watch elsewhere, they watch there no more than:\n"
    yield from (f"- `{kind}`: {', '.join(sorted(each))}" for kind, each in LINES_ON_DUTY.items())
    yield "\nOf any other kind all of these see only what the unit itself has to do with.\n"


def _verbs() -> Iterator[str]:
    for service, of_service in groupby(cells(), key=lambda cell: cell.service):
        yield f"## {service}\n"
        yield "| what | to | relation | who may |"
        yield "|---|---|---|---|"
        for verb, of_verb in groupby(of_service, key=lambda cell: cell.verb):
            yield from _rows(verb, list(of_verb))
        inside = sorted(name for name, right in RIGHTS[service].items() if right.is_inside)
        yield f"\nBetween services alone: {', '.join(inside) or 'none'}.\n"


def _rows(verb: str, found: list[Cell]) -> Iterator[str]:
    """One row for each relation and set of roles, with the sources that have it."""
    rows: dict[tuple[str, str], list[str]] = {}
    for (relation, source, accused), group in groupby(
        sorted(found, key=lambda each: (each.relation, each.source, each.accused)),
        key=lambda each: (each.relation, each.source, each.accused),
    ):
        said = source + (" accusing" if accused else "")
        rows.setdefault((relation, _roles(group)), []).append(said)
    for (relation, allowed), sources in rows.items():
        yield f"| {verb} | {', '.join(sources)} | {relation} | {allowed} |"


def _roles(found: Iterable[Cell]) -> str:
    return ", ".join(each.role for each in found if each.allowed) or "–"


if __name__ == "__main__":
    FILE.write_text(document(), encoding="utf-8")
