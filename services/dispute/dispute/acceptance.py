"""Acceptance 受理: what can be mediated is taken on; what cannot is told its lawful channel."""

from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.errors import InvalidArgument
from backbone.words.guards import require_text, require_unit_of
from services.dispute.dispute.record import Dispute, Mediation, State, involved


class AcceptDispute(Struct, frozen=True):
    """Accept 受理."""

    by: Actor
    mediation: Mediation | None


class RefuseDispute(Struct, frozen=True):
    """Refuse 不予受理: the parties are told why, and which lawful channel is theirs."""

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


Event = DisputeAccepted | DisputeRefused


def accept(found: Dispute, command: AcceptDispute, now: datetime) -> DisputeAccepted:
    require_unit_of(command.by, involved(found))
    if found.filing.violence:
        # Anti-Domestic Violence Law: protection first; the quarrel around it is another dispute.
        raise InvalidArgument("VIOLENCE_NOT_MEDIATED")
    if command.mediation is None:
        raise InvalidArgument("MEDIATION_MISSING")
    return DisputeAccepted(now, command.mediation)


def refuse(found: Dispute, command: RefuseDispute, now: datetime) -> DisputeRefused:
    require_unit_of(command.by, involved(found))
    reason = require_text(command.reason, "REASON_MISSING")
    return DisputeRefused(now, reason, require_text(command.told_where, "TOLD_WHERE_MISSING"))


def evolve(found: Dispute, event: Event) -> Dispute:
    match event:
        case DisputeAccepted():
            return replace(
                found, state=State.ACCEPTED, mediation=event.mediation, accept_time=event.time
            )
        case DisputeRefused():
            return replace(
                found,
                state=State.REFUSED,
                reason=event.reason,
                told_where=event.told_where,
                end_time=event.time,
            )
        case _:
            assert_never(event)
