"""The rights at the desk by role and area."""

from typing import Protocol

from backbone.words.actor import Actor
from backbone.words.city import Team
from backbone.words.errors import Denied, NotFound
from backbone.words.place import contains
from backbone.words.roles import CALLER_REVEALERS, TAKERS, TEAM_SENDERS
from backbone.words.sight import sees
from services.alarm.receipt.record import Kind, Receipt

EVERY_KIND = frozenset(Kind)
# Roles that may take down only these kinds of report; other call-taking roles take every kind.
ONLY: dict[str, frozenset[Kind]] = {
    "receptionist": frozenset({Kind.WALK_IN}),
    "grid_member": frozenset({Kind.GRID_REPORT}),
    "grid_leader": frozenset({Kind.GRID_REPORT}),
    "care_worker": frozenset({Kind.GRID_REPORT}),
    "partner": frozenset({Kind.TICKET_12345, Kind.DEVICE}),
}
# Roles with rights over all desks of their area, not only their own desk.
OVER_DESKS = "dispatcher"


class ByActor(Protocol):
    """A command that a person gives."""

    @property
    def by(self) -> Actor: ...


def require_may_receive(actor: Actor, kind: Kind) -> None:
    may = actor.role in TAKERS and kind in ONLY.get(actor.role, EVERY_KIND)
    if not actor.unit or not may:
        raise Denied("MAY_NOT_RECEIVE", role=actor.role, kind=kind)


def require_may_see(receipt: Receipt, actor: Actor) -> None:
    """Allow the receiving unit, the unit that it was passed to, and watchers over the area.

    Raises NotFound for others: to them the receipt does not exist.
    """
    if not sees(actor, (receipt.unit, receipt.passed_to), receipt.area):
        raise NotFound("NO_SUCH_RECEIPT")


def require_desk(receipt: Receipt, command: ByActor) -> None:
    """Allow the desk that took it down and the dispatchers of the area. Raises Denied."""
    actor = command.by
    at_home = actor.unit == receipt.unit and actor.role in TAKERS
    over_the_area = actor.role == OVER_DESKS and contains(actor.area, receipt.area)
    if not at_home and not over_the_area:
        raise Denied("NOT_YOUR_DESK", desk=receipt.unit)


def require_may_dispatch(actor: Actor, team: Team) -> None:
    """Allow desk roles, for teams of their area and unit; else raises Denied or NotFound."""
    if actor.role not in TEAM_SENDERS:
        raise Denied("ROLE_MAY_NOT", role=actor.role)
    if actor.unit != team.unit and not contains(actor.area, team.area):
        raise NotFound("NO_SUCH_TEAM")


def require_may_reveal(receipt: Receipt, actor: Actor) -> None:
    if actor.unit != receipt.unit or actor.role not in CALLER_REVEALERS:
        raise Denied("MAY_NOT_REVEAL", desk=receipt.unit)
