"""The names beside codes: of units, people, teams, categories and areas, and the terms of states.

What a field or a fact names follows from what it is called, so that answers, timelines, changes
and sentences say the same name for the same code.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from msgspec import yaml

from backbone.words.actor import FOR
from backbone.words.areas import ancestors
from backbone.words.city import City
from backbone.words.place import contains

# The kind of code that a field or fact of this name holds.
KINDS: Mapping[str, str] = {
    **dict.fromkeys(
        ("unit", "accountable_unit", "desk", "from_unit", "to_unit", "by_unit", "ordered_unit",
         "supervisor", "raised_to", "assigned_by", "against", "passed_to",
         "against_unit", "home_unit", "host_unit", "mediation_unit",
         "recalled_unit", "sent_unit"),
        "unit",
    ),
    **dict.fromkeys(
        ("holder", "from_holder", "actor", "user", "by", "receiver", "ordered_by", "called_by",
         "acknowledged_by", "opener", "answerer", "answered_by",
         "set_by", "decided_by", "mediator", "worker", "leader", "verifier",
         "voided_by", "merged_by", "reinstated_by", "recalled_by", "sent_by", "confirmed_by"),
        "person",
    ),
    "team": "team",
    **dict.fromkeys(("category", "confirmed_category"), "category"),
    **dict.fromkeys(("stopped_by", "users"), "person"),
    **dict.fromkeys(("area", "matter_area"), "area"),
    "unit_kind": "unit_kind",
    "skills": "skill",
}  # fmt: skip
# Fields whose names do not say it: several teams, and words of the city pack itself.
OF_FIELD: Mapping[str, str] = {
    "liandong.emergency.v1.ListTeamStatusesRequest.teams": "team",
    "liandong.directory.v1.ListUnitsRequest.kind": "unit_kind",
    "liandong.directory.v1.Unit.kind": "unit_kind",
    "liandong.directory.v1.ListTeamsRequest.skill": "skill",
}
# The filters that take a term of the pack, by collection and parameter.
TERMED: Mapping[tuple[str, str], str] = {
    ("units", "kind"): "unit_kind",
    ("teams", "skill"): "skill",
}
# Facts that sentences say as they are: numbers, what the caller has written, and codes of records.
PLAIN = frozenset(
    {"answer", "bytes", "cause", "character", "characters", "city", "code", "column",
     "content_type", "count", "earlier", "field", "first", "given", "incident", "into", "items",
     "latitude", "least", "line", "loaded", "longitude", "member", "minutes", "missing",
     "mission", "most", "name", "named", "next", "number",
     "reason", "revision", "seconds", "seq", "shape", "step", "version", "words"}
)  # fmt: skip
TIMES = frozenset({"time", "due", "first_time", "last_time"})
# The fact that lists the values that a field takes, by their terms and codes.
ALLOWED = "expected"
INDEX = re.compile(r"\[\d+\]")
SUFFIX = "_name"
# The field for the names of a list of codes, in the same order.
SUFFIXES = "_names"
ALL_TERMS: Mapping[str, Any] = yaml.decode(Path(__file__).with_name("terms.yaml").read_bytes())
# A Chinese sentence says these for a code without a name or term here: a newer release knows it, or
# a person has left. Words of the caller are quoted as they were written.
NAMELESS: Mapping[str, str] = ALL_TERMS["nameless"]
# Terms of one collection alone, by its name in the path: an answer of a supervision is 已认可, a
# dispute 已受理.
OF_COLLECTION: Mapping[str, Mapping[str, Mapping[str, str]]] = ALL_TERMS["of_collection"]
TERMS: Mapping[str, Mapping[str, str]] = {
    name: terms for name, terms in ALL_TERMS.items() if name not in ("nameless", "of_collection")
}
# The language of the answer to the present request.
ASKED: ContextVar[str] = ContextVar("ASKED", default="zh")
CODE = re.compile(r"[A-Z][A-Z0-9_]*|[a-z]+(?:_[a-z]+)+|[a-z]+")


@dataclass(frozen=True, slots=True)
class Term:
    """A code of the city pack: its Chinese term, empty in packs that do not say it. The code is the
    English one."""

    code: str
    chinese: str

    @property
    def name(self) -> str | None:
        """In the language of the present request."""
        return (self.chinese or None) if ASKED.get() == "zh" else in_english(self.code)


def kind_of(field: FieldDescriptor) -> str:
    """What the codes in this field name; empty where it holds none."""
    if field.type != FieldDescriptor.TYPE_STRING:
        return ""
    return OF_FIELD.get(field.full_name) or KINDS.get(field.name, "")


class Names:
    """The names in the city as last heard of; before that, every code is without a name."""

    def __init__(self) -> None:
        self._tables: Mapping[str, Mapping[str, Any]] = {}
        self._accounts: dict[str, str] = {}
        self._keys: Mapping[str, tuple[str, str]] = {}
        # The writers that say these names, by message: all routes share them.
        self.writers: dict[str, Callable[[Any], Any]] = {}

    def learn_accounts(self, names: Mapping[str, str]) -> None:
        """Learn the persons behind accounts, whom the city pack need not name."""
        self._accounts.update(names)

    def learn_keys(self, owners: Mapping[str, tuple[str, str]]) -> None:
        """Learn whose system each API key is: its unit, and its team if it is one of a team."""
        self._keys = owners

    def learn(self, city: City) -> None:
        self._tables = {
            "unit": {**city.neighbours, **city.units},
            "person": city.people,
            "team": city.teams,
            "category": city.categories,
            "area": {**city.areas, **city.grids},
            "unit_kind": _terms((each.kind for each in city.units.values()), city.head.unit_kinds),
            "skill": _terms(
                (skill for each in city.teams.values() for skill in each.skills),
                city.head.skills,
            ),
        }

    def knows(self, kind: str, code: str) -> bool:
        """Whether the city has what the code names, or an area around or below; yes before it was
        heard of."""
        table = self._tables.get(kind)
        if not table or code in table or self.of(kind, code) is not None:
            return True
        return kind == "area" and any(contains(code, each) for each in table)

    def all_of(self, kind: str) -> list[str]:
        return sorted(self._tables.get(kind, ()))

    def of(self, kind: str, code: str) -> str | None:
        """The name of a code, or None. The person behind a system's key is named by its system,
        as `principal/person`, and a system that names nobody by its unit; a deputy together with
        the person stood in for. An area below those known has the name of the nearest above it."""
        table = self._tables.get(kind, {})
        known = table.get(code)
        if known is None and kind == "area":
            known = next((table[each] for each in ancestors(code) if each in table), None)
        if known is None and kind == "person":
            known = self._tables.get("team", {}).get(code)  # a team acts as one on a timeline
        if known is not None:
            return None if known.name is None else str(known.name)
        if kind != "person":
            return None
        return self._accounts.get(code) or self._of_two(code) or self._of_key(code)

    def allowed(self, field: str, codes: str, collection: str) -> str:
        """The values that the field takes, or its type, in Chinese: each with the code to send."""
        name = INDEX.sub("", field).rpartition(".")[2]
        table = self._tables.get(TERMED.get((collection, name), ""), {})
        own = {code: term.chinese for code, term in table.items() if term.chinese}
        terms = {**TERMS.get(name, {}), **OF_COLLECTION.get(collection, {}).get(name, {}), **own}
        said = (f"{terms[code]}（{code}）" if code in terms else code for code in codes.split(", "))
        return TERMS["type"].get(codes) or "、".join(said)

    def _of_key(self, code: str) -> str | None:
        """The system that acts under the name of its key, by the unit or team that it is of."""
        unit, team = self._keys.get(code, ("", ""))
        owner = (self.of("team", team) if team else None) or self.of("unit", unit or code)
        if owner is None:
            return None
        return f"{owner}的接口" if ASKED.get() == "zh" else f"the interface of {owner}"

    def _of_two(self, code: str) -> str | None:
        """The name of a system's person, or of a deputy."""
        if "/" in code:
            return code.partition("/")[2]
        deputy, sign, person = code.partition(FOR)
        if not sign:
            return None
        return f"{self.of('person', deputy) or deputy}（代{self.of('person', person) or person}）"

    def beside(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The facts, each code followed by its name where there is one; also those further in."""
        said: dict[str, Any] = {}
        for name, fact in facts.items():
            said[name] = self._inside(fact)
            kind = KINDS.get(name)
            if kind is not None and isinstance(fact, str) and (found := self.of(kind, fact)):
                said.setdefault(name + SUFFIX, found)
        return said

    def _inside(self, fact: Any) -> Any:
        if isinstance(fact, Mapping):
            return self.beside(fact)
        return [self._inside(each) for each in fact] if isinstance(fact, list) else fact

    def in_words(
        self, name: str, fact: str, language: str, collection: str = "", *, given: bool = False
    ) -> str:
        """The fact as a sentence in this language says it, of a record of this collection.

        `given`: the caller has written it, and the sentence quotes it.
        """
        kind = KINDS.get(name)
        if kind is not None:
            unnamed = fact if given or language != "zh" or not fact else NAMELESS[kind]
            return self.of(kind, fact) or unnamed
        if language != "zh" or name in PLAIN:
            return fact
        return _term(name, fact, collection, given)


def _term(name: str, fact: str, collection: str, given: bool) -> str:
    own = OF_COLLECTION.get(collection, {}).get(name, {})
    terms = TERMS.get(name, {})
    known = own.get(fact) or terms.get(fact)
    is_code = bool(terms) and CODE.fullmatch(fact) is not None
    return known or (NAMELESS["code"] if is_code and not given else fact)


def _terms(codes: Iterable[str], chinese: Mapping[str, str]) -> dict[str, Term]:
    return {code: Term(code, chinese.get(code, "")) for code in codes}


def in_english(code: str) -> str:
    return code.replace("_", " ").lower().capitalize()


def in_asked_words(name: str, code: str) -> str | None:
    """Return the term of a code in the language of the request, or None for a text without one."""
    term = TERMS.get(name, {}).get(code)
    return term if term is None or ASKED.get() == "zh" else in_english(code)
