"""The line 条线 of a unit: the kind of a functional unit. Its watchers watch no other business."""

from collections.abc import Mapping

from backbone.words.city import City
from backbone.words.roles import AUDITORS
from services.gateway.http.problems import Problem


class Lines:
    """The lines of the city's units as last heard of; before that, no unit has one."""

    def __init__(self) -> None:
        self._lines: Mapping[str, str] = {}
        self._city: City | None = None

    def learn(self, city: City) -> None:
        self._lines = lines_of(city)
        self._city = city

    def of(self, unit: str) -> str:
        """The kind of a functional unit; empty of a unit that answers for all of its area."""
        return self._lines.get(unit, "")

    async def may_stand_in(self, deputy: str, person: str) -> bool:
        """Whether a deputy of one unit may have the rights of a person of another: of the same, or
        of one below it. Raises Problem 503 before the city is known."""
        if deputy == person:
            return True
        if self._city is None:
            raise Problem(503, "DIRECTORY_NOT_LOADED")
        return self._city.belongs_to(person, deputy)

    def above(self, unit: str, role: str) -> str:
        """The units above an auditor's: of accusations of these, too, that one reads nothing."""
        if role not in AUDITORS or self._city is None:
            return ""
        return ",".join(self._city.superiors(unit))


def lines_of(city: City) -> dict[str, str]:
    """A unit is functional unless units of other kinds report to it, or it reports to none."""
    units = city.units
    general = {
        each.parent
        for each in units.values()
        if each.parent in units and units[each.parent].kind != each.kind
    }
    return {code: unit.kind for code, unit in units.items() if unit.parent and code not in general}
