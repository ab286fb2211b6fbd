"""Who may do what at the desk: roles and areas, each rule one line of a table."""

from backbone.words.actor import Actor
from backbone.words.city import Team
from backbone.words.errors import Denied, NotFound
from backbone.words.place import contains
from backbone.words.sight import sees
from services.alarm.receipt.record import Kind, Receipt

EVERY_KIND = frozenset(Kind)
MAY_RECEIVE: dict[str, frozenset[Kind]] = {
    "call_taker": EVERY_KIND,
    "dispatcher": EVERY_KIND,
    "duty_officer": EVERY_KIND,
    "receptionist": frozenset({Kind.WALK_IN}),
    "grid_member": frozenset({Kind.GRID_REPORT}),
    "grid_leader": frozenset({Kind.GRID_REPORT}),
    "care_worker": frozenset({Kind.GRID_REPORT}),
    "partner": frozenset({Kind.TICKET_12345, Kind.DEVICE}),
}
# Answers for the desks of a whole area, not only for the own one.
OVER_DESKS = "dispatcher"
MAY_REVEAL = frozenset({"call_taker", "dispatcher"})
MAY_DISPATCH = frozenset({"call_taker", "dispatcher", "duty_officer"})


def require_may_receive(actor: Actor, kind: Kind) -> None:
    if not actor.unit or kind not in MAY_RECEIVE.get(actor.role, ()):
        raise Denied("MAY_NOT_RECEIVE", role=actor.role, kind=kind)


def require_may_see(receipt: Receipt, actor: Actor) -> None:
    """The receiving unit, the unit that it was passed to, and who watches over the area.

    What is outside somebody's scope does not exist for them.
    """
    if not sees(actor, (receipt.unit, receipt.passed_to), receipt.area):
        raise NotFound("NO_SUCH_RECEIPT")


def require_may_work(receipt: Receipt, actor: Actor) -> None:
    require_may_see(receipt, actor)
    at_home = actor.unit == receipt.unit and actor.role in MAY_RECEIVE
    if not at_home and actor.role != OVER_DESKS:
        raise Denied("NOT_YOUR_DESK", desk=receipt.unit)


def require_may_dispatch(actor: Actor, team: Team) -> None:
    """A desk sends the teams of its area and of its own unit; who only reports sends none."""
    if actor.role not in MAY_DISPATCH:
        raise Denied("ROLE_MAY_NOT", role=actor.role)
    if actor.unit != team.unit and not contains(actor.area, team.area):
        raise NotFound("NO_SUCH_TEAM")


def require_may_reveal(receipt: Receipt, actor: Actor) -> None:
    require_may_see(receipt, actor)
    if actor.unit != receipt.unit or actor.role not in MAY_REVEAL:
        raise Denied("MAY_NOT_REVEAL", desk=receipt.unit)
