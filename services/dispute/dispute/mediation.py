"""Mediation 调解: sessions, agreement or failure with a lawful channel, and filing."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument
from backbone.words.guards import require_text, require_unit_of
from services.dispute.dispute.record import (
    OPEN,
    Agreement,
    Dispute,
    Ending,
    Session,
    State,
    incident_of,
    mediating_units,
    require_parties,
)

# Contents of a written agreement: Work Rules of People's Mediation, art. 34.
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


class CloseDispute(Struct, frozen=True):
    """Close 归档."""

    by: Actor


class SessionHeld(Struct, frozen=True):
    time: datetime
    session: Session
    incident_id: UUID | None = None


class AgreementReached(Struct, frozen=True):
    time: datetime
    agreement: Agreement
    incident_id: UUID | None = None


class MediationFailed(Struct, frozen=True):
    time: datetime
    reason: str
    told_where: str
    incident_id: UUID | None = None


class DisputeClosed(Struct, frozen=True):
    """`reason` where its incident was filed before its mediation had ended."""

    time: datetime
    reason: str = ""
    incident_id: UUID | None = None


def hold_session(
    dispute: Dispute, command: HoldSession, now: datetime, city: City
) -> list[SessionHeld]:
    require_unit_of(command.by, mediating_units(dispute))
    text = require_text(command.text, "TEXT_MISSING")
    session = Session(now, command.by.user, command.by.unit, text)
    return [SessionHeld(now, session, incident_of(dispute))]


def agree(
    dispute: Dispute, command: RecordAgreement, now: datetime, city: City
) -> list[AgreementReached]:
    require_unit_of(command.by, mediating_units(dispute))
    require_parties(dispute.filing.parties)
    agreement = command.agreement or Agreement()
    needed = ORAL if agreement.oral else WRITTEN
    missing = [name for name in needed if not getattr(agreement, name).strip()]
    if missing:
        raise InvalidArgument("AGREEMENT_INCOMPLETE", missing=", ".join(missing))
    due = agreement.performance_due_time
    if due is not None and due <= now:
        raise InvalidArgument("DUE_TIME_OVER", field="agreement.performance_due_time")
    return [AgreementReached(now, agreement, incident_of(dispute))]


def fail(
    dispute: Dispute, command: FailMediation, now: datetime, city: City
) -> list[MediationFailed]:
    require_unit_of(command.by, mediating_units(dispute))
    reason = require_text(command.reason, "REASON_MISSING")
    told_where = require_text(command.told_where, "TOLD_WHERE_MISSING")
    return [MediationFailed(now, reason, told_where, incident_of(dispute))]


def close(
    dispute: Dispute, command: CloseDispute, now: datetime, city: City
) -> list[DisputeClosed]:
    require_unit_of(command.by, {dispute.desk})
    return [DisputeClosed(now, incident_id=incident_of(dispute))]


def session_held(dispute: Dispute, event: SessionHeld) -> Dispute:
    proceedings = dispute.proceedings
    sessions = (*proceedings.sessions, event.session)
    proceedings = replace(proceedings, sessions=sessions)
    return replace(dispute, state=State.MEDIATING, proceedings=proceedings)


def agreed(dispute: Dispute, event: AgreementReached) -> Dispute:
    proceedings = replace(dispute.proceedings, agreement=event.agreement)
    ending = Ending(event.time)
    return replace(dispute, state=State.AGREED, proceedings=proceedings, ending=ending)


def failed(dispute: Dispute, event: MediationFailed) -> Dispute:
    ending = Ending(event.time, event.reason, event.told_where)
    return replace(dispute, state=State.FAILED, ending=ending)


def closed(dispute: Dispute, event: DisputeClosed) -> Dispute:
    ended = dispute.ending or Ending(event.time, event.reason)
    ending = replace(ended, close_time=event.time)
    return replace(dispute, state=State.CLOSED, ending=ending)


VERBS = (
    verb(OPEN, hold_session, "NOT_YOUR_UNIT", "TEXT_MISSING"),
    verb(OPEN, agree, "NOT_YOUR_UNIT", "PARTIES_MISSING", "AGREEMENT_INCOMPLETE", "DUE_TIME_OVER"),
    verb(OPEN, fail, "NOT_YOUR_UNIT", "REASON_MISSING", "TOLD_WHERE_MISSING"),
    verb({State.AGREED, State.FAILED}, close, "NOT_YOUR_UNIT"),
)
CHANGES = (change(session_held), change(agreed), change(failed), change(closed))
