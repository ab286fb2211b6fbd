"""Reads ladder.yaml: what happens, by priority, while a team does not answer its mission."""

from collections.abc import Mapping
from typing import Any

from backbone.words.ladder import (
    CHANNELS,
    CONDITIONS,
    INSIDE,
    NOT_ACKNOWLEDGED,
    PEOPLE,
    PLACES,
    USUAL,
    WHO,
    Ladder,
    People,
    Step,
)
from backbone.words.roles import EVERYONE
from services.directory.documents import Value, read_document
from services.directory.flaws import Flaws
from services.directory.rules import PRIORITIES

# A week: a later rung would never be lived to see.
LONGEST = 7 * 24 * 3600
MOST = 50


def read_ladder(file: str, text: str | None, flaws: Flaws) -> Ladder:
    """Return the ladder, the usual one if the pack has none; flaws are collected."""
    known = len(flaws.found)
    root = None if text is None else read_document(file, text, flaws)
    if root is None:
        return USUAL
    readers = dict.fromkeys(PRIORITIES, _one)
    found = root.fields(readers, {"people": _people})
    if len(flaws.found) > known:
        return USUAL
    return Ladder(
        rungs={priority: found[priority][0] for priority in PRIORITIES},
        every_seconds={priority: found[priority][1] for priority in PRIORITIES},
        people={**USUAL.people, **found.get("people", {})},
    )


def _one(value: Value) -> tuple[tuple[Step, ...], int]:
    """The rungs of one priority, and the pause after which the last one is repeated."""
    found = value.fields(
        {"rungs": lambda each: each.each(_rung), "then_every_seconds": _seconds}, {}
    )
    rungs: tuple[tuple[Value, Step], ...] = found.get("rungs", ())
    if "rungs" in found:
        _check_order(value, rungs)
        _check_end(value, rungs)
    return tuple(step for _, step in rungs), found.get("then_every_seconds", 0)


def _rung(value: Value) -> tuple[Value, Step]:
    found = value.fields(
        {
            "seconds": _seconds,
            "when": lambda each: each.one_of(CONDITIONS),
            "tell": lambda each: each.each(lambda one: one.one_of(WHO)),
        },
        {"channels": lambda each: each.each(lambda one: one.one_of(CHANNELS))},
    )
    step = Step(
        seconds=found.get("seconds", 0),
        when=found.get("when", NOT_ACKNOWLEDGED),
        tell=found.get("tell", ()),
        channels=found.get("channels", ()),
    )
    if "tell" in found and not step.tell:
        value.flaw("RUNG_EMPTY", str(step.seconds), "a rung must tell one or more, as TEAM")
    if step.channels and not set(step.tell) & set(PEOPLE):
        detail = f"a telephone needs a person: tell one of {', '.join(PEOPLE)}"
        value.flaw("CHANNEL_WITHOUT_PEOPLE", ", ".join(step.channels), detail)
    return value, step


def _seconds(value: Value) -> int:
    """The number; 0 if there is a flaw in it."""
    known = len(value.flaws.found)
    number = value.number()
    if len(value.flaws.found) > known or 0 < number <= LONGEST:
        return number
    detail = f"it must lie between 1 and {LONGEST} seconds, which are a week"
    value.flaw("SECONDS_WRONG", str(number), detail)
    return 0


def _check_order(value: Value, rungs: tuple[tuple[Value, Step], ...]) -> None:
    if not rungs:
        value.flaw("LADDER_EMPTY", "rungs", "a ladder has one rung or more")
    if len(rungs) > MOST:
        value.flaw("LADDER_TOO_LONG", str(len(rungs)), f"a ladder has {MOST} rungs at most")
    before = 0
    for at, step in rungs:
        if 0 < step.seconds <= before:
            detail = f"it must come later than the rung above it, at {before} seconds"
            at.flaw("RUNG_OUT_OF_ORDER", str(step.seconds), detail)
        before = step.seconds


def _check_end(value: Value, rungs: tuple[tuple[Value, Step], ...]) -> None:
    """Check that the ladder reaches a person, and that it does not end by itself."""
    if rungs and not any(set(step.tell) - INSIDE for _, step in rungs):
        detail = "no rung tells anyone outside the team: the silence of the team would stay unheard"
        value.flaw("LADDER_WITHOUT_PEOPLE", "rungs", detail)
    if not rungs:
        return
    at, last = rungs[-1]
    if last.when != NOT_ACKNOWLEDGED:
        detail = "the last rung is repeated until a person ends it: it must be NOT_ACKNOWLEDGED"
        at.flaw("LADDER_ENDS", last.when, detail)


def _people(value: Value) -> Mapping[str, People]:
    found: dict[str, People] = {}
    for who, each in value.pairs():
        if who not in PEOPLE:
            each.flaw("NOT_ONE_OF", who, f"it must be one of {', '.join(PEOPLE)}")
            continue
        found[who] = _group(each)
    return found


def _group(value: Value) -> People:
    found: dict[str, Any] = value.fields(
        {
            "of": lambda each: each.one_of(PLACES),
            "roles": lambda each: each.each(lambda one: one.one_of(EVERYONE - {"partner"})),
        },
        {},
    )
    if "roles" in found and not found["roles"]:
        value.flaw("ROLE_MISSING", "roles", "it must name one role or more")
    return People(found.get("of", "UNIT"), found.get("roles", ()))
