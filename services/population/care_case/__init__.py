"""Care cases 帮扶档案: their life cycle; the files beside it say what each verb means. Pure."""

from typing import Any

from backbone.life_cycle import LifeCycle
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import NotFound
from services.population.care_case import clocks, ending, handover, needs, registering, visits
from services.population.care_case.record import CareCase, has_sent, is_entrusted


def _require_known(case: CareCase, command: Any) -> None:
    """The entrusted and the sender know of the case; the clock and the flow come from inside."""
    by: Actor | None = getattr(command, "by", None)
    if by is not None and not (is_entrusted(case, by) or has_sent(case, by)):
        raise NotFound("NO_SUCH_CARE_CASE")


CARE_CASES: LifeCycle[CareCase, City] = LifeCycle(
    (registering, handover, visits, needs, ending, clocks),
    "NO_SUCH_CARE_CASE",
    guard=_require_known,
)
