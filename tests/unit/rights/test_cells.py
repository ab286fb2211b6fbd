"""Each cell of the matrix of rights, tried on the life cycles: done where allowed, else refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.cells import may_do
from backbone.words.place import contains
from backbone.words.right import Relation
from backbone.words.rights import RIGHTS
from backbone.words.sight import AUDITOR, CASE, OPERATOR, Facts
from services.dispute.dispute import record as dispute
from services.petition.petition import record as petition
from services.population.care_case import record as care
from services.workflow.wiring import build_decider
from tests.cities import COUNTY
from tests.life_cycles import ACCEPTED, NOTHING, Subject
from tests.unit.alarm.test_life_cycle import RECEIPT
from tests.unit.dispute.test_life_cycle import DISPUTE
from tests.unit.petition import test_life_cycle as petitions
from tests.unit.population.test_life_cycle import CARE_CASE
from tests.unit.workflow.accusations import CITY, LIN, OFFICE, SU, an_opening
from tests.unit.workflow.test_life_cycle import ACCUSATION, INCIDENT, a_subject
from tests.unit.workflow.test_supervision import SUBJECT as SUPERVISION

R = Relation
# No questions of rights to the matter: four eyes are needed, there is no unit above, the team is of
# another area.
BESIDE = frozenset({"SECOND_PERSON_NEEDED", "ANOTHER_PERSON_NEEDED", "NO_SUPERIOR", "NO_SUCH_TEAM"})
DONE = BESIDE | {ACCEPTED}
WORKS, WORKS_TOO = {R.HOLDER, R.UNIT}, {R.UNIT}
HEADS = (Actor("he", "office", "head", COUNTY), Actor("yu", "office", "head", COUNTY))


def hidden(source: str) -> Subject:
    """An incident of a source that the 110 desk does not know."""
    opening = an_opening(source=source, against="", category="theft")
    head = replace(SU, role="head")
    receptionists = tuple(replace(each, role="receptionist") for each in HEADS)
    verifiers: Any = HEADS if source == "CARE" else receptionists
    return Subject(
        title=f"an incident of {source}",
        decider=build_decider(lambda: CITY),
        people={
            **{title: ACCUSATION.people[title] for title in OF_ACCUSATION},
        },
        openings=((opening,),),
        **a_subject(opening, LIN, head, OFFICE, SU, verifiers),
    )


@dataclass(frozen=True)
class Tried:
    """A subject of a contract, with the relations of its people by their units."""

    service: str
    subject: Subject
    relations: Mapping[str, set[Relation]]
    by_verb: Mapping[str, Mapping[str, set[Relation]]] = field(default_factory=dict)
    facts_of: Callable[[Any], Facts] = lambda record: record.facts
    is_named: Callable[[Any, Actor], bool] = lambda record, actor: False

    def relations_of(self, person: str, actor: Actor, verb: str, area: str) -> set[Relation]:
        found = set(self.by_verb.get(verb, self.relations).get(person, set()))
        if contains(actor.area, area):
            found.add(R.AREA)
        if actor.role == AUDITOR:
            found.add(R.AUDITOR)
        return found


OF_ACCUSATION = {
    "holder": WORKS | {R.OVER},
    "colleague of the holder": WORKS_TOO | {R.OVER},
    "unit that was asked": {R.ASKED, R.OVER},
    "desk": {R.DESK, R.KEEPER, R.SENDER, R.OVER},
}
GIVEN = {
    "ObjectToAssignment": {"unit that was asked": {R.UNIT}},
    "UpholdObjection": {"holder": {R.SENDER}, "colleague of the holder": {R.SENDER}},
    "RejectObjection": {"holder": {R.SENDER}, "colleague of the holder": {R.SENDER}},
}
TRIED = (
    Tried(
        "IncidentService",
        INCIDENT,
        {
            "holder": WORKS,
            "colleague of the holder": WORKS_TOO,
            "unit that was asked": {R.ASKED, R.OVER},
            "desk": {R.DESK, R.SENDER, R.OVER},
            "colleague at the desk": {R.DESK, R.SENDER, R.OVER},
            "unit above": {R.ABOVE, R.OVER},
        },
        {"ObjectToAssignment": {"unit that was asked": {R.UNIT}}},
    ),
    Tried("IncidentService", ACCUSATION, OF_ACCUSATION, GIVEN),
    Tried("IncidentService", hidden("PETITION"), OF_ACCUSATION, GIVEN),
    Tried("IncidentService", hidden("CARE"), OF_ACCUSATION, GIVEN),
    Tried(
        "AlarmService",
        RECEIPT,
        {
            "desk": {R.DESK},
            "dispatcher of the same unit": {R.DESK},
            "unit that it was passed to": {R.ASKED},
        },
    ),
    Tried(
        "PetitionService",
        petitions.PETITION,
        {"desk": {R.DESK}, "unit that claimed it": {R.UNIT}},
        facts_of=petition.facts_of,
    ),
    Tried(
        "PetitionService",
        petitions.ACCUSATION,
        {"desk": {R.DESK}, "unit that claimed it": {R.UNIT}},
        facts_of=petition.facts_of,
    ),
    Tried(
        "DisputeService",
        DISPUTE,
        {"desk": {R.DESK}, "unit that claimed it": {R.UNIT}},
        facts_of=dispute.facts_of,
    ),
    Tried(
        "PopulationService",
        CARE_CASE,
        {
            "head of the unit": {R.UNIT},
            "entrusted": {R.UNIT, R.HOLDER},
            "colleague who is not entrusted": {R.UNIT},
        },
        facts_of=lambda case: Facts(CASE, area=case.charge.area),
        is_named=lambda case, actor: care.is_entrusted(case, actor) or care.has_sent(case, actor),
    ),
    Tried(
        "SupervisionService",
        SUPERVISION,
        {
            "supervisor": {R.SUPERVISOR},
            "colleague of the supervisor": {R.SUPERVISOR},
            "clerk of the supervising unit": {R.SUPERVISOR},
            "head of a unit that was asked": {R.ASKED},
            "holder": {R.ASKED, R.HOLDER},
        },
    ),
)


def all_cells() -> list[Any]:
    return [
        pytest.param(tried, verb, id=f"{tried.subject.title}: {verb}")
        for tried in TRIED
        for verb in tried.subject.ways
        if verb in RIGHTS[tried.service] and not RIGHTS[tried.service][verb].is_inside
        if tried.subject.verbs[verb].states is not None
    ]


@pytest.mark.parametrize(("tried", "verb"), all_cells())
def test_a_cell_is_what_the_life_cycle_does(tried: Tried, verb: str) -> None:
    subject, wrong = tried.subject, []
    for person, known in subject.people.items():
        for role in subject.roles:
            actor = replace(known, role=role)
            allowed = done = False
            for state in subject.states_heard(verb):
                if state == NOTHING:
                    continue
                record, _ = subject.ready(verb, state)
                facts = tried.facts_of(record)
                relations = tried.relations_of(person, actor, verb, facts.area)
                right = RIGHTS[tried.service][verb].of(role, relations, facts.source)
                named = tried.is_named(record, actor) and role != OPERATOR
                allowed |= may_do(actor, tried.service, verb, facts, relations)
                allowed |= named and right
                done |= subject.heard(verb, state)[person, role] in DONE
            if allowed != done:
                answers = {subject.heard(verb, s)[person, role] for s in subject.states_heard(verb)}
                wrong.append((person, role, "allowed" if allowed else "denied", sorted(answers)))
    assert wrong == []
