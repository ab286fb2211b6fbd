"""Sentences say names and terms: each fact of a Chinese sentence is of a known kind."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from services.emergency.accusing import ELSEWHERE
from services.gateway.contract.fields import items_of, names_of
from services.gateway.contract.naming import ALLOWED, KINDS, PLAIN, TERMS, TIMES, Names
from services.gateway.contract.plan import plan_of
from services.gateway.contract.words import read_words
from services.gateway.http.incoming import TYPES
from services.gateway.http.problems import collection_of
from services.gateway.routes import AREAS
from services.workflow.incident import waiting
from services.workflow.incident.closing import Finding, VoidReason
from services.workflow.incident.handling import Result
from services.workflow.incident.urging import Urger
from tests.house.sources import TOP, reasons
from tests.house.test_reasons import places

# Codes that a contract carries as texts.
TEXTS: dict[str, list[str]] = {
    "outcome": list(Result),
    "solved": list(Finding),
    "reason": [*VoidReason, *waiting.REASONS, ELSEWHERE],
    "urger": list(Urger),
    "type": list(TYPES.values()),
}


def enums() -> Iterator[tuple[str, Any]]:
    """Each field of a request or an answer that holds an enum, with its enum."""
    todo = [
        message
        for area in AREAS
        for route in area.routes
        for method in [plan_of(area, route).method]
        for message in (method.input_type, method.output_type)
    ]
    seen = set()
    while todo:
        message = todo.pop()
        if message.full_name in seen or message.full_name.startswith("google."):
            continue
        seen.add(message.full_name)
        todo += [field.message_type for field in message.fields if field.message_type]
        yield from ((f.name, f.enum_type) for f in message.fields if f.enum_type)


@pytest.mark.parametrize("reason", sorted(reasons()))
def test_each_fact_of_a_sentence_is_of_a_known_kind(reason: str) -> None:
    lines = reasons()[reason]
    known = KINDS.keys() | TERMS.keys() | PLAIN | TIMES | {ALLOWED}
    said = places(lines["title_zh"]) | places(lines["detail_zh"])
    assert said <= known, "add a term table or a kind of name, or declare it plain"


def test_a_fact_is_of_one_kind() -> None:
    assert not KINDS.keys() & (PLAIN | TIMES | TERMS.keys())
    assert not TIMES & (PLAIN | TERMS.keys())


def test_each_value_of_each_enum_has_its_term() -> None:
    every: list[tuple[str, list[str]]] = [
        (name, list(names_of(enum).values())) for name, enum in enums()
    ]
    assert len(every) > 50
    missing = {
        f"{name}: {code}"
        for name, codes in [*every, *TEXTS.items()]
        for code in codes
        if code not in TERMS.get(name, {})
    }
    assert not missing


def test_no_term_is_a_code() -> None:
    for name, terms in TERMS.items():
        for code, term in terms.items():
            assert any("\u4e00" <= letter <= "\u9fff" for letter in term), f"{name}: {code}"


# The messages whose states the sentences of a collection name.
COLLECTIONS = {
    "liandong.alarm.v1.Receipt": "receipts",
    "liandong.alarm.v1.Ticket": "tickets",
    "liandong.incident.v1.Incident": "incidents",
    "liandong.petition.v1.Petition": "petitions",
    "liandong.dispute.v1.Dispute": "disputes",
    "liandong.emergency.v1.Mission": "missions",
    "liandong.supervision.v1.Supervision": "supervisions",
    "liandong.supervision.v1.Demand": "supervisions",
    "liandong.population.v1.CareCase": "care-cases",
    "liandong.population.v1.Visit": "care-cases",
}
# Where the records tell their states, each with its term behind it.
RECORDS = {
    "alarm/receipt/record.py": "receipts",
    "alarm/receipt/passed.py": "tickets",
    "workflow/incident/record.py": "incidents",
    "workflow/supervision/record.py": "supervisions",
    "petition/petition/record.py": "petitions",
    "dispute/dispute/record.py": "disputes",
    "emergency/mission/record.py": "missions",
    "population/care_case/record.py": "care-cases",
}
STATES = re.compile(r"^class \w*State\(StrEnum\):\n(?:.*\n)*?(?=\n\n)", re.M)
TOLD = re.compile(r'^    [A-Z_]+ = "([A-Z_]+)"  # ([\u4e00-\u9fff、（）]+)', re.M)
CHINESE = re.compile(r"^[\u4e00-\u9fff、（）]+")
# What Latin letters may stand in a Chinese sentence: names of formats, headers and addresses.
LATIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]+")
FORMATS = set(
    """
    ASCII Authorization Bearer Idempotency-Key If-Match JSON Last-Event-ID Liandong-Person
    Liandong-Purpose P1 P4 RFC T08 UTF-8 application json openapi
    """.split()  # noqa: SIM905
)


def test_a_list_names_states_as_its_records_do() -> None:
    """Also one inside another collection: supervisions in the inbox, receipts of an incident."""
    tried = 0
    for area in AREAS:
        for route in area.routes:
            plan = plan_of(area, route)
            items = items_of(plan.method.output_type)
            state = plan.method.input_type.fields_by_name.get("state")
            if items is None or state is None or state.enum_type is None:
                continue
            codes = names_of(state.enum_type).values()
            own = COLLECTIONS.get(items.message_type.full_name)
            if own is None or "state" not in plan.query:
                continue
            said = Names().allowed("state", ", ".join(codes), collection_of(route.path))
            assert said == Names().allowed("state", ", ".join(codes), own), route.path
            tried += 1
    assert tried > 7


def test_the_term_of_a_state_is_that_of_its_contract() -> None:
    """A code of two services may mean two things: the comment of the contract says which."""
    words, wrong = read_words(), []
    for name, enum in enums():
        owner = enum.containing_type
        if name != "state" or owner is None or owner.full_name not in COLLECTIONS:
            continue
        collection = COLLECTIONS[owner.full_name]
        for number, code in names_of(enum).items():
            said = CHINESE.match(
                words.get(f"{enum.full_name}.{enum.values_by_number[number].name}", "")
            )
            term = Names().in_words("state", code, "zh", collection)
            if said and said[0] != term:
                wrong.append(f"{owner.name}.{code}: {term}, the contract says {said[0]}")
    assert not wrong


def test_each_record_with_states_has_its_collection() -> None:
    """A term that two kinds of record share must be right for both."""
    owners = {
        enum.containing_type.full_name
        for name, enum in enums()
        if name == "state" and enum.containing_type is not None
    }
    assert owners == COLLECTIONS.keys()


def test_the_term_of_a_state_is_the_one_beside_it_in_its_record() -> None:
    """One term for one thing: in the code, in the contract, and in what a refusal says."""
    wrong, seen = [], set()
    for path in (TOP / "services").rglob("*.py"):
        found = [told for part in STATES.findall(path.read_text()) for told in TOLD.findall(part)]
        name = str(path.relative_to(TOP / "services"))
        if not found:
            continue
        seen.add(name)
        for code, said in found:
            term = Names().in_words("state", code, "zh", RECORDS[name])
            wrong += [f"{name} {code}: {term}, the record says {said}"] if said != term else []
    assert (wrong, seen) == ([], RECORDS.keys())


def test_what_has_no_name_or_term_is_no_code_in_a_chinese_sentence() -> None:
    names = Names()
    for name in [*KINDS, *(TERMS.keys() - PLAIN)]:
        for code in ("clerk.990101-police", "NEWER_STATE") if name in KINDS else ("NEWER_STATE",):
            assert not LATIN.search(names.in_words(name, code, "zh")), name
            assert names.in_words(name, code, "zh", given=True) == code


@pytest.mark.parametrize("part", ["title_zh", "detail_zh"])
def test_the_words_of_a_chinese_sentence_are_chinese(part: str) -> None:
    foreign = {
        word
        for lines in reasons().values()
        for word in LATIN.findall(re.sub(r"{\w+}", "", lines[part]))
    }
    assert foreign <= FORMATS, foreign - FORMATS
