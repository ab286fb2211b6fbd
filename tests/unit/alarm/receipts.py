"""A report, the commands of its desk, and what comes of them, for the tests of receipts."""

from functools import reduce
from typing import Any
from uuid import UUID

import pytest

from backbone.words.errors import Refusal
from backbone.words.followed import Followed
from backbone.words.followed import FollowIncident as Step
from services.alarm.receipt import RECEIPTS
from services.alarm.receipt.closing import CloseReceipt
from services.alarm.receipt.ending import AnswerAtDesk, MarkInvalid, OpenIncident
from services.alarm.receipt.linking import FollowIncident, LinkRepeat, UnlinkRepeat
from services.alarm.receipt.passing import PassTo12345, ReferToMediation
from services.alarm.receipt.record import InvalidReason, Receipt
from services.alarm.receipt.tickets import AnswerTicket, RefuseTicket
from tests.cities import NOW
from tests.desks import HOTLINE, TAKER, a_desk_city, a_report

CITY = a_desk_city()
ID, OTHER = UUID(int=7), UUID(int=8)
CODE = "990101260101-000009-0"


def decide(found: Receipt | None, command: Any) -> list[Any]:
    return RECEIPTS.decide(found, command, NOW, CITY)


evolve = RECEIPTS.evolve


def after(*commands: Any, found: Receipt | None = None) -> Receipt:
    for command in commands:
        found = reduce(evolve, decide(found, command), found)
    assert found is not None
    return found


def refusal_of(found: Receipt | None, command: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        decide(found, command)
    return caught.value


RECEIVE = a_report()
OPEN = OpenIncident(TAKER)
LINK = LinkRepeat(TAKER, OTHER, CODE, Followed(3, "CLAIMED", "north"))
LINK_IS_OVER = FollowIncident(OTHER, Step("IncidentClosed", 9, state="CLOSED"))
ANSWER = AnswerAtDesk(TAKER, "电话告知办理地点")
PASS = PassTo12345(TAKER, "12345")
REFER = ReferToMediation(TAKER)
PASS_TO_UNIT, PASS_TO_OFFICE = PassTo12345(TAKER, "roads"), PassTo12345(TAKER, "office")
ANSWER_TICKET = AnswerTicket(HOTLINE, "已通知施工单位修复")
REFUSE_TICKET = RefuseTicket(HOTLINE, "不属本热线受理范围")
INVALID = MarkInvalid(TAKER, InvalidReason.HOAX)
UNLINK, CLOSE = UnlinkRepeat(TAKER, "另一起事故"), CloseReceipt(TAKER)

RECEIVED = after(RECEIVE)
ANSWERED, LINKED = after(ANSWER, found=RECEIVED), after(LINK, found=RECEIVED)
