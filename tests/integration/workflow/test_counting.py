"""What lies unclaimed, as the metrics tell it: for how long nobody has had it."""

from uuid import UUID, uuid4

from msgspec.structs import replace

from services.workflow.counting import count
from services.workflow.incident.claiming import ClaimIncident, ReleaseIncident
from services.workflow.incident.opening import OpenIncident
from services.workflow.metrics import UNCLAIMED
from tests.incidents import DESK, LI, a_matter
from tests.integration.workflow.test_recounts import Workflow, workflow

__all__ = ["workflow"]

LONG_AGO = "UPDATE incidents SET open_time = open_time - interval '10 min' WHERE id = $1"


async def opened(workflow: Workflow, priority: str) -> UUID:
    of = uuid4()
    matter = replace(a_matter(code=f"990101260101-{of.int % 10**6:06}-0"), id=of)
    matter = replace(matter, priority=priority, to_unit="north")
    await workflow.perform(of, DESK, OpenIncident(DESK, matter))
    return of


async def age(workflow: Workflow, priority: str) -> float:
    await count(workflow.pool)
    return float(UNCLAIMED.labels(priority)._value.get())


async def test_what_nobody_has_had_is_as_old_as_its_opening(workflow: Workflow) -> None:
    """A new pool, or another turn of triage, is no fresh start for whoever waits."""
    of = await opened(workflow, "P1")
    await workflow.pool.execute(LONG_AGO, of)  # its charge is of this moment
    assert 600 <= await age(workflow, "P1") < 700


async def test_what_somebody_has_had_waits_since_it_was_given_back(workflow: Workflow) -> None:
    of = await opened(workflow, "P2")
    await workflow.pool.execute(LONG_AGO, of)
    await workflow.perform(of, LI, ClaimIncident(LI))
    assert await age(workflow, "P2") == 0
    await workflow.perform(of, LI, ReleaseIncident(LI, "not ours"))
    assert 0 < await age(workflow, "P2") < 100
