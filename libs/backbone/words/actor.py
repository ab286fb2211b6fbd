"""The actor of a command: a person in a role, a department's own system, or a clock. Pure."""

from msgspec import Struct


class Actor(Struct, frozen=True):
    """`unit` is the code of the unit that the actor acts for, `area` that unit's area code."""

    user: str
    unit: str = ""
    role: str = ""
    area: str = ""


CLOCK = Actor("")
# The role of a service that calls another one for a record of its own; no account has it.
SERVICE = "service"
