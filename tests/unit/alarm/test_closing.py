"""Filing 归档: after the end, and of a receipt with an incident after the end of that."""

from services.alarm.receipt.closing import CloseReceipt
from services.alarm.receipt.record import State
from tests.desks import HOTLINE_CLERK
from tests.unit.alarm.receipts import ANSWERED, CLOSE, OPEN, PASS, RECEIVED, after, refusal_of


def test_an_open_receipt_is_not_filed() -> None:
    assert refusal_of(RECEIVED, CLOSE).reason == "NOT_ENDED"


def test_the_desk_files_what_has_ended() -> None:
    assert after(CLOSE, found=ANSWERED).state is State.CLOSED


def test_what_has_an_incident_is_not_filed_before_it() -> None:
    assert refusal_of(after(OPEN, found=RECEIVED), CLOSE).reason == "INCIDENT_STILL_OPEN"


def test_the_unit_that_it_was_passed_to_does_not_file_it() -> None:
    passed = after(PASS, found=RECEIVED)
    assert refusal_of(passed, CloseReceipt(HOTLINE_CLERK)).reason == "ROLE_MAY_NOT"
