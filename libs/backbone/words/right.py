"""A right: the roles that may do one thing, by their relation to the record. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from backbone.words.actor import Actor
from backbone.words.errors import Denied
from backbone.words.roles import EVERYONE, Roles
from backbone.words.sight import own_of


class Relation(StrEnum):
    """A relation of an actor to a record, by which the actor may do something."""

    ANY = "ANY"  # 任何人: the record does not exist yet, or is for all
    SEEN = "SEEN"  # 可见: whatever shows the record
    HOLDER = "HOLDER"  # 承办人: holds it, or is entrusted with it
    UNIT = "UNIT"  # 承办单位: has it in its pool or hands
    SENDER = "SENDER"  # 交出单位: sent or gave it, and is asked to take it back
    ASKED = "ASKED"  # 被征询单位: an answer is asked of it, or a ticket is passed to it
    DESK = "DESK"  # 接收单位: took it in, or ordered it
    TAKES = "TAKES"  # 本岗可受理: the desk, of a kind that the role takes
    STAND_IN = "STAND_IN"  # 代答: the desk, for a partner that has no account here
    KEEPER = "KEEPER"  # 保密受理单位: the desk of what is unknown to the 110 desk
    AREA = "AREA"  # 辖区: its place lies in the actor's area
    ABOVE = "ABOVE"  # 上级: above the unit that it is given to
    OVER = "OVER"  # 上级辖区: the unit that it is given to lies in the actor's area
    RAISED = "RAISED"  # 裁定单位: decides on a question that was raised to it
    SUPERVISOR = "SUPERVISOR"  # 督办单位
    TEAM = "TEAM"  # 队伍
    AUDITOR = "AUDITOR"  # 审计


@dataclass(frozen=True, slots=True)
class Row:
    """These roles, in this relation; of matters of these sources alone, if there are any."""

    relation: Relation
    roles: Roles
    sources: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Right:
    """The rows of one RPC; `but` are relations in which it is never had. Of a call between
    services, `is_inside`, no person has a right."""

    rows: tuple[Row, ...]
    but: frozenset[Relation] = frozenset()
    is_inside: bool = False

    @property
    def roles(self) -> Roles:
        """The roles that have the right in any relation."""
        return frozenset().union(*(row.roles for row in self.rows))

    def of(self, role: str, relations: Collection[Relation], source: str) -> bool:
        """Whether the role has the right to a matter of the source in these relations."""
        if not self.but.isdisjoint(relations):
            return False
        own = own_of(source)
        return any(
            role in row.roles
            and row.relation in relations
            and (not row.sources or own in row.sources)
            for row in self.rows
        )


def may(*rows: tuple[Relation, Roles], but: Collection[Relation] = ()) -> Right:
    """The right of these rows, whatever the source."""
    return Right(tuple(Row(*row) for row in rows), frozenset(but))


INSIDE = Right((), is_inside=True)


def require_role(right: Right | None, actor: Actor) -> None:
    """Raises Denied for a person whose role has not the right in any relation.

    Services, clocks and citizens, who have no such role, are checked where they come in, and so
    are those who call a service from inside.
    """
    if right is None or right.is_inside or actor.role not in EVERYONE:
        return
    if actor.role not in right.roles:
        raise Denied("ROLE_MAY_NOT", role=actor.role)
