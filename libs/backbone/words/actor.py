"""Who acts: a person in a role for a unit, a department's own system, or a clock. Pure."""

from msgspec import Struct


class Actor(Struct, frozen=True):
    """`unit` is the code of the unit acted for, `area` the area code of that unit."""

    user: str
    unit: str = ""
    role: str = ""
    area: str = ""


CLOCK = Actor("")
