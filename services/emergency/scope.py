"""Decides who may see missions and teams: the people of the team, and those whom the rule of
`backbone.words.sight` names."""

from dataclasses import dataclass

from backbone.postgres.conditions import Sight, equal
from backbone.postgres.sights import Seen, sights_by
from backbone.rpc.caller import Call
from backbone.words.actor import SERVICE, Actor
from backbone.words.sight import ORDER, Facts, sees

SEEN = Seen(frozenset({ORDER}), area="area", units=("unit", "ordered_unit"))


@dataclass(frozen=True, slots=True)
class Scope:
    """The missions and teams that one caller may see: a team's own people see their team alone."""

    actor: Actor
    team: str = ""

    @property
    def conditions(self) -> tuple[Sight, ...]:
        """The rule of `sees` over projected columns: any of these shows a mission."""
        if self.actor.role == SERVICE:
            return ((),)
        if self.team:
            return ((equal("team", self.team),),)
        return sights_by(SEEN, self.actor)

    def sees(self, team: str, facts: Facts) -> bool:
        """Whether the caller may see the team, or a mission of it, of which these are the facts."""
        if self.team:
            return team == self.team
        return self.actor.role == SERVICE or sees(self.actor, facts)


def sight_of(caller: Call) -> Scope:
    return Scope(caller.actor, caller.team)
