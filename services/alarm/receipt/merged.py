"""The incident that a receipt had before that one was merged 并案."""

from uuid import UUID

from msgspec import Struct

from backbone.words.followed import Followed


class Merged(Struct, frozen=True):
    """It is kept as it was last seen: the merge may be undone."""

    id: UUID
    code: str
    known: Followed
    link_version: int = 0
