"""The actor of a command: a person in a role, a department's own system, or a clock. Pure."""

from msgspec import Struct


class Actor(Struct, frozen=True):
    """`unit` is the code of the unit that the actor acts for, `area` that unit's area code.

    `line` is the kind of a functional unit 条线; empty for one that answers for all of its area.
    `above` are the units above it, joined by commas, where the rule of sight asks for them.
    """

    user: str
    unit: str = ""
    role: str = ""
    area: str = ""
    line: str = ""
    above: str = ""


CLOCK = Actor("")
# The role of a service that calls another one for a record of its own; no account has it.
SERVICE = "service"
# Between a deputy and the person whom he stands in for.
FOR = ">"


def is_same_hand(actor: Actor, user: str, role: str = "") -> bool:
    """Whether the actor is the earlier one, as four eyes count: by the account or the key.

    A key acts as `<key>/<person>`: it may name any person, and stays one pair of eyes. Keys of one
    name differ by their role; `role` is empty where the earlier one is not known. A deputy is the
    person that he is, for whomever he stands in.
    """
    if _person_of(actor.user) == _person_of(user):
        return True
    return _key_of(actor.user) == _key_of(user) and role in ("", actor.role)


def is_another_person(actor: Actor, user: str, role: str) -> bool:
    """Whether the actor may decide where another person than the earlier one must.

    A key is none beside a person who has signed in: it may name anyone, and so that one as well.
    """
    names_anyone = "/" in actor.user and "/" not in user
    return not names_anyone and not is_same_hand(actor, user, role)


def deputy_name(deputy: str, person: str) -> str:
    """The user of what a deputy does for a person: no account has this sign in its name."""
    return f"{deputy}{FOR}{person}"


def _person_of(user: str) -> str:
    """Without the person whom a deputy stands in for; of a key, all that it says."""
    return user if "/" in user else user.partition(FOR)[0]


def _key_of(user: str) -> str:
    """The key that acts; of a person with an account, the account."""
    return user.partition("/")[0]
