"""Accusing 检举控告: whom a report is against; after its end a report may only begin to accuse,
also once it was filed."""

from msgspec import Struct

from backbone.words.city import City
from backbone.words.errors import Denied
from backbone.words.guards import require_text, require_unit
from backbone.words.roles import roles
from services.alarm.receipt.closing import is_over
from services.alarm.receipt.correcting import require_incident_open
from services.alarm.receipt.passed import PassedKind
from services.alarm.receipt.record import Receipt, State
from services.alarm.receipt.rights import ByActor, require_not_ended

# A dispute is watched over in its area, and a petition names the accused itself: a report that has
# become one of them accuses no unit any more.
APART = frozenset({PassedKind.DISPUTE, PassedKind.PETITION})
# They may say of a filed report that it accuses a unit: the leads of a desk, and the staff of a
# petition office's desk.
LEADS = roles("dispatcher", "duty_officer", "receptionist")
# An amendment that names the accused may say this beside it.
BESIDE = frozenset({"by", "against", "reason", "for_incident", "confirm_priority", "heard"})
# An amendment that asks for protection says this beside it, too.
OF_CALLER = frozenset({"caller", "discreet"})


def is_filed(receipt: Receipt) -> bool:
    """Whether it was closed, or its incident is over."""
    incident = receipt.incident
    return receipt.state is State.CLOSED or (incident is not None and is_over(incident.known))


def accused_alone(command: Struct) -> str:
    """The unit that an amendment accuses and changes nothing else; empty of any other command."""
    names = (name for name in command.__struct_fields__ if name not in BESIDE)
    against: str | None = getattr(command, "against", None)
    alone = bool(against) and all(getattr(command, name) is None for name in names)
    return against or "" if alone else ""


def protects_alone(command: Struct) -> bool:
    """Whether an amendment asks for the caller's protection and changes nothing else."""
    names = (name for name in command.__struct_fields__ if name not in (*BESIDE, *OF_CALLER))
    caller = getattr(command, "caller", None)
    if caller is None or not caller.protected or getattr(command, "against", None) is not None:
        return False
    said = (caller.number, caller.name, caller.subscriber, caller.installed_address)
    return all(each is None for each in (*said, *(getattr(command, name) for name in names)))


def require_filed_change(receipt: Receipt, command: ByActor) -> None:
    """Allow the desk to protect the caller, and a lead to begin an accusation, and nothing else:
    the rest stays as it was filed."""
    if isinstance(command, Struct) and protects_alone(command):
        return
    if not isinstance(command, Struct) or not accused_alone(command) or receipt.against:
        require_incident_open(receipt)
        require_not_ended(receipt, command)
    if command.by.role not in LEADS:
        raise Denied("ROLE_MAY_NOT", role=command.by.role)


def require_may_accuse(
    receipt: Receipt, command: ByActor, against: str, reason: str, city: City
) -> None:
    """Check that the accused may be named: freely before the end; later once, a unit, for a reason.

    One inside the incident of another report leaves that first, unlinked or parted: the readers of
    the incident would learn of it.
    """
    if against:
        require_unit(city, against)
    if receipt.ending is None:
        return
    if not against or receipt.against:
        require_not_ended(receipt, command)
    require_text(reason, "REASON_MISSING")
    if receipt.passed is not None and receipt.passed.kind in APART:
        raise Denied("ACCUSATION_NEW_REPORT", against=against, unit=receipt.passed.unit)
    if receipt.stands_inside:
        raise Denied("ACCUSATION_APART", against=against)


def require_open_to_partners(against: str) -> None:
    """The system of a partner sees no accusation, and could not answer its ticket."""
    if against:
        raise Denied("ACCUSATION_NOT_FOR_PARTNERS", against=against)


def barred_by(receipt: Receipt, against: str, city: City) -> tuple[str, ...]:
    """The units that may not read it any more: the accused one and all below, never the desk that
    took it. Also those that do not have it yet: the receipt may hear only later that its incident
    went to one of them. Before its end no other unit has it but one that returned it, and it is
    sent to none of these.
    """
    if not against or (receipt.ending is None and receipt.passed is None):
        return ()
    known = () if receipt.ending is None else receipt.barred
    below = (unit for unit in sorted(city.units) if city.belongs_to(unit, against))
    return tuple(unit for unit in below if unit not in (receipt.unit, *known))
