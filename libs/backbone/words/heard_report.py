"""What an incident has heard of a receipt: whether it speaks for the teams of that one. Pure."""

from msgspec import Struct


class HeardReport(Struct, frozen=True):
    """The versions of the receipt of its last link or unlink, and of its last correction, that the
    incident has heard. `linked`: the incident's facts hold what it says; that of the receipt that
    has opened it they always do.
    """

    receipt: str
    linked: bool = False
    link_version: int = 0
    version: int = 0


class Awaits(Struct, frozen=True):
    """The versions of a receipt, of its link and of its correction, which its incident must have
    heard before it speaks for a team that has the receipt's facts; 0: any. `merged` is the incident
    that was merged into that one: the team knows what all receipts of it have told."""

    link_version: int = 0
    version: int = 0
    merged: str = ""
