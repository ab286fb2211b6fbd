"""Acceptance 受理: a clerk says what the petition is, or where it lawfully belongs."""

from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.errors import Denied, InvalidArgument
from backbone.words.guards import require_text, require_unit_of
from services.petition.petition.record import Kind, LawfulChannel, Petition, State


class AcceptPetition(Struct, frozen=True):
    """Accept 受理."""

    by: Actor
    kind: Kind | None
    lawful_channel: LawfulChannel | None = None


class DeclinePetition(Struct, frozen=True):
    """Decline 不予受理: the petitioner is told why, and where to go."""

    by: Actor
    reason: str
    told_where: str


class ReferPetition(Struct, frozen=True):
    """Refer 转送: to a body outside this flow, such as a court or a higher office."""

    by: Actor
    to: str
    reason: str


class PetitionAccepted(Struct, frozen=True):
    time: datetime
    kind: Kind
    lawful_channel: LawfulChannel | None


class PetitionDeclined(Struct, frozen=True):
    time: datetime
    reason: str
    told_where: str


class PetitionReferred(Struct, frozen=True):
    time: datetime
    to: str
    reason: str


Event = PetitionAccepted | PetitionDeclined | PetitionReferred


def accept(found: Petition, command: AcceptPetition, now: datetime) -> PetitionAccepted:
    require_unit_of(command.by, {found.desk})
    if command.kind is None:
        raise InvalidArgument("KIND_MISSING")
    if command.kind is Kind.CLAIM and command.lawful_channel is None:
        raise InvalidArgument("LAWFUL_CHANNEL_MISSING")
    if command.kind is not Kind.CLAIM and command.lawful_channel is not None:
        raise InvalidArgument("ONLY_CLAIMS_HAVE_CHANNELS", kind=command.kind)
    if command.kind is Kind.ACCUSATION and found.filing.against_unit == found.desk:
        # It would judge itself: it refers the matter to a body above.
        raise Denied("OWN_UNIT_ACCUSED", unit=found.desk)
    return PetitionAccepted(now, command.kind, command.lawful_channel)


def decline(found: Petition, command: DeclinePetition, now: datetime) -> PetitionDeclined:
    require_unit_of(command.by, {found.desk})
    reason = require_text(command.reason, "REASON_MISSING")
    return PetitionDeclined(now, reason, require_text(command.told_where, "TOLD_WHERE_MISSING"))


def refer(found: Petition, command: ReferPetition, now: datetime) -> PetitionReferred:
    require_unit_of(command.by, {found.desk})
    reason = require_text(command.reason, "REASON_MISSING")
    return PetitionReferred(now, require_text(command.to, "TOLD_WHERE_MISSING"), reason)


def evolve(found: Petition, event: Event) -> Petition:
    match event:
        case PetitionAccepted():
            return replace(
                found,
                state=State.ACCEPTED,
                kind=event.kind,
                lawful_channel=event.lawful_channel,
                accept_time=event.time,
            )
        case PetitionDeclined():
            return replace(
                found, state=State.DECLINED, reason=event.reason, told_where=event.told_where
            )
        case PetitionReferred():
            return replace(found, state=State.REFERRED, reason=event.reason, told_where=event.to)
        case _:
            assert_never(event)
