"""Many clerks, few incidents: each has one holder, and each loser was told who won."""

from tests.chaos.race import race
from tests.people import visiting
from tests.servers import Installed

CLERKS, INCIDENTS = 12, 15


async def test_each_incident_has_one_holder(whole_city: Installed) -> None:
    async with visiting(whole_city) as visit:
        found = await race(visit, CLERKS, INCIDENTS)
    assert found.is_fair, found
    assert found.losers == (CLERKS - 1) * INCIDENTS
