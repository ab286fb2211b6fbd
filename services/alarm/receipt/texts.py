"""How long a text may be: the most that a person can have said, with room."""

from backbone.words.errors import InvalidArgument

MOST: dict[str, int] = {
    "number": 40,
    "name": 100,
    "subscriber": 100,
    "installed_address": 300,
    "place": 300,
    "narrative": 5_000,
    "recording": 500,
    "reference": 100,
    "reply": 2_000,
    "note": 1_000,
    "reason": 1_000,
    "photo": 500,
    "purpose": 200,
}


def require_short(**texts: str | None) -> None:
    """Raises InvalidArgument with the field and its limit."""
    for name, text in texts.items():
        if text is not None and len(text) > MOST[name]:
            raise InvalidArgument(
                "TEXT_TOO_LONG", field=name, characters=len(text), most=MOST[name]
            )
