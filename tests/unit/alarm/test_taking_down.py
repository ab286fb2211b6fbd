"""Taking down: receive 接报, amend 补充, classify 定类, and the class confirmed 核定."""

from datetime import timedelta
from typing import Any

import pytest

from backbone.words.errors import Denied, InvalidArgument
from backbone.words.place import Place
from services.alarm.receipt.amending import AmendReceipt
from services.alarm.receipt.classifying import ClassifyReceipt
from services.alarm.receipt.intake import ConfirmClass
from services.alarm.receipt.record import Kind
from services.alarm.receipt.times import SKEW
from tests.cities import NOW
from tests.desks import GRID_MEMBER, HERE, TAKER, a_report
from tests.unit.alarm.receipts import ANSWERED, RECEIVE, RECEIVED, after, refusal_of

SOONER, LATER = NOW - timedelta(seconds=1), NOW + SKEW + timedelta(seconds=1)


def test_the_priority_is_that_of_the_class_unless_said() -> None:
    assert RECEIVED.classification.priority == "P2"
    assert after(a_report(priority="P1")).classification.priority == "P1"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (a_report(kind=None), "KIND_MISSING"),
        (a_report(category="unheard"), "UNKNOWN_CATEGORY"),
        (a_report(priority="P9"), "UNKNOWN_PRIORITY"),
        (a_report(place=Place("", HERE, "")), "OUTSIDE_CITY"),
        (a_report(place=Place("", None, "880000")), "UNKNOWN_AREA"),
        (a_report(ring_time=LATER), "TIME_IN_FUTURE"),
        (a_report(hang_up_time=LATER), "TIME_IN_FUTURE"),
        (a_report(ring_time=NOW, answer_time=SOONER), "TIMES_OUT_OF_ORDER"),
        (a_report(answer_time=NOW, hang_up_time=SOONER), "TIMES_OUT_OF_ORDER"),
        (a_report(ring_time=NOW, hang_up_time=SOONER), "TIMES_OUT_OF_ORDER"),
    ],
)
def test_what_cannot_be_taken_down(command: Any, reason: str) -> None:
    refusal = refusal_of(None, command)
    assert isinstance(refusal, InvalidArgument)
    assert refusal.reason == reason


def test_times_are_compared_with_those_that_stand_and_name_their_field() -> None:
    rung = after(a_report(ring_time=SOONER, answer_time=NOW, hang_up_time=NOW + SKEW))
    assert rung.report.answer_time == NOW
    refusal = refusal_of(rung, AmendReceipt(by=TAKER, answer_time=SOONER - SKEW))
    assert (refusal.reason, refusal.facts["field"]) == ("TIMES_OUT_OF_ORDER", "answer_time")
    refusal = refusal_of(rung, AmendReceipt(by=TAKER, ring_time=NOW + SKEW))
    assert (refusal.reason, refusal.facts["field"]) == ("TIMES_OUT_OF_ORDER", "answer_time")
    again = after(AmendReceipt(by=TAKER, ring_time=NOW, hang_up_time=NOW), found=rung)
    assert again.report.ring_time == again.report.hang_up_time == NOW


def test_a_report_is_taken_down_once() -> None:
    assert refusal_of(RECEIVED, RECEIVE).reason == "ALREADY_RECEIVED"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (AmendReceipt(by=TAKER), "NOTHING_TO_CHANGE"),
        (AmendReceipt(by=TAKER, place=Place("", HERE, "")), "OUTSIDE_CITY"),
        (ClassifyReceipt(TAKER, "", ""), "NOTHING_TO_CHANGE"),
        (ClassifyReceipt(TAKER, "unheard", ""), "UNKNOWN_CATEGORY"),
        (ClassifyReceipt(TAKER, "", "P9"), "UNKNOWN_PRIORITY"),
    ],
)
def test_what_cannot_be_changed_about_it(command: Any, reason: str) -> None:
    refusal = refusal_of(RECEIVED, command)
    assert isinstance(refusal, InvalidArgument)
    assert refusal.reason == reason


def test_what_is_amended_or_classified_replaces_what_was_said_and_leaves_the_rest() -> None:
    amended = after(AmendReceipt(by=TAKER, narrative="三车相撞"), found=RECEIVED)
    assert (amended.report.narrative, amended.report.place) == ("三车相撞", RECEIVED.report.place)
    classified = after(ClassifyReceipt(TAKER, "theft", ""), found=RECEIVED).classification
    assert (classified.category, classified.priority) == ("theft", "P2")


def test_a_class_is_confirmed_after_the_end() -> None:
    confirmed = after(ConfirmClass(TAKER, "theft"), found=ANSWERED).classification
    assert (confirmed.category, confirmed.confirmed_category) == ("traffic.accident", "theft")
    assert refusal_of(ANSWERED, ConfirmClass(TAKER, "")).reason == "UNKNOWN_CATEGORY"


def test_each_kind_has_its_takers() -> None:
    taken = after(a_report(by=GRID_MEMBER, kind=Kind.GRID_REPORT))
    assert (taken.unit, taken.origin.desk_area) == ("north-village", GRID_MEMBER.area)
    refusal = refusal_of(None, a_report(by=GRID_MEMBER))
    assert isinstance(refusal, Denied)
    assert refusal.reason == "MAY_NOT_RECEIVE"
