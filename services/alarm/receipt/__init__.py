"""The receipt 接警单: one report at the front desk, from reception to filing."""

from typing import Any

from backbone.life_cycle import LifeCycle
from backbone.words.city import City
from backbone.words.rights import ALARM
from services.alarm.receipt import (
    accused_since,
    amending,
    call_back,
    classifying,
    closing,
    danger,
    dispatch,
    ending,
    intake,
    linking,
    merging,
    passing,
    reinstating,
    reveal,
    tickets,
)
from services.alarm.receipt.accused_since import FollowAccusation
from services.alarm.receipt.dispatch import RefuseDispatch
from services.alarm.receipt.linking import FollowIncident
from services.alarm.receipt.merging import FollowMerge, FollowParting
from services.alarm.receipt.passing import FollowRecord
from services.alarm.receipt.record import Receipt
from services.alarm.receipt.rights import require_may_see
from services.alarm.receipt.tickets import AnswerTicket, LapseTicket, RefuseTicket, returned_by

# Commands without an actor: events and answers of other services, and clocks.
FROM_INSIDE = (
    FollowAccusation,
    FollowIncident,
    FollowMerge,
    FollowParting,
    FollowRecord,
    RefuseDispatch,
    LapseTicket,
)


# The partner that gave its ticket back hears of it that it did.
OF_TICKETS = (AnswerTicket, RefuseTicket)


def require_sight(receipt: Receipt, command: Any) -> None:
    if isinstance(command, OF_TICKETS) and returned_by(receipt, command.by):
        return
    if not isinstance(command, FROM_INSIDE):
        require_may_see(receipt, command.by)


RECEIPTS: LifeCycle[Receipt, City] = LifeCycle(
    (
        intake,
        amending,
        classifying,
        ending,
        passing,
        tickets,
        reinstating,
        linking,
        accused_since,
        merging,
        closing,
        dispatch,
        call_back,
        reveal,
        danger,
    ),
    "NO_SUCH_RECEIPT",
    guard=require_sight,
    rights=ALARM,
)
