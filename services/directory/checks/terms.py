"""Checks that every code of the pack which people see has its terms.

The Chinese one stands in the pack, the English one is the code itself.
"""

import re
from collections.abc import Iterator, Mapping

from services.directory.flaws import Finding, Severity, Spot
from services.directory.pack import Pack

FILE = "city.yaml"
CHINESE = re.compile("[\u4e00-\u9fff]")
ENGLISH = re.compile("[a-z]+(_[a-z]+)*")


def check_terms(pack: Pack) -> Iterator[Finding]:
    """Check the terms of kinds of units and of skills."""
    yield from _terms(pack.unit_kinds)
    if pack.skills is None:
        detail = "skills are shown as codes: give their Chinese terms as skills in city.yaml"
        yield Finding(Severity.WARNING, "TERM_MISSING", Spot(FILE), "skills", detail)
        return
    yield from _terms(pack.skills)
    for code, spot in sorted(_skills_in_use(pack).items()):
        if code not in pack.skills:
            detail = f"{FILE} has no Chinese term for the skill {code}"
            yield Finding(Severity.ERROR, "TERM_MISSING", spot, code, detail)


def _terms(terms: Mapping[str, str]) -> Iterator[Finding]:
    for code, term in terms.items():
        if not CHINESE.search(term):
            detail = f"its term must be Chinese, and is {term!r}"
            yield Finding(Severity.ERROR, "TERM_NOT_CHINESE", Spot(FILE), code, detail)
        if not ENGLISH.fullmatch(code):
            detail = "a code is shown as the English term: small letters, words joined by _"
            yield Finding(Severity.WARNING, "TERM_NOT_ENGLISH", Spot(FILE), code, detail)


def _skills_in_use(pack: Pack) -> dict[str, Spot]:
    """Each with the first place that names it."""
    teams = {f"team/{each.code}": each.skills for each in pack.city.teams.values()}
    classes = {f"category/{each.code}": each.skills for each in pack.city.categories.values()}
    found: dict[str, Spot] = {}
    for key, skills in (teams | classes).items():
        for skill in skills:
            found.setdefault(skill, pack.spot(key))
    return found
