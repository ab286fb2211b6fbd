"""Accusing 检举控告: whom a report is against; after its end a report may only begin to accuse."""

from backbone.words.city import City
from backbone.words.errors import Denied
from backbone.words.guards import require_text, require_unit
from services.alarm.receipt.passed import PassedKind
from services.alarm.receipt.record import Outcome, Receipt
from services.alarm.receipt.rights import ByActor, require_not_ended

# What it became there is watched over, or has its own word on whom it is against.
APART = frozenset({PassedKind.DISPUTE, PassedKind.PETITION})


def require_may_accuse(
    receipt: Receipt, command: ByActor, against: str, reason: str, city: City
) -> None:
    """Whom it is against changes freely before the end; later a unit is named, once, for a reason.

    A linked report is unlinked first: the readers of the incident would learn of it.
    """
    if against:
        require_unit(city, against)
    if receipt.ending is None:
        return
    if not against or receipt.against:
        require_not_ended(receipt, command)
    require_text(reason, "REASON_MISSING")
    apart = receipt.passed is not None and receipt.passed.kind in APART
    if apart or receipt.outcome is Outcome.LINKED:
        raise Denied("ACCUSATION_APART", against=against)


def barred_by(receipt: Receipt, against: str, city: City) -> tuple[str, ...]:
    """The units that may not read it any more: the accused one and all below, never the desk that
    took it. Also those that do not have it yet: the receipt may hear only later that its incident
    went to one of them. Before its end no other unit has it, and it is sent to none of these.
    """
    if not against or receipt.ending is None:
        return ()
    below = (unit for unit in sorted(city.units) if city.belongs_to(unit, against))
    return tuple(unit for unit in below if unit not in (receipt.unit, *receipt.barred))
