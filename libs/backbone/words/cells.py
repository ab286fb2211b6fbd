"""The matrix of rights: what each role may do, by relation and source, by the rule alone. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from backbone.words import sight
from backbone.words.actor import Actor
from backbone.words.right import Relation, Right
from backbone.words.rights import RIGHTS
from backbone.words.roles import EVERYONE
from backbone.words.sight import Facts, sees

R = Relation
# The sources of the matters, by the contract that is about them.
OF: Mapping[str, tuple[str, ...]] = {
    "IncidentService": (sight.ALARM, sight.DISPUTE, sight.PETITION, sight.CARE),
    "SupervisionService": (sight.SUPERVISION,),
    "AlarmService": (sight.ALARM,),
    "PetitionService": (sight.PETITION,),
    "DisputeService": (sight.DISPUTE,),
    "PopulationService": (sight.CASE,),
    "EmergencyService": (sight.ORDER,),
}
ACCUSING = frozenset({("IncidentService", s) for s in (sight.ALARM, sight.PETITION)}) | frozenset(
    {("AlarmService", sight.ALARM), ("PetitionService", sight.PETITION)}
)
OUR, OTHER, PLACE = "unit", "other", "990101001"
# Relations that come with the area or the unit, and those that come with the area.
GIVING = frozenset({R.ABOVE, R.OVER})
BY_AREA = frozenset({R.AREA, R.AUDITOR})
# Named people, and the head of their unit: no unit and no area shows others the record.
BY_NAME = frozenset({("PopulationService", R.HOLDER), ("PopulationService", R.UNIT)})


@dataclass(frozen=True, slots=True)
class Cell:
    """Whether the role may do it, standing in this relation to a matter of the source."""

    service: str
    verb: str
    source: str
    accused: bool
    relation: Relation
    role: str
    allowed: bool


def may_do(
    actor: Actor, service: str, verb: str, facts: Facts, relations: Collection[Relation]
) -> bool:
    """Whether the actor, who stands in these relations to the record, may do this to it."""
    right = RIGHTS[service][verb]
    return sees(actor, facts) and right.of(actor.role, relations, facts.source)


def cells() -> Iterator[Cell]:
    """Every cell of the matrix but those of calls between services."""
    for service, sources in OF.items():
        for verb, right in RIGHTS[service].items():
            if right.is_inside:
                continue
            for source in sources:
                for accused in (False, True) if (service, source) in ACCUSING else (False,):
                    yield from _cells_of(service, verb, right, source, accused)


def _cells_of(service: str, verb: str, right: Right, source: str, accused: bool) -> Iterator[Cell]:
    for relation in dict.fromkeys(row.relation for row in right.rows):
        for role in sorted(EVERYONE):
            shown = _is_shown(service, source, accused, relation, role)
            allowed = shown and right.of(role, (relation,), source)
            yield Cell(service, verb, source, accused, relation, role, allowed)


def _is_shown(service: str, source: str, accused: bool, relation: Relation, role: str) -> bool:
    """Whether the relation shows the role a matter of this source."""
    if relation in (R.ANY, R.TEAM) or (service, relation) in BY_NAME:
        return role != sight.OPERATOR
    facts = Facts(source, (OUR,), PLACE, OTHER if accused else "")
    by_unit, by_area = Actor("x", OUR, role), Actor("x", "elsewhere", role, PLACE)
    if relation is R.KEEPER and not sight.is_kept(source, facts.accused):
        return False
    if relation is R.SEEN:
        return sees(by_unit, facts) or sees(by_area, facts)
    # A dispatcher of the area may also be of a unit that has to do with it.
    both = Actor("x", OUR, role, PLACE)
    return sees(by_area if relation in BY_AREA else both if relation in GIVING else by_unit, facts)
