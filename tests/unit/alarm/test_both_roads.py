"""What a receipt tells its incident is one request, whether by its call or by its event."""

from typing import Any
from uuid import UUID

import pytest

from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.intake.correcting import teller, telling_id
from backbone.rpc.caller import Call
from backbone.words.followed import Followed
from backbone.words.followed import FollowIncident as Step
from backbone.words.place import Place
from services.alarm import codec as alarm
from services.alarm.receipt.amending import AmendReceipt
from services.alarm.receipt.classifying import ClassifyReceipt
from services.alarm.receipt.merging import FollowMerge, FollowParting
from services.alarm.receipt.record import Receipt
from services.alarm.wiring import EVENTS, build_decider
from services.workflow import codec as workflow
from services.workflow.incident.callers import UnlinkCaller
from tests.cities import NOW
from tests.desks import DISPATCHER, EAST_GRID, HERE, TAKER
from tests.unit.alarm.receipts import (
    CITY,
    CODE,
    ID,
    LINK,
    LINKED,
    OPEN,
    OTHER,
    RECEIVED,
    UNLINK,
    after,
    decide,
    evolve,
)

KEY = b"k" * 32
DECIDER = build_decider(lambda: CITY)
OPENED = after(OPEN, found=RECEIVED)
THERE = Place("长风路112号", HERE, EAST_GRID)


def by_event(found: Receipt, command: Any) -> tuple[Receipt, list[Request[Any]]]:
    """The receipt afterwards, and what the stream processor makes of its events."""
    asked = []
    for event in decide(found, command):
        found = evolve(found, event)
        request: Request[Any] = Request(UUID(int=1), found.id, command, "", TAKER, NOW)
        payload = DECIDER.journal_row(found, event, request, b"").payload
        asked += workflow.intake_requests(EVENTS, payload, KEY)
    return found, asked


def by_call(request: Any) -> Request[Any]:
    call = Call(teller(request), telling_id(request), NEVER)
    return workflow.request_of(call, request, KEY)


@pytest.mark.parametrize("by", [TAKER, DISPATCHER], ids=lambda each: each.role)
@pytest.mark.parametrize("found", [OPENED, LINKED], ids=["opened", "linked"])
@pytest.mark.parametrize("verb", ["amend", "classify"])
def test_a_correction(by: Any, found: Receipt, verb: str) -> None:
    command: Any = ClassifyReceipt(by, "theft", "P1", True)
    if verb == "amend":
        command = AmendReceipt(by=by, place=THERE, narrative="三车", danger="汽油")
    after_it, [event] = by_event(found, command)
    request = alarm.to_amendment(after_it, by)
    assert request is not None
    require_same(event, by_call(request))


def test_a_link_and_its_end() -> None:
    linked, [event] = by_event(RECEIVED, LINK)
    require_same(event, by_call(alarm.to_link(linked, TAKER)))
    left, [event] = by_event(linked, UNLINK)
    require_same(event, by_call(*alarm.to_unlinks(linked, left.version, TAKER)))


def test_a_repeat_leaves_also_the_incident_with_which_it_was_merged() -> None:
    """Should the merge be undone, that one must not tell its teams of the repeat again."""
    other, into = Followed(version=5, state="CLAIMED", unit="south", holder="li"), UUID(int=99)
    merge = FollowMerge(
        OTHER, Step("IncidentMerged", 4, state="MERGED"), into, CODE, other, DISPATCHER
    )
    merged, [joins] = by_event(LINKED, merge)
    assert joins.aggregate_id == into
    left, told = by_event(merged, UNLINK)
    assert [each.aggregate_id for each in told] == [into, OTHER]
    calls = [by_call(each) for each in alarm.to_unlinks(merged, left.version, TAKER)]
    for event, call in zip(told, calls, strict=True):
        require_same(event, call)
    assert len({each.request_id for each in told}) == 2


def test_one_that_comes_back_leaves_the_other_incident_and_corrects_its_own() -> None:
    other = Followed(version=5, state="CLAIMED", unit="south", holder="li", priority="P1")
    merged = Step("IncidentMerged", 4, state="MERGED")
    there = after(FollowMerge(ID, merged, OTHER, CODE, other, DISPATCHER), found=OPENED)
    amended = after(AmendReceipt(by=TAKER, narrative="小孩掉进井里了"), found=there)
    parted = Step("IncidentReinstated", 5, state="OFFERED")
    back, [correction, left] = by_event(amended, FollowParting(ID, parted, DISPATCHER))
    told = alarm.to_amendment(back, DISPATCHER)
    assert told is not None
    require_same(correction, by_call(told))
    assert isinstance(left.command, UnlinkCaller)
    assert (left.aggregate_id, left.command.link.version) == (OTHER, back.version)


def require_same(event: Request[Any], call: Request[Any]) -> None:
    assert (event.request_id, event.aggregate_id) == (call.request_id, call.aggregate_id)
    assert (event.command, event.body_hash) == (call.command, call.body_hash)
    assert event.actor == call.actor
