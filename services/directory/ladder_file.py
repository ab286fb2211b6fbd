"""Reads ladder.yaml: what happens, by priority, while a team does not answer its mission."""

from collections.abc import Callable, Mapping
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
# They are told day and night.
URGENT = frozenset({"P1", "P2"})


def read_ladder(file: str, text: str | None, flaws: Flaws) -> Ladder:
    """Return the ladder, the usual one if the pack has none; flaws are collected."""
    known = len(flaws.found)
    root = None if text is None else read_document(file, text, flaws)
    if root is None:
        return USUAL
    readers = {each: _emergency if each in URGENT else _one for each in PRIORITIES}
    found = root.fields(readers, {"people": _people})
    if len(flaws.found) > known:
        return USUAL
    return Ladder(
        rungs={priority: found[priority][0] for priority in PRIORITIES},
        every_seconds={priority: found[priority][1][0] for priority in PRIORITIES},
        people={**USUAL.people, **found.get("people", {})},
        working=frozenset(priority for priority in PRIORITIES if found[priority][1][1]),
    )


def _one(value: Value) -> tuple[tuple[Step, ...], tuple[int, bool]]:
    """The rungs of one priority, and the pause after which the last one is repeated."""
    found = value.fields({"rungs": lambda each: each.each(_rung)}, _times("then_every_"))
    rungs: tuple[tuple[Value, Step], ...] = found.get("rungs", ())
    if "rungs" in found:
        _check_order(value, rungs)
        _check_end(value, rungs)
    return tuple(step for _, step in rungs), _time(value, found, "then_every_")


def _emergency(value: Value) -> tuple[tuple[Step, ...], tuple[int, bool]]:
    """The same of a priority that does not wait for working hours."""
    steps, (every, working) = _one(value)
    if working or any(step.working for step in steps):
        value.flaw(
            "WORKING_TIME_WRONG", "working_minutes", "an emergency waits for no office hours"
        )
    return steps, (every, working)


def _rung(value: Value) -> tuple[Value, Step]:
    found = value.fields(
        {
            "when": lambda each: each.one_of(CONDITIONS),
            "tell": lambda each: each.each(lambda one: one.one_of(WHO)),
        },
        {**_times(""), "channels": lambda each: each.each(lambda one: one.one_of(CHANNELS))},
    )
    seconds, working = _time(value, found, "")
    step = Step(
        seconds=seconds,
        when=found.get("when", NOT_ACKNOWLEDGED),
        tell=found.get("tell", ()),
        channels=found.get("channels", ()),
        working=working,
    )
    if "tell" in found and not step.tell:
        value.flaw("RUNG_EMPTY", str(step.seconds), "a rung must tell one or more, as TEAM")
    if step.channels and not set(step.tell) & set(PEOPLE):
        detail = f"a telephone needs a person: tell one of {', '.join(PEOPLE)}"
        value.flaw("CHANNEL_WITHOUT_PEOPLE", ", ".join(step.channels), detail)
    return value, step


def _times(prefix: str) -> Mapping[str, Callable[[Value], int]]:
    """The units in which a pause may be said."""
    return {
        f"{prefix}seconds": _seconds,
        f"{prefix}minutes": _minutes,
        f"{prefix}working_minutes": _minutes,
    }


def _time(value: Value, found: Mapping[str, Any], prefix: str) -> tuple[int, bool]:
    """The seconds that are said in exactly one unit, and whether they are working time."""
    said = [name for name in _times(prefix) if name in found]
    if len(said) != 1:
        names = ", ".join(_times(prefix))
        value.flaw("KEY_MISSING", names, f"exactly one of {names} must be there")
        return 0, False
    return found[said[0]], said[0] == f"{prefix}working_minutes"


def _minutes(value: Value) -> int:
    """The seconds in them; 0 if there is a flaw in it."""
    known = len(value.flaws.found)
    number = value.number()
    if len(value.flaws.found) > known or 0 < number <= LONGEST // 60:
        return number * 60
    detail = f"it must lie between 1 and {LONGEST // 60} minutes, which are a week"
    value.flaw("SECONDS_WRONG", str(number), detail)
    return 0


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
    before, working = 0, False
    for at, step in rungs:
        if 0 < step.seconds <= before:
            detail = f"it must come later than the rung above it, at {before} seconds"
            at.flaw("RUNG_OUT_OF_ORDER", str(step.seconds), detail)
        if working and not step.working:
            detail = "after a rung in working time all others are in working time too"
            at.flaw("RUNG_OUT_OF_ORDER", str(step.seconds), detail)
        before, working = step.seconds, step.working


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
