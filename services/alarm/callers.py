"""The caller of a receipt: sealed before anything keeps it, opened for whom it concerns, and hidden
in texts."""

from collections.abc import Iterable
from typing import Any

from backbone.postgres.sealing import Sealer, shown_by
from backbone.words.contacts import contact_of, line_of, number_of
from backbone.words.masks import masked
from backbone.words.numbers_said import numbers_of_field
from backbone.words.persons import unnamed
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.alarm.v1 import alarm_service_pb2 as pb
from services.alarm.receipt.amending import CallerChange
from services.alarm.receipt.record import Caller, Receipt

SEALED = ("number", "name", "subscriber", "installed_address")


def seal(facts: pb.CallerFacts, sealer: Sealer, dialling_code: str) -> Caller:
    """Seal the caller's data before it enters any command, journal or topic."""
    sealed: dict[str, Any] = {
        name: sealer.seal(name, getattr(facts, name).strip()) for name in SEALED
    }
    called = kept_of(_called(facts, sealer), [facts], sealer, facts.protected)
    indexes = _indexes(facts.number, sealer, dialling_code)
    return Caller(protected=facts.protected, called=called, **indexes, **sealed)


def _called(facts: pb.CallerFacts, sealer: Sealer) -> tuple[str, ...]:
    """The names of the caller, sealed so that every service finds them in free texts."""
    names = dict.fromkeys(filter(None, (facts.name.strip(), facts.subscriber.strip())))
    return tuple(filter(None, map(sealer.called, names)))


def kept_of(
    called: Iterable[str], callers: Iterable[pb.CallerFacts], sealer: Sealer, protected: bool
) -> tuple[str, ...]:
    """The sealed names of a caller; of a protected one also what texts must not show: the names and
    numbers, earlier ones too."""
    spans, plain = sealer.spans, [*called]
    if spans is None:
        return tuple(plain)
    plain = [each for each in plain if not spans.kept([each])]
    said = (text.strip() for each in callers for text in (each.name, each.subscriber, each.number))
    kept = [spans.seal_name(text, kept=True) for text in said if text] if protected else []
    return tuple(dict.fromkeys([*plain, *kept]))


def seal_change(
    facts: pb.CallerFacts, sealer: Sealer, dialling_code: str, known: Caller
) -> CallerChange:
    """Seal the given fields of the caller; None stands for those that keep their value. `known` is
    the caller as the receipt has it."""
    sealed: dict[str, Any] = {
        name: sealer.seal_if_changed(name, getattr(facts, name).strip(), getattr(known, name))
        for name in SEALED
        if facts.HasField(name)
    }
    protected = facts.protected if facts.HasField("protected") else None
    told = facts.HasField("number")
    indexes: dict[str, Any] = _indexes(facts.number, sealer, dialling_code) if told else {}
    named = facts.HasField("name") or facts.HasField("subscriber")
    called = _called(facts, sealer) if named else None
    return CallerChange(protected=protected, called=called, **indexes, **sealed)


def _indexes(number: str, sealer: Sealer, dialling_code: str) -> dict[str, Any]:
    """The indexes of all numbers in the field, the first one apart, and of their lines; equal in
    every way of writing a number. A number without an extension has no index of its line."""
    first, *others = (*numbers_of_field(number), number)
    known = [number_of(each, dialling_code) for each in others]
    contacts = dict.fromkeys(filter(None, (contact_of(first, dialling_code), *known)))
    numbers = [sealer.index("number", each) for each in contacts]
    lines = [sealer.index("number", line_of(each)) for each in contacts]
    return {
        "number_index": numbers[0] if numbers else "",
        "line_index": lines[0] if lines else "",
        "further": tuple(numbers[1:]),
        "further_lines": tuple(filter(None, lines[1:])),
    }


def names_of(receipt: Receipt, sealer: Sealer) -> list[str]:
    """The names of the caller, unsealed to look for them in texts."""
    return names_of_facts([unseal(receipt.report.caller, sealer)])


def names_of_facts(callers: Iterable[pb.CallerFacts]) -> list[str]:
    return [name for each in callers for name in (each.name, each.subscriber) if name]


def unseal(caller: Caller, sealer: Sealer) -> pb.CallerFacts:
    plain = {name: sealer.open(name, getattr(caller, name)) for name in SEALED}
    return pb.CallerFacts(protected=caller.protected, **plain)


def shown(caller: Caller, sealer: Sealer) -> resources.Caller:
    """The caller for answers: masked; a protected caller has no fields at all, and of a field whose
    key is lost a mark is shown."""
    if caller.protected:
        return resources.Caller(protected=True)
    hidden: dict[str, Any] = {
        name: shown_by(sealer, name, getattr(caller, name), masked) for name in SEALED
    }
    return resources.Caller(**hidden)


def discreet(text: str, callers: Iterable[pb.CallerFacts]) -> str:
    """The text without the names, forms of address and numbers of these callers."""
    known = list(callers)
    called = [name for each in known for name in (each.name, each.subscriber)]
    return unnamed(text, called, [each.number for each in known])
