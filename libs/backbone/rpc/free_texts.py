"""Free texts of requests and answers: sealed on the way in, shown or masked on the way out.

The contract says which texts are free: every text of several lines, every one that its rules
call free, and of what they call personal the names that are looked for in the others.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator
from functools import partial
from typing import Any, TypeAlias

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from backbone.door.request import WRITTEN, written
from backbone.postgres.span_sealing import SpanSealer
from backbone.rpc.forms import Rules
from backbone.rpc.rules import rules_of
from backbone.words.actor import Actor
from backbone.words.persons import split_names
from backbone.words.roles import DESKS, HANDLERS, TEAMS
from backbone.words.spans import MARK, hidden
from liandong.input.v1.rules_pb2 import FieldRules

# The personal fields that hold names.
NAMES = (FieldRules.PERSONAL_NAME, FieldRules.PERSONAL_ACCUSED)
# The names of the persons whom the matter of a request knows already.
Persons: TypeAlias = Callable[[Message], Awaitable[Collection[str]]]
# Adds the persons to an answer whom other records of the same matter protect from this reader.
Beside: TypeAlias = Callable[[Message, Actor], Awaitable[None]]
# Puts the sealed texts of a request under keys of others than this service.
Keep: TypeAlias = Callable[[Message, list[str]], Awaitable[list[str]]]
Place: TypeAlias = tuple[Any, Any]  # a message and its field

# They work on the matters that the service lets them read; all others read masked texts.
WORKING = HANDLERS | DESKS | TEAMS
FRONT = "gateway"
PERSONS = "persons"


class FreeTexts:
    """The free texts of one service; `sealer` is None for a service that keeps none. `closely`: its
    persons are sealed also where a word may be another one."""

    def __init__(self, sealer: SpanSealer | None) -> None:
        self.sealer, self.closely = sealer, False
        self.persons: list[Persons] = []
        # The sealed persons of the records of a request, as they are now.
        self.sealed_persons: list[Persons] = []
        self.beside: list[Beside] = []
        self.kept: list[Keep] = []

    async def seal(self, request: Any, sender: str = FRONT) -> None:
        """Seal the free texts of a request in place.

        A service of ours has sealed what it passes on, and its event says the same: sealed once
        more, by what else is known here, the call and the event would be two requests.
        """
        if self.sealer is None or sender != FRONT or not (free := list(_free(request))):
            return
        names, seal = await self._called(request), self.sealer.seal
        said = [[*_said(*place)] for place in free]
        sealed = [seal(each, names, closely=self.closely) for texts in said for each in texts]
        for keep in self.kept:
            sealed = await keep(request, sealed)
        given = iter(sealed)
        after = [[next(given) for _ in texts] for texts in said]
        changed = [i for i, texts in enumerate(said) if texts != after[i]]
        if changed:
            WRITTEN.set((request, written(request)))
        for i in changed:
            message, field = free[i]
            if field.is_repeated:
                getattr(message, field.name)[:] = after[i]
            else:
                setattr(message, field.name, after[i][0])

    async def sealed(self, text: str, request: Any) -> str:
        """A text that comes beside the request, such as the purpose of a disclosure, sealed."""
        if self.sealer is None or not text:
            return text
        names = await self._called(request)
        return self.sealer.seal(text, names, closely=self.closely)

    async def _called(self, request: Any) -> list[str]:
        """The persons whom the request tells, and those that its records know."""
        names = split_names(_names(request))
        for known in self.persons:
            names += await known(request)
        return names

    async def kept_by_now(self, request: Any) -> list[str]:
        """The protected persons in the records of the request, as they are now. A repeated request
        is answered with the stored record, which still names a caller who has asked for protection
        since."""
        if self.sealer is None:
            return []
        sealed = [each for known in self.sealed_persons for each in await known(request)]
        return self.sealer.kept(sealed)

    async def complete(self, answer: Any, sender: str, reader: Actor) -> None:
        """Add to the persons of an answer those whom its records themselves do not know."""
        if sender == FRONT and self.sealer is not None:
            for add in self.beside:
                await add(answer, reader)

    def show(self, answer: Any, sender: str, role: str, since: Collection[str] = ()) -> None:
        """Open the texts of an answer to a person who works on the matter, mask them for all
        others. A service that asks for itself is given them sealed.

        Each part of the answer says by `persons` who its protected callers are, and its texts are
        shown without them, sealed or not: former texts may name them, and so may a place or a
        danger that was written down before the caller had given a name. `since` are those of a
        repeat (`kept_by_now`)."""
        if sender != FRONT:
            return
        works = role in WORKING
        parts = [*taken_out(answer)]
        if self.sealer is None:
            return
        bare = self.sealer.open_but if works else self.sealer.hide_but
        for part, persons in parts:
            if kept := self.sealer.kept(persons):
                change_texts(part, partial(bare, kept=kept))
        if since:
            change_texts(answer, partial(bare, kept=since))
        if MARK in answer.SerializeToString():
            change_texts(answer, self.sealer.open if works else hidden)


def taken_out(message: Any) -> Iterator[tuple[Any, list[str]]]:
    """The parts of an answer that say whose matter they tell, and the sealed persons, which leave
    it: they are not shown."""
    for part in _naming(message):
        persons = [*getattr(part, PERSONS)]
        part.ClearField(PERSONS)
        yield part, persons


def _naming(message: Any) -> Iterator[Any]:
    """The parts of a message with persons. Only what may hold some is looked at: most answers hold
    none, and lists are long."""
    descriptor = message.DESCRIPTOR
    if _names_persons(descriptor) and getattr(message, PERSONS):
        yield message
    for field in _leading(descriptor):
        if field.is_repeated or message.HasField(field.name):
            for part in _parts(field, getattr(message, field.name)):
                yield from _naming(part)


_LEADING: dict[str, tuple[Any, ...]] = {}


def _leading(descriptor: Any) -> tuple[Any, ...]:
    """The fields of a message that lead to persons."""
    known = _LEADING.get(descriptor.full_name)
    if known is None:
        inner = (each for each in descriptor.fields if each.message_type is not None)
        known = tuple(each for each in inner if _leads(each.message_type, frozenset()))
        _LEADING[descriptor.full_name] = known
    return known


def _leads(descriptor: Any, above: frozenset[str]) -> bool:
    if _names_persons(descriptor):
        return True
    within = above | {descriptor.full_name}
    inner = (each.message_type for each in descriptor.fields if each.message_type is not None)
    return any(_leads(each, within) for each in inner if each.full_name not in within)


def _names_persons(descriptor: Any) -> bool:
    field = descriptor.fields_by_name.get(PERSONS)
    return field is not None and field.is_repeated and field.type == FieldDescriptor.TYPE_STRING


def change_texts(message: Any, change: Callable[[str], str]) -> None:
    """Change every text of a message in place, at any depth."""
    for part, field in _texts(message):
        said = getattr(part, field.name)
        if field.is_repeated:
            said[:] = [change(each) for each in said]
        else:
            setattr(part, field.name, change(said))


def is_free(field: Any, rules: Rules) -> bool:
    """Whether people write what they like in this text."""
    own = rules.items if field.is_repeated else rules
    closed = bool(own.personal or own.pattern or own.key)
    return field.type == FieldDescriptor.TYPE_STRING and (own.multi_line or own.free) and not closed


_FREE: dict[str, bool] = {}
_NAMES: dict[str, bool] = {}


def _free(request: Any) -> Iterator[Place]:
    for message, field in _texts(request):
        known = _FREE.get(field.full_name)
        if known is None:
            known = _FREE[field.full_name] = is_free(field, rules_of(field))
        if known:
            yield message, field


def _said(message: Any, field: Any) -> Collection[str]:
    said = getattr(message, field.name)
    return said if field.is_repeated else (said,)


def _names(request: Any) -> Iterator[str]:
    for message, field in _texts(request):
        known = _NAMES.get(field.full_name)
        if known is None:
            known = rules_of(field).personal in NAMES
            _NAMES[field.full_name] = known
        if known:
            yield getattr(message, field.name)


def _texts(message: Any) -> Iterator[Place]:
    """Every text that is set, at any depth."""
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_STRING:
            yield message, field
        elif field.message_type is not None:
            for part in _parts(field, value):
                yield from _texts(part)


def _parts(field: Any, value: Any) -> Iterator[Any]:
    if not field.is_repeated:
        yield value
    elif not field.message_type.GetOptions().map_entry:
        yield from value
    elif field.message_type.fields_by_name["value"].message_type is not None:
        yield from value.values()
