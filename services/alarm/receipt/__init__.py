"""The receipt 接报单: one report at the front desk, from its taking down to its filing."""

from typing import Any

from backbone.life_cycle import LifeCycle
from backbone.words.city import City
from services.alarm.receipt import call_back, closing, dispatch, ending, intake, linking, reveal
from services.alarm.receipt.dispatch import RefuseDispatch
from services.alarm.receipt.linking import FollowIncident
from services.alarm.receipt.record import Receipt
from services.alarm.receipt.rights import require_may_see

# News of incidents and the answers of the emergency service: no person gives these commands.
FROM_INSIDE = (FollowIncident, RefuseDispatch)


def require_sight(receipt: Receipt, command: Any) -> None:
    if not isinstance(command, FROM_INSIDE):
        require_may_see(receipt, command.by)


RECEIPTS: LifeCycle[Receipt, City] = LifeCycle(
    (intake, ending, linking, closing, dispatch, call_back, reveal),
    "NO_SUCH_RECEIPT",
    guard=require_sight,
)
