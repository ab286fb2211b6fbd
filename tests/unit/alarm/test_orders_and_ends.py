"""Orders and ends of a receipt know each other by versions: what crosses is told apart."""

from msgspec.structs import replace

from backbone.words.followed import FollowIncident as Step
from liandong.emergency.v1.emergency_pb2 import Order
from services.alarm import codec
from services.alarm.receipt.closing import ReceiptClosed
from services.alarm.receipt.dispatch import DispatchNow
from services.alarm.receipt.ending import matter_called
from services.alarm.receipt.linking import FollowIncident, RepeatUnlinked
from tests.desks import TAKER
from tests.unit.alarm.receipts import (
    ID,
    LINK,
    OPEN,
    RECEIVED,
    UNLINK,
    after,
    decide,
    evolve,
    refusal_of,
)

SEND = DispatchNow(TAKER, "red")
OPENED = after(OPEN, found=RECEIVED)


def test_an_order_carries_the_version_that_recorded_it_by_both_roads() -> None:
    known = replace(SEND, facts=matter_called(OPENED, "", ""), facts_version=9)
    [ordered] = decide(OPENED, known)
    assert (ordered.order.receipt_version, ordered.order.matter_version) == (OPENED.version + 1, 9)
    receipt = evolve(OPENED, ordered)
    by_call: Order = codec.to_order(receipt, replace(SEND, facts_version=12))
    assert (by_call.receipt_version, by_call.matter_version) == (OPENED.version + 1, 9)


def test_no_team_is_sent_for_an_incident_that_has_ended_meanwhile() -> None:
    for state in ("VOIDED", "CLOSED"):
        refusal = refusal_of(OPENED, replace(SEND, facts_state=state))
        assert (refusal.reason, refusal.facts["state"]) == ("INCIDENT_OVER", state)
    assert decide(OPENED, replace(SEND, facts_state="CLAIMED"))


def test_the_filing_with_its_incident_names_the_matter_if_a_team_was_sent() -> None:
    void = FollowIncident(ID, Step("IncidentVoided", 2, state="VOIDED"))
    for found, matter in ((OPENED, ""), (after(SEND, found=OPENED), str(ID))):
        assert [
            each.matter_id for each in decide(found, void) if isinstance(each, ReceiptClosed)
        ] == [matter]


def test_a_link_undone_tells_the_missions_the_own_facts() -> None:
    sent = after(SEND, LINK, found=RECEIVED)
    [undone] = decide(sent, UNLINK)
    assert isinstance(undone, RepeatUnlinked) and undone.facts is not None
    assert undone.facts.narrative == sent.told
    [alone] = decide(after(LINK, found=RECEIVED), UNLINK)
    assert alone.facts is None
