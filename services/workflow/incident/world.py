"""What a decision about an incident may look at beside the incident."""

from msgspec import Struct

from backbone.life_cycle import Also
from backbone.words.city import City, Policy


class World(Struct, frozen=True):
    """The city of this moment, and the aggregates that are locked with the incident."""

    city: City
    also: Also

    @property
    def policy(self) -> Policy:
        assert self.city.policy is not None, "workflow asks the directory for the policy"
        return self.city.policy
