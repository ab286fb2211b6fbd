"""Acceptance 受理: accept a dispute for mediation, or refuse it and tell the lawful channel."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument
from backbone.words.guards import require_text, require_unit_of
from services.dispute.dispute.record import (
    Acceptance,
    Dispute,
    Ending,
    Mediation,
    State,
    mediating_units,
)


class AcceptDispute(Struct, frozen=True):
    """Accept 受理."""

    by: Actor
    mediation: Mediation | None


class RefuseDispute(Struct, frozen=True):
    """Refuse 不予受理: the parties are told the reason and their lawful channel."""

    by: Actor
    reason: str
    told_where: str


class DisputeAccepted(Struct, frozen=True):
    time: datetime
    mediation: Mediation


class DisputeRefused(Struct, frozen=True):
    time: datetime
    reason: str
    told_where: str


def accept(
    dispute: Dispute, command: AcceptDispute, now: datetime, city: City
) -> list[DisputeAccepted]:
    require_unit_of(command.by, mediating_units(dispute))
    if dispute.filing.violence:
        # Anti-Domestic Violence Law: protection first; the related quarrel is a dispute of its own.
        raise InvalidArgument("VIOLENCE_NOT_MEDIATED")
    if command.mediation is None:
        raise InvalidArgument("MEDIATION_MISSING")
    return [DisputeAccepted(now, command.mediation)]


def refuse(
    dispute: Dispute, command: RefuseDispute, now: datetime, city: City
) -> list[DisputeRefused]:
    require_unit_of(command.by, mediating_units(dispute))
    reason = require_text(command.reason, "REASON_MISSING")
    return [DisputeRefused(now, reason, require_text(command.told_where, "TOLD_WHERE_MISSING"))]


def accepted(dispute: Dispute, event: DisputeAccepted) -> Dispute:
    acceptance = Acceptance(event.mediation, event.time)
    return replace(dispute, state=State.ACCEPTED, acceptance=acceptance)


def refused(dispute: Dispute, event: DisputeRefused) -> Dispute:
    ending = Ending(event.time, event.reason, event.told_where)
    return replace(dispute, state=State.REFUSED, ending=ending)


VERBS = (
    verb(
        {State.REGISTERED},
        accept,
        "NOT_YOUR_UNIT",
        "VIOLENCE_NOT_MEDIATED",
        "MEDIATION_MISSING",
    ),
    verb(
        {State.REGISTERED},
        refuse,
        "NOT_YOUR_UNIT",
        "REASON_MISSING",
        "TOLD_WHERE_MISSING",
    ),
)
CHANGES = (change(accepted), change(refused))
