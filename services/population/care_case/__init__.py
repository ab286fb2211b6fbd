"""Care cases 帮扶档案: their whole life cycle, joined from the use-case files beside it. Pure."""

from typing import Any

from backbone.life_cycle import LifeCycle
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import NotFound
from backbone.words.rights import POPULATION
from backbone.words.sight import OPERATOR
from services.population.care_case import (
    clocks,
    ending,
    forgetting,
    handover,
    needs,
    registering,
    visits,
)
from services.population.care_case.record import CareCase, has_sent, is_audited, is_entrusted


def _require_known(case: CareCase, command: Any) -> None:
    """Raises NotFound for actors other than the entrusted, the sender and the auditor; clocks have
    no actor."""
    by: Actor | None = getattr(command, "by", None)
    if by is None:
        return
    concerned = is_entrusted(case, by) or has_sent(case, by) or is_audited(case, by)
    if by.role == OPERATOR or not concerned:
        raise NotFound("NO_SUCH_CARE_CASE")


CARE_CASES: LifeCycle[CareCase, City] = LifeCycle(
    (registering, handover, visits, needs, ending, forgetting, clocks),
    "NO_SUCH_CARE_CASE",
    guard=_require_known,
    rights=POPULATION,
)
