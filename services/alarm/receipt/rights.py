"""The rights at the desk by role and area."""

from typing import Protocol

from backbone.words.actor import Actor
from backbone.words.city import City, Team
from backbone.words.errors import Denied, InvalidTransition, NotFound
from backbone.words.followed import HELD, Followed
from backbone.words.neighbours import HOTLINE_KIND
from backbone.words.place import contains
from backbone.words.roles import CALLER_REVEALERS, PARTNERS, TAKERS, TEAM_SENDERS
from backbone.words.sight import ALARM, AUDITOR, sees, watches_over
from services.alarm.receipt.record import Kind, Receipt

EVERY_KIND = frozenset(Kind)
# Roles that may take down only these kinds of report; other call-taking roles take every kind.
ONLY: dict[str, frozenset[Kind]] = {
    "receptionist": frozenset({Kind.WALK_IN}),
    "grid_member": frozenset({Kind.GRID_REPORT}),
    "grid_leader": frozenset({Kind.GRID_REPORT}),
    "care_worker": frozenset({Kind.GRID_REPORT}),
}
# Roles with rights over all desks of their area, not only their own desk.
OVER_DESKS = "dispatcher"


class ByActor(Protocol):
    """A command that a person gives."""

    @property
    def by(self) -> Actor: ...


def require_may_receive(actor: Actor, kind: Kind, city: City) -> None:
    unit = city.units.get(actor.unit)
    if actor.role in PARTNERS:  # the hotline files its tickets, other systems their devices' alarms
        hotline = unit is not None and unit.kind == HOTLINE_KIND
        may = kind is (Kind.TICKET_12345 if hotline else Kind.DEVICE)
    else:
        may = actor.role in TAKERS and kind in ONLY.get(actor.role, EVERY_KIND)
    if not actor.unit or not may:
        raise Denied("MAY_NOT_RECEIVE", role=actor.role, kind=kind)


def require_may_see(receipt: Receipt, actor: Actor) -> None:
    """Raises NotFound for those who may not see it: to them the receipt does not exist."""
    if not sees(actor, receipt.facts):
        raise NotFound("NO_SUCH_RECEIPT")


def require_desk(receipt: Receipt, command: ByActor) -> None:
    """Allow the desk that took it down, roles that take only some kinds for those alone, and the
    dispatchers of the area. Raises Denied."""
    actor = command.by
    kinds = ONLY.get(actor.role, EVERY_KIND)
    at_home = actor.unit == receipt.unit and actor.role in TAKERS and receipt.origin.kind in kinds
    over_the_area = actor.role == OVER_DESKS and watches_over(actor, ALARM, receipt.area)
    if not at_home and not over_the_area:
        raise Denied("NOT_YOUR_DESK", desk=receipt.unit)


def require_not_ended(receipt: Receipt, command: ByActor) -> None:
    """Refuse a second end; the facts of the refusal tell the first one."""
    require_desk(receipt, command)
    if receipt.ending is not None:
        raise InvalidTransition(
            "ALREADY_ENDED",
            outcome=receipt.ending.outcome,
            time=receipt.ending.end_time,
            incident=receipt.incident.code if receipt.incident else "",
        )


def require_team_sender(actor: Actor) -> None:
    if actor.role not in TEAM_SENDERS:
        raise Denied("ROLE_MAY_NOT", role=actor.role)


def require_near(actor: Actor, team: Team) -> None:
    """Raises NotFound for a team that is neither of the actor's unit nor of the actor's area."""
    if actor.unit != team.unit and not contains(actor.area, team.area):
        raise NotFound("NO_SUCH_TEAM")


def may_be_told(receipt: Receipt, team: str, city: City) -> bool:
    """Whether the policy gives the caller's number to this team with the order that it has; never
    to one of an accused unit."""
    given = city.policy.caller_in_order if city.policy else ()
    ordered = any(each.team == team and not each.refused for each in receipt.dispatches)
    unit = city.teams[team].unit if team in city.teams else ""
    accused = city.is_accused(unit, receipt.against)
    protected = receipt.report.caller.protected or accused
    return ordered and not protected and receipt.classification.priority in given


def require_may_reveal(receipt: Receipt, actor: Actor) -> None:
    """Allow the desk that took the call, the auditor and, unless the caller is protected, the
    holder."""
    at_desk = actor.unit == receipt.unit and actor.role in CALLER_REVEALERS
    if at_desk or actor.role == AUDITOR:
        return
    known = receipt.incident.known if receipt.incident else None
    if known is None or known.state not in HELD or _hand(known) != (actor.unit, actor.user):
        raise Denied("MAY_NOT_REVEAL", desk=receipt.unit)
    if receipt.report.caller.protected:
        raise Denied("CALLER_PROTECTED", desk=receipt.unit)


def _hand(known: Followed) -> tuple[str, str]:
    return known.unit, known.holder
