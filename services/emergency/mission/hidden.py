"""What a mission keeps of the accusation of its matter."""

from datetime import datetime

from msgspec import Struct


class Hidden(Struct, frozen=True):
    """Its matter accuses a unit since this time: `barred` are the units that may not know of it
    any more, `desk` is the one that still does. `against` are those that were named as the accused.

    `accused`: the team belongs to the accused unit. The desk hears of it until it has sent another
    team or given its word.
    """

    time: datetime
    barred: tuple[str, ...] = ()
    desk: str = ""
    accused: bool = False
    seen_by: str = ""
    seen_reason: str = ""
    against: tuple[str, ...] = ()
