"""Filing 归档: by the desk, or together with the incident."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidTransition
from backbone.words.followed import OVER, Followed
from services.alarm.receipt.record import Receipt, State
from services.alarm.receipt.rights import require_desk


class CloseReceipt(Struct, frozen=True):
    by: Actor


class ReceiptClosed(Struct, frozen=True):
    """`matter_id` names the matter whose missions are recalled, as no incident goes on."""

    time: datetime
    matter_id: str = ""


def close(
    receipt: Receipt, command: CloseReceipt, now: datetime, city: City
) -> list[ReceiptClosed]:
    """Refuse to file a receipt whose incident is still open: the two are filed together."""
    require_desk(receipt, command)
    if receipt.incident is not None and not is_over(receipt.incident.known):
        raise InvalidTransition("INCIDENT_STILL_OPEN", incident=receipt.incident.code)
    return [ReceiptClosed(now, "" if receipt.incident else str(receipt.matter_id))]


def is_over(incident: Followed) -> bool:
    """Whether the incident is closed or void, so that no event of it follows."""
    return incident.state in OVER


def _require_ended(receipt: Receipt, command: CloseReceipt) -> None:
    require_desk(receipt, command)
    if receipt.state is State.RECEIVED:
        raise InvalidTransition("NOT_ENDED")


def _closed(receipt: Receipt, event: ReceiptClosed) -> Receipt:
    return replace(receipt, state=State.CLOSED)


VERBS = (
    verb(
        {State.ENDED},
        close,
        "NOT_ENDED",
        "INCIDENT_STILL_OPEN",
        "NOT_YOUR_DESK",
        otherwise=_require_ended,
    ),
)
CHANGES = (change(_closed),)
