"""The note by which a person says what was done about something that then waits no more."""

from typing import Annotated

import typer

from backbone.words.texts import refused_character, trimmed
from operate.home.trouble import Trouble

MOST = 500


def judged(given: str) -> str:
    """The note as it is kept. Raises Trouble for one that says nothing, or that no text may be."""
    note = trimmed(given)
    if not note:
        raise Trouble(
            "The note is empty: say what was found, and done about it.",
            "备注为空：请写明发现了什么、如何处理。",
        )
    if len(note) > MOST:
        raise Trouble(
            f"The note has {len(note)} characters, and at most {MOST} are kept.",
            f"备注有 {len(note)} 个字符，最多 {MOST} 个。",
        )
    if character := refused_character(note):
        raise Trouble(
            f"The note has the control character {character}: write it in one line.",
            f"备注含有控制字符 {character}：请写成一行。",
        )
    return note


Note = Annotated[str, typer.Option(help="what was found, and done about it", callback=judged)]
