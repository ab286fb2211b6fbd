"""Corrections of a petition: what is not given stays, the incident hears, the accused remains."""

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.intake.correcting import teller, telling_id
from backbone.rpc.caller import Call
from backbone.words.followed import CallerFollowed, FollowCaller, FollowIncident
from backbone.words.place import Place, Point
from services.petition import codec
from services.petition.petition import PETITIONS
from services.petition.petition.acceptance import AcceptPetition
from services.petition.petition.amending import AmendPetition, PetitionAmended, PetitionerChange
from services.petition.petition.record import (
    Channel,
    Kind,
    Petition,
    Petitioner,
    accused,
    audience,
    watched_area,
)
from services.petition.petition.routing import RoutePetition
from services.petition.wiring import build_decider
from services.workflow import codec as workflow
from tests.cities import NORTH, NOW, SOUTH
from tests.unit.petition.petitions import (
    ACCEPT,
    ACCEPTED,
    ACCUSATION,
    ACCUSED,
    ASSIGNED,
    CITY,
    CLAIMED,
    CLOSE,
    DESK,
    HANDLING,
    LI,
    REGISTERED,
    REPLY,
    a_registration,
    after,
    decide,
    refusal_of,
)

TWO = (Petitioner("n1", "c1", "i1"), Petitioner("n2", "c2", "i2"))
INDEXES = {"c1": ("C1",), "i1": ("I1",), "c2": ("C2",), "i2": ("I2",), "new": ("NEW",)}
JOINT = after(a_registration(petitioners=TWO, petitioner_indexes=("I1", "C1", "I2", "C2")))
CLOSED = after(REPLY, CLOSE, petition=HANDLING)
VOIDED = after(FollowIncident("IncidentVoided", 5, state="VOIDED"), petition=ASSIGNED)


def amend(**said: Any) -> AmendPetition:
    return AmendPetition(by=DESK, **said)


def amended(petition: Petition, **said: Any) -> Petition:
    return after(amend(**said), petition=petition)


def event_of(petition: Petition, **said: Any) -> PetitionAmended:
    [event] = decide(petition, amend(**said))
    assert isinstance(event, PetitionAmended)
    return event


def facts_told(event: PetitionAmended) -> dict[str, int]:
    assert event.correction is not None
    return {each.fact: each.version for each in event.correction.facts}


def test_a_petitioner_keeps_what_is_not_given() -> None:
    second = PetitionerChange(number=2, contact="new")
    found = amended(JOINT, petitioners=(second,), known=INDEXES)
    assert found.filing.petitioners == (TWO[0], Petitioner("n2", "new", "i2"))
    assert set(found.filing.petitioner_indexes) == {"I1", "C1", "I2", "NEW"}, "C2 is another's"
    first = amended(JOINT, petitioners=(PetitionerChange(1, name="n"),), known=INDEXES)
    assert first.filing.petitioners == (Petitioner("n", "c1", "i1"), TWO[1])
    gone = amended(JOINT, petitioners=(PetitionerChange(1, contact=""),), known=INDEXES)
    assert gone.filing.petitioners[0] == Petitioner("n1", "", "i1")
    assert "C1" not in gone.filing.petitioner_indexes


def test_an_index_that_two_petitioners_share_stays() -> None:
    shared = {**INDEXES, "c2": ("C1",)}
    found = amended(JOINT, petitioners=(PetitionerChange(1, contact="new"),), known=shared)
    assert {"C1", "NEW"} <= {*found.filing.petitioner_indexes}


def test_a_petitioner_is_added_behind_the_last_one_and_none_is_left_without_a_name() -> None:
    third = amended(JOINT, petitioners=(PetitionerChange(number=3, name="n3"),))
    assert [each.name for each in third.filing.petitioners] == ["n1", "n2", "n3"]
    assert third.filing.head_count == 3
    for change, reason in (
        (PetitionerChange(number=4, name="n"), "UNKNOWN_PETITIONER"),
        (PetitionerChange(number=3, contact="c"), "PETITIONER_MISSING"),
        (PetitionerChange(1, name=""), "PETITIONER_MISSING"),
        (PetitionerChange(number=2), "NOTHING_TO_CHANGE"),
    ):
        assert refusal_of(JOINT, amend(petitioners=(change,))) == reason
    visit = after(a_registration(channel=Channel.VISIT, petitioners=TWO * 2 + TWO[:1]))
    sixth = PetitionerChange(number=6, name="n6")
    assert refusal_of(visit, amend(petitioners=(sixth,))) == "TOO_MANY_REPRESENTATIVES"


@pytest.mark.parametrize("numbers", [(0,), (0, 0), (1, 1), (0, 2), (3, 3)])
def test_one_of_several_petitioners_is_named_by_a_number_of_its_own(
    numbers: tuple[int, ...],
) -> None:
    said = tuple(PetitionerChange(each, name=f"n{at}") for at, each in enumerate(numbers))
    assert refusal_of(JOINT, amend(petitioners=said)) == "WHICH_PETITIONER"
    alone = after(a_registration(petitioners=TWO[:1]))
    if len(numbers) > 1:
        assert refusal_of(alone, amend(petitioners=said)) == "WHICH_PETITIONER"


def test_the_only_petitioner_needs_no_number() -> None:
    alone = after(a_registration(petitioners=TWO[:1]))
    found = amended(alone, petitioners=(PetitionerChange(name="n"),))
    assert found.filing.petitioners == (Petitioner("n", "c1", "i1"),)


def test_a_letter_that_is_not_signed_is_signed_for_a_reason_alone() -> None:
    letter = after(a_registration(petitioners=(), petitioner_indexes=()))
    named = {"petitioners": (PetitionerChange(name="n1"),)}
    assert refusal_of(letter, amend(**named)) == "REASON_MISSING"
    assert amended(letter, **named, reason="本人来访认领").filing.petitioners
    assert amended(letter, text="改").filing.petitioners == ()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({}, "NOTHING_TO_CHANGE"),
        ({"reason": "因为"}, "NOTHING_TO_CHANGE"),
        ({"place": Place("")}, "NOTHING_TO_CHANGE"),
        ({"subject": "\u200b"}, "SUBJECT_MISSING"),
        ({"text": " "}, "TEXT_MISSING"),
        ({"category": "nonsense"}, "UNKNOWN_CATEGORY"),
        ({"priority": "P9"}, "UNKNOWN_PRIORITY"),
        ({"against_unit": "nowhere"}, "UNKNOWN_UNIT"),
        ({"place": Place("月球", Point(0.0, 0.0))}, "OUTSIDE_CITY"),
    ],
)
def test_what_a_registration_refuses_an_amendment_refuses(
    said: dict[str, Any], reason: str
) -> None:
    assert refusal_of(REGISTERED, amend(**said)) == reason


def test_another_unit_amends_nothing() -> None:
    assert refusal_of(HANDLING, replace(amend(text="x"), by=LI)) == "NOT_YOUR_UNIT"


def test_a_place_moves_the_area_and_keeps_what_it_does_not_say() -> None:
    found = amended(REGISTERED, place=Place("桥头", area=SOUTH))
    assert (found.filing.place, found.area) == (Place("桥头", area=SOUTH), SOUTH)
    assert amended(found, place=Place("桥东")).filing.place == Place("桥东", area=SOUTH)


def test_the_incident_hears_every_fact_since_its_opening_and_only_what_differs() -> None:
    assert event_of(ACCEPTED, text="灯杆倒了").correction is None, "it has no incident yet"
    event = event_of(HANDLING, subject="灯杆", text="灯杆倒了", place=Place("桥头", area=SOUTH))
    at = HANDLING.version + 1
    assert facts_told(event) == {"title": at, "narrative": at, "place": at}
    correction = event.correction
    assert correction is not None and not correction.linked
    matter = correction.matter
    assert (matter.id, matter.title, matter.narrative) == (HANDLING.id, "灯杆", "灯杆倒了")
    later = event_of(amended(HANDLING, text="灯杆倒了"), priority="P2")
    assert facts_told(later) == {"narrative": at, "priority": at + 1}, "one that was lost too"
    assert event_of(HANDLING, head_count=9).correction is None
    named = event_of(HANDLING, petitioners=(PetitionerChange(name="n"),), persons=("sealed n",))
    assert facts_told(named) == {"persons": at}


def test_a_stored_text_is_masked_anew_by_new_names() -> None:
    stored = HANDLING.filing.text
    said = {"petitioners": (PetitionerChange(name="n"),), "persons": ("p",)}
    event = event_of(HANDLING, **said, masked={stored: "masked", "older": "other"})
    assert event.text == "masked" and event.subject is None
    assert "narrative" in facts_told(event)
    assert event_of(HANDLING, **said, text="new", masked={stored: "masked"}).text == "new"


@pytest.mark.parametrize("over", [CLOSED, VOIDED], ids=["closed", "voided"])
def test_what_is_over_is_not_corrected(over: Petition) -> None:
    reason = "PETITION_OVER" if over is CLOSED else "INCIDENT_OVER"
    assert refusal_of(over, amend(text="x")) == reason
    both = amend(text="x", against_unit="south", reason="补充")
    assert refusal_of(over, both) == reason


def test_a_petitioner_is_corrected_after_a_void_for_the_reply() -> None:
    said = {"petitioners": (PetitionerChange(name="n"),), "persons": ("p",)}
    event = event_of(VOIDED, **said)
    assert event.correction is None and event.petitioners[0].name == "n"


def test_a_named_accused_is_never_taken_away() -> None:
    texted = after(a_registration(against="sealed"))
    for petition in (ACCUSATION, ACCUSED):
        assert refusal_of(petition, amend(against_unit="")) == "ACCUSATION_STAYS"
    assert refusal_of(texted, amend(against="")) == "ACCUSATION_STAYS"
    assert amended(texted, against="anew").filing.against == "anew"
    said = {"against_unit": "south", "reason": "笔误"}
    assert refusal_of(ACCUSED, amend(**said)) == "ACCUSATION_STAYS"
    assert refusal_of(ACCUSED, amend(category="theft")) == "ACCUSATION_STAYS"
    assert amended(ACCUSED, text="x").filing.against_unit == "north"


def test_who_was_named_in_the_place_of_the_accused_still_learns_nothing() -> None:
    found = amended(after(a_registration(against_unit="north")), against_unit="south")
    assert accused(found) == "south" and "north" in found.barred
    accepted = after(AcceptPetition(DESK, Kind.ACCUSATION), petition=found)
    for unit in ("north", "south"):
        assert refusal_of(accepted, RoutePetition(DESK, unit)) == "ACCUSED_UNIT"


@pytest.mark.parametrize("claim", [ACCEPTED, HANDLING, CLOSED], ids=["accepted", "held", "closed"])
def test_naming_a_unit_after_the_acceptance_makes_an_accusation(claim: Petition) -> None:
    assert refusal_of(claim, amend(against_unit="north")) == "REASON_MISSING"
    said = {"against_unit": "north", "reason": "来人补充"}
    found = amended(claim, **said)
    assert (found.kind, accused(found), watched_area(found)) == (Kind.ACCUSATION, "north", "")
    assert "north" not in audience(found) and "command" in audience(found)
    if claim is not ACCEPTED:
        told = event_of(claim, **said)
        assert {"against", "category"} <= {*facts_told(told)}
        assert told.correction and told.correction.matter.against == "north"
    own = amend(against_unit="command", reason="补充")
    assert refusal_of(claim, own) == "OWN_UNIT_ACCUSED"
    assert refusal_of(found, amend(against_unit="", reason="撤回")) in {
        "ACCUSATION_STAYS",
        "PETITION_OVER",
    }


def test_what_was_named_and_judged_to_be_no_accusation_stays_so_unless_it_is_said_anew() -> None:
    claim = after(
        a_registration(against_unit="north"), ACCEPT, RoutePetition(DESK, "north"), CLAIMED
    )
    found = amended(claim, against_unit="north", text="x")
    assert (found.kind, accused(found)) == (Kind.CLAIM, "")
    assert NORTH.startswith(watched_area(found)[:2])


def test_the_call_and_the_event_are_one_request() -> None:
    decider, key = build_decider(lambda: CITY), b"k" * 32
    event = event_of(HANDLING, text="灯杆倒了", place=Place("桥头", area=SOUTH))
    found = PETITIONS.evolve(HANDLING, event)
    request: Request[Any] = Request(UUID(int=1), found.id, amend(), "", DESK, NOW)
    payload = decider.journal_row(found, event, request, b"").payload
    [heard] = workflow.intake_requests("liandong.petition.events.v1", payload, key)
    told = codec.to_amendment(found, DESK)
    assert told is not None
    called = workflow.request_of(Call(teller(told), telling_id(told), NEVER), told, key)
    assert (heard.request_id, heard.command) == (called.request_id, called.command)
    assert (heard.body_hash, heard.actor) == (called.body_hash, called.actor)


def test_a_caller_who_asks_for_protection_later_is_known_to_the_petition_and_its_incident() -> None:
    said = FollowCaller(("kept",), "zhou", "command")
    [event] = decide(REGISTERED, said)
    assert event.correction is None, "it has no incident yet"
    known = after(said, petition=REGISTERED)
    assert known.filing.persons == (*REGISTERED.filing.persons, "kept")
    assert decide(known, said) == [], "the record has these names already"
    [told] = decide(HANDLING, said)
    assert isinstance(told, CallerFollowed) and told.correction is not None
    assert {each.fact for each in told.correction.facts} == {"persons"}
    assert told.correction.version == HANDLING.version + 1
    assert told.correction.matter.persons == (*HANDLING.filing.persons, "kept")
    assert (told.correction.user, told.correction.unit) == ("zhou", "command")
    [over] = decide(VOIDED, said)
    assert isinstance(over, CallerFollowed)
    assert over.correction is None, "an incident that is over hears no more"
    assert after(said, petition=CLOSED).filing.persons[-1] == "kept"


@pytest.mark.parametrize(
    "said",
    [
        {"subject": JOINT.filing.subject, "text": JOINT.filing.text},
        {"head_count": JOINT.filing.head_count, "priority": JOINT.filing.priority or None},
        {"petitioners": (PetitionerChange(2, name="n2", contact="c2"),), "known": INDEXES},
    ],
)
def test_what_stands_already_is_amended_without_an_event(said: dict[str, Any]) -> None:
    assert decide(JOINT, amend(**said)) == []
