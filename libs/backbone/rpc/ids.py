"""Ids that a request names."""

from uuid import UUID

from backbone.words.errors import NotFound


def named_id(text: str, reason: str) -> UUID:
    """The id. Raises NotFound for a text that is none: a caller cannot tell a strange id from one
    outside the own scope."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(reason) from error
