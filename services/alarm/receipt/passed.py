"""The record that a receipt became where it was passed to, as far as the desk knows."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from backbone.words.followed import PENDING


class PassedKind(StrEnum):
    """The kind of record that a receipt became where it was passed to."""

    INCIDENT = "INCIDENT"  # 转办: in the unit's pool
    PETITION = "PETITION"  # 转信访
    DISPUTE = "DISPUTE"  # 转调解
    TICKET = "TICKET"  # 转 12345: a partner's ticket


# Records of other services, which may become incidents by the receipt's id and code.
OF_OTHERS = frozenset({PassedKind.PETITION, PassedKind.DISPUTE})


class TicketState(StrEnum):
    WAITING = "WAITING"  # 待答复
    LAPSED = "LAPSED"  # 超时未答复
    ANSWERED = "ANSWERED"  # 已答复
    RETURNED = "RETURNED"  # 已退回: by the partner, or taken back by the desk


# Stands for the words of a partner where the desk has taken its ticket back, as the report accuses
# a unit since.
ACCUSATION_TOLD = "ACCUSATION_TOLD"
UNANSWERED = (TicketState.WAITING, TicketState.LAPSED)


class Passed(Struct, frozen=True, kw_only=True):
    """The record that the receipt became where it was passed to; it has the receipt's id and code.

    `state` is the state of that record, PENDING until it is known, and `version` its last step that
    was heard; for an incident `Incident` tells both. `note` is the desk's word to the unit. After
    the `last` step no more is heard.
    """

    kind: PassedKind
    unit: str
    note: str = ""
    state: str = PENDING
    version: int = 0
    answer: str = ""
    answered_by: str = ""
    answer_time: datetime | None = None
    file_time: datetime | None = None
    due_time: datetime | None = None
    lapse_time: datetime | None = None
    last: bool = False
