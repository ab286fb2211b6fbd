"""Mediation 调解: sessions, and then an agreement, or the lawful channel that is left."""

from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.errors import InvalidArgument
from backbone.words.guards import require_short, require_text, require_unit_of
from services.dispute.dispute.record import (
    Agreement,
    Dispute,
    Session,
    State,
    involved,
    require_parties,
)

# Work Rules of People's Mediation, art. 34: what a written agreement says.
WRITTEN = ("document", "facts", "terms", "performance")
ORAL = ("terms",)


class HoldSession(Struct, frozen=True):
    """Session 调解: the caller is the mediator."""

    by: Actor
    text: str


class RecordAgreement(Struct, frozen=True):
    """Agreement 达成协议: in writing, or orally with a record."""

    by: Actor
    agreement: Agreement | None


class FailMediation(Struct, frozen=True):
    """Failure 调解不成: the parties are told their lawful channel."""

    by: Actor
    reason: str
    told_where: str


class SessionHeld(Struct, frozen=True):
    time: datetime
    session: Session


class AgreementReached(Struct, frozen=True):
    time: datetime
    agreement: Agreement


class MediationFailed(Struct, frozen=True):
    time: datetime
    reason: str
    told_where: str


Event = SessionHeld | AgreementReached | MediationFailed


def hold_session(found: Dispute, command: HoldSession, now: datetime) -> SessionHeld:
    require_unit_of(command.by, involved(found))
    text = require_text(command.text, "TEXT_MISSING")
    return SessionHeld(now, Session(now, command.by.user, command.by.unit, text))


def agree(found: Dispute, command: RecordAgreement, now: datetime) -> AgreementReached:
    require_unit_of(command.by, involved(found))
    require_parties(found.filing.parties)
    agreement = command.agreement or Agreement()
    needed = ORAL if agreement.oral else WRITTEN
    missing = [name for name in needed if not getattr(agreement, name).strip()]
    if missing:
        raise InvalidArgument("AGREEMENT_INCOMPLETE", missing=", ".join(missing))
    for text in (agreement.facts, agreement.liability, agreement.terms, agreement.performance):
        require_short(text)
    return AgreementReached(now, agreement)


def fail(found: Dispute, command: FailMediation, now: datetime) -> MediationFailed:
    require_unit_of(command.by, involved(found))
    reason = require_text(command.reason, "REASON_MISSING")
    return MediationFailed(now, reason, require_text(command.told_where, "TOLD_WHERE_MISSING"))


def evolve(found: Dispute, event: Event) -> Dispute:
    match event:
        case SessionHeld():
            sessions = (*found.sessions, event.session)
            return replace(found, state=State.MEDIATING, sessions=sessions)
        case AgreementReached():
            return replace(
                found, state=State.AGREED, agreement=event.agreement, end_time=event.time
            )
        case MediationFailed():
            return replace(
                found,
                state=State.FAILED,
                reason=event.reason,
                told_where=event.told_where,
                end_time=event.time,
            )
        case _:
            assert_never(event)
