"""The danger list of a city on the wire."""

from backbone.words.danger import Context, Danger, DangerList, Sound
from liandong.directory.v1 import directory_pb2 as wire


def to_message(known: DangerList) -> wire.DangerList:
    """Return the wire message of the list; equal lists give equal bytes."""
    return wire.DangerList(
        dangers=[
            wire.Danger(
                category=each.category,
                priority=each.priority,
                weight=each.weight,
                words=each.words,
                unless=each.unless,
            )
            for each in known.dangers
        ],
        contexts=[
            wire.DangerContext(code=each.code, words=each.words, despite=each.despite)
            for each in known.contexts
        ],
        sounds=[wire.DangerSound(meant=each.meant, written=each.written) for each in known.sounds],
    )


def to_danger_list(message: wire.DangerList) -> DangerList:
    """Return the list of a wire message."""
    return DangerList(
        dangers=tuple(
            Danger(each.category, each.priority, each.weight, tuple(each.words), tuple(each.unless))
            for each in message.dangers
        ),
        contexts=tuple(
            Context(each.code, tuple(each.words), tuple(each.despite)) for each in message.contexts
        ),
        sounds=tuple(Sound(each.meant, tuple(each.written)) for each in message.sounds),
    )
