"""What a receipt tells its incident is one request, whether by its call or by its event."""

from typing import Any
from uuid import UUID

import pytest

from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.intake.correcting import teller, telling_id
from backbone.rpc.caller import Call
from backbone.words.place import Place
from services.alarm import codec as alarm
from services.alarm.receipt.amending import AmendReceipt
from services.alarm.receipt.classifying import ClassifyReceipt
from services.alarm.receipt.record import Receipt
from services.alarm.wiring import EVENTS, build_decider
from services.workflow import codec as workflow
from tests.cities import NOW
from tests.desks import DISPATCHER, EAST_GRID, HERE, TAKER
from tests.unit.alarm.receipts import (
    CITY,
    LINK,
    LINKED,
    OPEN,
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
        request: Request[Any] = Request(UUID(int=1), found.id, command, "", command.by, NOW)
        payload = DECIDER.journal_row(found, event, request, b"").payload
        asked.append(workflow.intake_request(EVENTS, payload, KEY))
    return found, [each for each in asked if each is not None]


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
    require_same(event, by_call(alarm.to_unlink(linked, left.version, TAKER)))


def require_same(event: Request[Any], call: Request[Any]) -> None:
    assert (event.request_id, event.aggregate_id) == (call.request_id, call.aggregate_id)
    assert (event.command, event.body_hash) == (call.command, call.body_hash)
    assert event.actor == call.actor
