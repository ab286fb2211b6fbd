"""Call-backs 回访: each attempt is written down with what it found."""

from services.alarm.receipt.call_back import RecordCallBack
from services.alarm.receipt.called_back import Finding
from tests.desks import TAKER
from tests.unit.alarm.receipts import ANSWERED, RECEIVED, after, refusal_of

CALL_BACK = RecordCallBack(TAKER, Finding.SATISFIED, "已处理")


def test_each_attempt_is_kept() -> None:
    called = after(RecordCallBack(TAKER, Finding.NOT_REACHED), CALL_BACK, found=ANSWERED)
    assert [(each.finding, each.note, each.called_by) for each in called.call_backs] == [
        (Finding.NOT_REACHED, "", "zhou"),
        (Finding.SATISFIED, "已处理", "zhou"),
    ]


def test_an_attempt_found_something() -> None:
    assert refusal_of(RECEIVED, RecordCallBack(TAKER, None)).reason == "FINDING_MISSING"


def test_fifty_attempts_are_enough() -> None:
    many = after(*[CALL_BACK] * 50, found=ANSWERED)
    assert refusal_of(many, CALL_BACK).reason == "TOO_MANY_CALL_BACKS"
