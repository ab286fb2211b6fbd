"""What callers read of an incident."""

from services.workflow.codec import to_resource
from tests.incidents import ASKED, HANDING_OFF, NOW


def test_a_question_says_since_when_it_waits() -> None:
    asked, handing_off = to_resource(ASKED), to_resource(HANDING_OFF)
    assert asked.pending_return.request_time == handing_off.hand_off.offer_time
    assert asked.pending_return.request_time.ToSeconds() == NOW.timestamp()
