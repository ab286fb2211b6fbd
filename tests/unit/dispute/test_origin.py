"""A dispute that was a petition 访调对接: unknown to whom the petition is; so is its incident."""

from datetime import date

import pytest
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.matter_code import Intake, intake_of, mint
from backbone.words.sight import CALLS_DESK, PETITION, sees
from services.dispute import codec
from services.dispute.dispute.record import Dispute, Origin, Source, facts_of
from services.dispute.dispute.routing import matter_of
from services.workflow.incident import table
from services.workflow.incident.opening import IncidentOpened, opened
from tests.cities import NORTH, NOW
from tests.unit.dispute.disputes import DESK, LI, REGISTERED, a_registration, after

CODE = mint("990101", date(2026, 1, 1), Intake.PETITION, 1)
ORIGIN = Origin("an id", CODE)


@pytest.mark.parametrize("intake", Intake)
def test_a_code_says_which_desk_has_minted_it(intake: Intake) -> None:
    code = mint("990101", date(2026, 1, 1), intake, 7)
    assert intake_of(code) is intake
    assert intake_of(code.replace("-", "")) is intake
    assert intake_of(f"{code[:-1]}x") is None


@pytest.mark.parametrize("source", [None, *Source])
def test_the_code_of_a_petition_says_where_it_comes_from(source: Source | None) -> None:
    found = after(a_registration(source=source, origin=ORIGIN))
    assert found.filing.source is Source.PETITION


BORN = [
    after(a_registration(source=Source.PETITION)),
    after(a_registration(source=Source.WALK_IN, origin=ORIGIN)),
]


@pytest.mark.parametrize("dispute", BORN)
def test_the_110_desk_knows_neither_it_nor_its_incident(dispute: Dispute) -> None:
    incident = opened(IncidentOpened(NOW, matter_of(dispute)))
    incident = replace(incident, involved=(DESK.unit,))
    assert incident.matter.origin == PETITION and incident.matter.source == "DISPUTE"
    assert table.project(incident)["source"] == incident.facts.source
    assert codec.scope(dispute).source == facts_of(dispute).source
    for role in CALLS_DESK:
        for desk in (Actor("zhou", DESK.unit, role), Actor("zhou", "x", role, NORTH)):
            assert not sees(desk, facts_of(dispute))
            assert not sees(desk, incident.facts)
    for worker in (DESK, replace(LI, unit=DESK.unit)):
        assert sees(worker, facts_of(dispute)) and sees(worker, incident.facts)


def test_any_other_dispute_is_known_as_before() -> None:
    assert sees(Actor("zhou", DESK.unit, "dispatcher"), facts_of(REGISTERED))
    assert matter_of(REGISTERED).origin == ""
