"""Acceptance 受理: a clerk accepts the petition with its kind, declines it or refers it."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import Denied, InvalidArgument
from backbone.words.guards import require_text, require_unit_of
from services.petition.petition.accusing import require_not_below_accused
from services.petition.petition.record import (
    Acceptance,
    Dismissal,
    Kind,
    LawfulChannel,
    Petition,
    State,
)


class AcceptPetition(Struct, frozen=True):
    """Accept 受理."""

    by: Actor
    kind: Kind | None
    lawful_channel: LawfulChannel | None = None


class DeclinePetition(Struct, frozen=True):
    """Decline 不予受理: the petitioner is told the reason and the lawful channel."""

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


def accept(
    petition: Petition, command: AcceptPetition, now: datetime, city: City
) -> list[PetitionAccepted]:
    require_unit_of(command.by, {petition.desk})
    if command.kind is None:
        raise InvalidArgument("KIND_MISSING")
    if command.kind is Kind.CLAIM and command.lawful_channel is None:
        raise InvalidArgument("LAWFUL_CHANNEL_MISSING")
    if command.kind is not Kind.CLAIM and command.lawful_channel is not None:
        raise InvalidArgument("ONLY_CLAIMS_HAVE_CHANNELS", kind=command.kind)
    if command.kind is Kind.ACCUSATION and petition.filing.against_unit == petition.desk:
        # The unit would judge itself: it must refer the petition to a body above.
        raise Denied("OWN_UNIT_ACCUSED", unit=petition.desk)
    return [PetitionAccepted(now, command.kind, command.lawful_channel)]


def decline(
    petition: Petition, command: DeclinePetition, now: datetime, city: City
) -> list[PetitionDeclined]:
    require_unit_of(command.by, {petition.desk})
    require_not_below_accused(petition, command.by)
    reason = require_text(command.reason, "REASON_MISSING")
    return [PetitionDeclined(now, reason, require_text(command.told_where, "TOLD_WHERE_MISSING"))]


def refer(
    petition: Petition, command: ReferPetition, now: datetime, city: City
) -> list[PetitionReferred]:
    require_unit_of(command.by, {petition.desk})
    reason = require_text(command.reason, "REASON_MISSING")
    return [PetitionReferred(now, require_text(command.to, "TOLD_WHERE_MISSING"), reason)]


def accepted(petition: Petition, event: PetitionAccepted) -> Petition:
    acceptance = Acceptance(event.kind, event.lawful_channel, event.time)
    return replace(petition, state=State.ACCEPTED, acceptance=acceptance)


def declined(petition: Petition, event: PetitionDeclined) -> Petition:
    dismissal = Dismissal(event.reason, event.told_where)
    return replace(petition, state=State.DECLINED, dismissal=dismissal)


def referred(petition: Petition, event: PetitionReferred) -> Petition:
    return replace(petition, state=State.REFERRED, dismissal=Dismissal(event.reason, event.to))


TOLD = ("NOT_YOUR_UNIT", "REASON_MISSING", "TOLD_WHERE_MISSING")
VERBS = (
    verb(
        {State.REGISTERED},
        accept,
        "NOT_YOUR_UNIT",
        "KIND_MISSING",
        "LAWFUL_CHANNEL_MISSING",
        "ONLY_CLAIMS_HAVE_CHANNELS",
        "OWN_UNIT_ACCUSED",
    ),
    verb({State.REGISTERED}, decline, *TOLD, "OWN_UNIT_ACCUSED"),
    verb({State.REGISTERED, State.ACCEPTED}, refer, *TOLD),
)
CHANGES = (change(accepted), change(declined), change(referred))
