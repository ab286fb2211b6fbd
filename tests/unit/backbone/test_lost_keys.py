"""A record whose key is lost is shown, with a mark in the place of each sealed field."""

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from backbone.postgres.sealing import UNOPENED, KeyMissing, Sealer
from backbone.process.keyring import Keyring
from services.alarm import callers
from services.alarm.receipt.record import Caller
from services.dispute import codec as disputes
from services.dispute.dispute.record import Party, Side
from services.petition import codec as petitions
from services.petition.petition.record import Petitioner
from services.population import codec as care
from tests.unit.dispute.disputes import REGISTERED as DISPUTE
from tests.unit.petition.petitions import REGISTERED as PETITION
from tests.unit.population.care_cases import ACTIVE, LI

LOST, KNOWN = Sealer(Keyring((b"l" * 32,))), Sealer(Keyring((b"k" * 32,)))


def test_of_a_caller() -> None:
    caller = Caller(name=LOST.seal("name", "王小明"), number=KNOWN.seal("number", "13800001234"))
    shown = callers.shown(caller, KNOWN)
    assert (shown.name, shown.number) == (UNOPENED, "138****1234")


def test_of_a_dispute() -> None:
    parties = (Party(Side.APPLICANT, LOST.seal("party.name", "王小明")),)
    found = replace(DISPUTE, filing=replace(DISPUTE.filing, parties=parties))
    shown = disputes.to_resource(found, KNOWN)
    assert (shown.parties[0].name, shown.subject) == (UNOPENED, DISPUTE.filing.subject)


def test_of_a_petition() -> None:
    people = (Petitioner(name=LOST.seal("petitioner.name", "王小明")),)
    filing = replace(PETITION.filing, petitioners=people, against=LOST.seal("against", "某某"))
    shown = petitions.to_resource(replace(PETITION, filing=filing), KNOWN)
    assert (shown.petitioners[0].name, shown.against) == (UNOPENED, UNOPENED)


@pytest.mark.parametrize("entrusted", [True, False])
def test_of_a_case_of_care(entrusted: bool) -> None:
    """A finding in which the person cannot be looked for is shown to none who must not know."""

    def open_but_the_name(part: str, sealed: str) -> str:
        if part == "person.name":
            raise KeyMissing("gone", part)
        return "去看了王小明" if part == "visit.finding" else sealed

    own: Any = SimpleNamespace(
        open=open_but_the_name,
        is_forgotten=False,
        is_sealed=False,
        give=str,
        search=lambda text, names: text,
    )
    visit = SimpleNamespace(finding="sealed")
    reader = LI if entrusted else replace(LI, user="sun", role="leader")
    told = care._finding(ACTIVE, visit, own, reader)  # type: ignore[arg-type]
    assert told == ("去看了王小明" if entrusted else UNOPENED)
    assert care.to_resource(ACTIVE, own, LI).person.name == UNOPENED
