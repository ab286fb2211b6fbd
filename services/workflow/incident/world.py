"""The further inputs of a decision about an incident."""

from msgspec import Struct

from backbone.life_cycle import Also
from backbone.words.city import City
from backbone.words.policy import Policy


class World(Struct, frozen=True):
    """The present city, and the aggregates that are locked with the incident."""

    city: City
    also: Also

    @property
    def policy(self) -> Policy:
        assert self.city.policy is not None, "workflow asks the directory for the policy"
        return self.city.policy
