"""Refuses definitions of people by belief, ethnicity, opinion or the fact of petitioning.

The system is about matters and places, not about kinds of people. The rule is code and not data of
the pack, so a city cannot remove it.
"""

import re
from collections.abc import Iterator

from services.directory.flaws import Finding, Severity
from services.directory.pack import Pack

CODES = re.compile(
    r"(^|[._-])(belief|beliefs|believer|believers|religion|religious|faith|ethnic|ethnicity|"
    r"minority|minorities|race|racial|opinion|opinions|ideology|dissent|petitioner|petitioners|"
    r"petitioning)([._-]|$)",
    re.IGNORECASE,
)
WORDS = re.compile(
    "信仰|信教|宗教|教徒|教众|传教|民族|族群|族裔|种族|言论|观点|舆情|思想动态|异见|"
    "上访|信访户|信访人员|信访对象|访民|缠访|闹访"
)


def check_wording(pack: Pack) -> Iterator[Finding]:
    """Check codes, names and keywords of categories, kinds of units, and skills of teams."""
    for category in pack.city.categories.values():
        yield from _refuse(pack, f"category/{category.code}", category.code)
        for word in (category.name, *category.keywords, *category.skills):
            yield from _refuse(pack, f"category/{category.code}", word)
    for kind, name in pack.unit_kinds.items():
        yield from _refuse(pack, f"kind/{kind}", kind)
        yield from _refuse(pack, f"kind/{kind}", name)
    for skill, name in (pack.skills or {}).items():
        yield from _refuse(pack, f"skill/{skill}", name)
    for team in pack.city.teams.values():
        for skill in team.skills:
            yield from _refuse(pack, f"team/{team.code}", skill)


def is_refused(text: str) -> bool:
    """Whether a text names a class of people that no pack may define."""
    return bool(CODES.search(text) or WORDS.search(text))


def _refuse(pack: Pack, key: str, text: str) -> Iterator[Finding]:
    if is_refused(text):
        detail = "nothing is defined by belief, ethnicity, opinion or petitioning"
        subject = key.partition("/")[2]
        yield Finding(Severity.ERROR, "REFUSED_BY_LAW", pack.spot(key), subject, detail)
