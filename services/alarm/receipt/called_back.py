"""The finding of a call-back to the person who reported."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Finding(StrEnum):
    """The finding of a call-back."""

    NOT_REACHED = "NOT_REACHED"
    SATISFIED = "SATISFIED"
    PARTLY = "PARTLY"
    UNSATISFIED = "UNSATISFIED"


class CallBack(Struct, frozen=True):
    finding: Finding
    note: str
    called_by: str
    call_time: datetime
