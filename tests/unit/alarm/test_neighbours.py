"""A place outside the city: taken, marked with the neighbour, and passed to it."""

from dataclasses import replace
from functools import reduce
from typing import Any

import pytest

from backbone.postgres.sealing import Sealer
from backbone.process.keyring import Keyring
from backbone.words.actor import Actor
from backbone.words.errors import InvalidArgument, Refusal
from backbone.words.neighbours import Neighbour
from backbone.words.place import Place, Point
from services.alarm import codec
from services.alarm.receipt import RECEIPTS
from services.alarm.receipt.amending import AmendReceipt
from services.alarm.receipt.ending import OpenIncident
from services.alarm.receipt.passing import PassTo12345
from services.alarm.receipt.record import Caller, Outcome, Receipt, State
from services.alarm.receipt.tickets import AnswerTicket, LapseTicket, RefuseTicket
from tests.cities import NOW
from tests.desks import EAST_GRID, HERE, TAKER, a_desk_city, a_report

EAST = Neighbour("990200", "临川市", "0992-110", ((0.3, 0.0), (0.5, 0.0), (0.5, 0.2), (0.3, 0.2)))
CITY = replace(a_desk_city(), neighbours={"990200": EAST})
THERE = Place("桥头", Point(0.4, 0.1))
SEALER = Sealer(Keyring((bytes(32),)))


def after(*commands: Any, found: Receipt | None = None) -> Receipt:
    for command in commands:
        found = reduce(RECEIPTS.evolve, RECEIPTS.decide(found, command, NOW, CITY), found)
    assert found is not None
    return found


TAKEN = after(a_report(place=THERE, caller=Caller()))


def test_it_is_taken_and_shows_whose_it_is() -> None:
    shown = codec.to_resource(TAKEN, CITY, SEALER)
    assert (shown.neighbour.code, shown.neighbour.name) == ("990200", "临川市")
    assert shown.neighbour.telephone == "0992-110"
    assert TAKEN.area == "990101", "the desk answers for it until it is passed"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("临川市某路5号", "990200"),
        ("某某省临 川 市高速路口", "990200"),
        ("临川市场3号摊", ""),
        ("临川市路12号", ""),
        ("长风路往临川市方向", ""),
    ],
)
def test_a_text_that_begins_with_its_name_is_a_place_there(text: str, code: str) -> None:
    taken = after(a_report(place=Place(text), caller=Caller()))
    assert codec.to_resource(taken, CITY, SEALER).neighbour.code == code


def test_it_is_passed_to_the_neighbour_by_default() -> None:
    passed = after(PassTo12345(TAKER), found=TAKEN)
    assert (passed.outcome, passed.passed_to) == (Outcome.PASSED, "990200")
    assert after(PassTo12345(TAKER, "12345"), found=TAKEN).passed_to == "hotline"
    assert after(PassTo12345(TAKER, "990200"), found=after(a_report())).passed_to == "990200"


def test_the_neighbour_gets_a_ticket_with_a_clock_and_its_answer_comes_back() -> None:
    passed = after(PassTo12345(TAKER, note="已电话告知"), found=TAKEN)
    ticket = passed.passed
    assert ticket is not None and ticket.due_time is not None
    assert (ticket.kind, ticket.unit, ticket.state) == ("TICKET", "990200", "WAITING")
    assert RECEIPTS.decide(passed, LapseTicket(), ticket.due_time, CITY)
    partner = Actor("lin", "990200", "partner", "990200")
    for by in (partner, TAKER):  # a neighbour without a system tells the desk by telephone
        answered = after(AnswerTicket(by, "已出警"), found=passed)
        assert answered.passed is not None
        assert (answered.passed.answer, answered.passed.answered_by) == ("已出警", by.user)
        returned = after(RefuseTicket(by, "不在我市"), found=passed)
        assert returned.state is State.RECEIVED
    for stranger in (Actor("x", "roads", "clerk", "990101"), Actor("x", "command", "auditor", "")):
        with pytest.raises(Refusal):
            after(AnswerTicket(stranger, "?"), found=passed)


def test_the_desk_answers_no_ticket_of_the_hotline() -> None:
    passed = after(PassTo12345(TAKER, "12345"), found=TAKEN)
    with pytest.raises(Refusal, match="NOT_YOUR_TICKET"):
        after(AnswerTicket(TAKER, "?"), found=passed)


def test_it_may_be_opened_too_and_a_place_found_later_takes_the_mark_away() -> None:
    assert after(OpenIncident(TAKER), found=TAKEN).outcome is Outcome.OPENED
    here = AmendReceipt(by=TAKER, place=Place("路口", HERE, EAST_GRID))
    shown = codec.to_resource(after(here, found=TAKEN), CITY, SEALER)
    assert not shown.HasField("neighbour")


def test_absurd_coordinates_are_still_refused() -> None:
    with pytest.raises(InvalidArgument, match="OUTSIDE_CITY"):
        after(a_report(place=Place("东京", Point(139.7, 35.6))))
