"""The harness of life cycles: what holds for every verb, state and role of any aggregate.

A test file declares a `Subject` and subclasses `LifeCycleChecks`; pytest then runs every check for
every verb in every state. Records are reached by commands, through the service's own decider.
"""

import importlib
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, reduce
from pathlib import Path
from textwrap import wrap
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.door.actions import ALONE, Actions
from backbone.door.decider import Decider
from backbone.door.request import Request
from backbone.life_cycle import Also, Verb
from backbone.words.actor import CLOCK, Actor
from backbone.words.errors import Conflict, Denied, InvalidTransition, Refusal
from backbone.words.roles import EVERYONE, Roles
from backbone.words.sight import AUDITOR, OPERATOR, Relation, grants

NOW = datetime(2026, 1, 1, tzinfo=UTC)
# The state of what does not exist yet.
NOTHING = "nothing"
ACCEPTED = ""
# Refusals that the life cycle itself makes.
GENERAL = frozenset({"INVALID_TRANSITION", "ROLE_MAY_NOT"})
REVIEW = "WHO_MAY"  # set to `write`, this variable writes the tables of rights anew

History = Sequence[Any]  # commands, and between them how much time passes


@dataclass(frozen=True)
class Legal:
    """A command that its verb accepts in all its states.

    `needs` comes before it, in each of these states. Where a state must have been reached in
    another manner than the others reach it, `instead` gives that history. `but` gives what the
    command hears in a state where that is not what the life cycle says: a declared reason, or
    ACCEPTED.
    """

    command: Any
    needs: History = ()
    instead: Mapping[str, History] = field(default_factory=dict)
    but: Mapping[str, str] = field(default_factory=dict)


def by_role(command: Any, actor: Any, role: str) -> Any:
    """The command, given by this actor in this role."""
    return replace(command, by=replace(actor, role=role))


def watchers_of(source: str) -> Roles:
    """The roles that see matters of this source in their area, the auditor among them."""
    over = (Relation.WATCHER, Relation.AUDITOR)
    return frozenset(
        role
        for role in EVERYONE
        for grant in grants(Actor("", role=role))
        if grant.relation in over and source in grant.sources
    )


@dataclass(frozen=True, eq=False)
class Subject:
    """One aggregate type in one situation.

    `histories` leads to every state except those of `unreached`, which no verb reaches yet.
    `people` are actors by their relation to the record; the role of each is only what it usually
    is. No role shows the record to `strangers`, but that of the auditor to those who are `audited`;
    to `neighbours` it is shown by a role of `watchers`, but in the states of `accusing`, when it is
    about an accusation, by the auditor's alone. The operator sees nothing. One of the
    `openings` begins each random walk, whose steps are the legal commands and `more`, up to `pause`
    apart. `invariant` is asserted after every event.
    """

    title: str
    decider: Decider[Any]
    histories: Mapping[str, History]
    legal: Sequence[Legal]
    people: Mapping[str, Any]
    openings: Sequence[History]
    strangers: Iterable[str] = ("stranger",)
    audited: Iterable[str] = ()
    neighbours: Iterable[str] = ()
    watchers: Roles = frozenset()
    accusing: frozenset[str] = frozenset()
    roles: Iterable[str] = EVERYONE
    given_by: Callable[[Any, Any, str], Any] = by_role
    unreached: frozenset[str] = frozenset()
    more: Sequence[Any] = ()
    pause: timedelta = timedelta(minutes=500)
    invariant: Callable[[Any], None] = lambda record: None
    also: Also = ALONE
    # The refusals for what a command aims at, such as a unit: for another aim they may not be.
    aims: frozenset[str] = frozenset()
    _ready: dict[tuple[str, str], tuple[Any, datetime]] = field(init=False, default_factory=dict)
    _heard: dict[tuple[str, str], dict[tuple[str, str], str]] = field(
        init=False, default_factory=dict
    )

    @cached_property
    def verbs(self) -> dict[str, Verb[Any, Any]]:
        return {each.__name__: verb for each, verb in self.decider.life_cycle.verbs.items()}

    @cached_property
    def ways(self) -> dict[str, Legal]:
        """The legal command of each verb."""
        return {type(each.command).__name__: each for each in self.legal}

    @property
    def missing(self) -> str:
        return self.decider.life_cycle.missing

    def states_of(self, verb: str) -> frozenset[str]:
        """The states in which the verb is allowed."""
        states = self.verbs[verb].states
        return frozenset({NOTHING}) if states is None else frozenset(map(str, states))

    def state_of(self, record: Any) -> str:
        return NOTHING if record is None else str(self.decider.life_cycle.state_of(record))

    def decide(self, record: Any, command: Any, now: datetime = NOW) -> list[Any]:
        return self.decider.decide(record, command, now, self.also)

    def lived(
        self, history: History, record: Any = None, now: datetime = NOW
    ) -> tuple[Any, datetime]:
        """The record after these commands, and the moment after the last of them."""
        for step in history:
            if isinstance(step, timedelta):
                now += step
            else:
                record = reduce(self.decider.evolve, self.decide(record, step, now), record)
        return record, now

    def after(self, *history: Any, found: Any = None) -> Any:
        return self.lived(history, found)[0]

    def ready(self, verb: str, state: str) -> tuple[Any, datetime]:
        """A record in this state, in which the legal command is accepted if the verb allows it."""
        if (verb, state) not in self._ready:
            way = self.ways[verb]
            history = way.instead.get(state, self.histories.get(state, ()))
            needs = way.needs if state in self.states_of(verb) else ()
            found = self.lived([*history, *needs])
            assert self.state_of(found[0]) == state
            self._ready[verb, state] = found
        return self._ready[verb, state]

    def is_a_persons(self, verb: str) -> bool:
        """Whether people give this command; clocks and other services give the rest."""
        return getattr(self.ways[verb].command, "by", CLOCK) != CLOCK

    def heard(self, verb: str, state: str) -> dict[tuple[str, str], str]:
        """What each relation in each role hears: the reason of the refusal, or ACCEPTED."""
        if (verb, state) not in self._heard:
            record, now = self.ready(verb, state)
            answers = {
                (relation, role): self.answer(
                    record, self.given_by(self.ways[verb].command, actor, role), now
                )
                for relation, actor in self.people.items()
                for role in self.roles
            }
            self._heard[verb, state] = answers
        return self._heard[verb, state]

    def answer(self, record: Any, command: Any, now: datetime) -> str:
        """What the command hears: the reason of its refusal, or ACCEPTED."""
        return reason_of(lambda: self.decide(record, command, now))

    def changes(self, record: Any, command: Any, now: datetime) -> bool:
        """Whether the command would change something, were what it says all right."""
        try:
            return bool(self.decide(record, command, now))
        except (InvalidTransition, Denied, Conflict):
            return False
        except Refusal as refusal:
            return refusal.reason != self.missing

    def outside(self, verb: str, record: Any) -> str:
        """The reason that a verb has outside its states: a declared one, or the general one."""
        known = self.verbs[verb]
        own = reason_of(lambda: known.otherwise(record, self.ways[verb].command))
        assert own in {ACCEPTED, *known.reasons}
        return own or "INVALID_TRANSITION"

    def states_heard(self, verb: str) -> list[str]:
        """The states in which a verb can be answered: only one that opens starts from nothing."""
        opens = self.verbs[verb].states is None
        return [*([NOTHING] if opens else []), *self.histories]

    def states_accepting(self, verb: str) -> list[str]:
        """The states in which the legal command is accepted, in the order of a life."""
        command = self.ways[verb].command
        return [
            str(state)
            for state in self.states_heard(verb)
            if self.answer(self.ready(verb, state)[0], command, self.ready(verb, state)[1])
            == ACCEPTED
        ]

    @cached_property
    def commands(self) -> dict[str, list[Any]]:
        """The steps of a walk, by verb: the commands declared, and the same by all the people."""
        needed = (each for way in self.legal for each in (*way.needs, way.command))
        steps = [each for each in (*needed, *self.more) if not isinstance(each, timedelta)]
        steps += [
            self.given_by(way.command, actor, getattr(actor, "role", ""))
            for verb, way in self.ways.items()
            if self.is_a_persons(verb)
            for actor in self.people.values()
        ]
        return {
            verb: [each for each in steps if type(each).__name__ == verb] for verb in self.verbs
        }

    def step(self, record: Any, now: datetime, number: int) -> tuple[timedelta, Any]:
        """The pause and the command that a random number stands for.

        Three in four are commands of a verb that the state allows, and accepted if any person's
        is, so that a walk gets far.
        """
        number, pause = divmod(number, 8)
        number, kind = divmod(number, 4)
        after = max(0, pause - 3) * self.pause / 4
        state = self.state_of(record)
        fitting = [verb for verb in self.verbs if kind and state in self.states_of(verb)]
        verbs = fitting or [*self.verbs]
        commands = self.commands[verbs[number % len(verbs)]]
        start = number // len(verbs) % len(commands)
        around = [*commands[start:], *commands[:start]] if kind else []
        accepted = (each for each in around if self.answer(record, each, now + after) == ACCEPTED)
        return after, next(accepted, commands[start])


STEPS = st.lists(st.integers(0, 1_000_000), min_size=10, max_size=40)


class LifeCycleChecks:
    """The checks; a subclass called `Test…` names its `subject`."""

    subject: ClassVar[Subject]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "verb" in metafunc.fixturenames:
            metafunc.parametrize("verb", [*self.subject.ways])
        if "verb_of_people" in metafunc.fixturenames:
            verbs = [verb for verb in self.subject.ways if self.subject.is_a_persons(verb)]
            metafunc.parametrize("verb_of_people", verbs)

    def test_every_verb_has_a_legal_command_and_every_state_a_record(self) -> None:
        subject = self.subject
        assert subject.ways.keys() == subject.verbs.keys()
        declared = {state for verb in subject.verbs for state in subject.states_of(verb)}
        assert declared - {NOTHING} <= subject.histories.keys() | subject.unreached
        for state, history in subject.histories.items():
            assert subject.state_of(subject.after(*history)) == state

    def test_a_verb_is_accepted_in_its_states(self, verb: str) -> None:
        subject, way = self.subject, self.subject.ways[verb]
        for state in subject.states_of(verb) - subject.unreached:
            record, now = subject.ready(verb, state)
            expected = way.but.get(state, ACCEPTED)
            assert subject.answer(record, way.command, now) == expected, state
            assert expected in {ACCEPTED, *GENERAL, *subject.verbs[verb].reasons}
            if expected == ACCEPTED:
                after, _ = subject.lived([way.command], record, now)
                assert subject.state_of(after) in subject.histories

    def test_a_verb_is_refused_in_other_states(self, verb: str) -> None:
        """A verb without a reason of its own for the state names the state alone."""
        subject, way, known = self.subject, self.subject.ways[verb], self.subject.verbs[verb]
        for state in {NOTHING, *subject.histories} - subject.states_of(verb):
            record, now = subject.ready(verb, state)
            reason = subject.answer(record, way.command, now)
            if state in way.but:
                assert reason == way.but[state]
            elif state == NOTHING:
                assert reason == subject.missing
            elif known.states is None:
                assert reason in known.reasons
            else:
                assert reason == subject.outside(verb, record), state

    def test_every_role_hears_yes_or_a_declared_reason(self, verb_of_people: str) -> None:
        subject, verb = self.subject, self.subject.verbs[verb_of_people]
        known = {ACCEPTED, *verb.reasons, *GENERAL, subject.missing}
        for state in subject.states_heard(verb_of_people):
            assert set(subject.heard(verb_of_people, state).values()) <= known, state

    def test_only_people_in_sight_hear_that_it_exists(self, verb_of_people: str) -> None:
        subject = self.subject
        if subject.verbs[verb_of_people].states is None:
            return  # one who opens a record needs no sight of it
        for state in subject.histories:
            for (relation, role), answer in subject.heard(verb_of_people, state).items():
                if role == OPERATOR:
                    assert answer == subject.missing, (state, relation)
                elif relation in subject.strangers:
                    reads = role == AUDITOR and relation in subject.audited
                    assert (answer != subject.missing) == reads, (state, relation, role)
                elif relation in subject.neighbours:
                    hidden = state in subject.accusing and role != AUDITOR
                    sees = role in subject.watchers and not hidden
                    assert (answer != subject.missing) == sees, (state, relation, role)

    def test_an_action_is_listed_exactly_where_the_door_lets_it_in(
        self, verb_of_people: str
    ) -> None:
        """By state, relation and role; a refusal for what the command says does not count."""
        subject, verb, way = self.subject, verb_of_people, self.subject.ways[verb_of_people]
        actions = Actions(subject.decider, [verb])
        for state in subject.histories:
            record, now = subject.ready(verb, state)
            for (relation, role), answer in subject.heard(verb, state).items():
                command = subject.given_by(way.command, subject.people[relation], role)
                own = {"own_team": command.own_team} if hasattr(command, "own_team") else {}
                listed = actions.of(record, command.by, now, subject.also, **own) == [verb]
                where = (state, relation, role, answer)
                if subject.changes(record, command, now):
                    assert listed, where
                elif answer not in subject.aims:
                    assert not listed, where

    def test_the_journal_tells_the_record_on_any_walk(self) -> None:
        """Of every event: its change, its number, its time, its message; of the record: its row."""

        @settings(max_examples=60, deadline=None)
        @given(st.sampled_from(self.subject.openings), STEPS)
        def walk(opening: History, numbers: list[int]) -> None:
            journey = Journey(self.subject)
            for step in opening:
                journey.take(step)
            for number in numbers:
                pause, command = self.subject.step(journey.record, journey.now, number)
                journey.now += pause
                journey.take(command)
            journey.require_one_story()

        walk()


def reason_of(act: Callable[[], object]) -> str:
    """The reason of the Refusal that the act raises, ACCEPTED if it raises none."""
    try:
        act()
    except Refusal as refusal:
        return refusal.reason
    return ACCEPTED


class Journey:
    """One life of one aggregate, with its journal."""

    def __init__(self, subject: Subject) -> None:
        self.subject, self.decider = subject, subject.decider
        self.record: Any = None
        self.now = NOW
        self.events: list[Any] = []
        self.payloads: list[bytes] = []

    @property
    def state(self) -> str:
        return self.subject.state_of(self.record)

    def take(self, command: Any) -> None:
        """Give the command; where it is refused, nothing happens."""
        note(f"{self.now} {self.state}: {command}")
        reason = self.subject.answer(self.record, command, self.now)
        self._require_unlisted(command, reason)
        if reason != ACCEPTED:
            verb = self.decider.life_cycle.verbs[type(command)]
            assert reason in {*verb.reasons, *GENERAL, self.subject.missing}
            return
        for event in self.subject.decide(self.record, command, self.now):
            self._happens(command, event)
        assert self.state in {NOTHING, *self.subject.histories}

    def _require_unlisted(self, command: Any, reason: str) -> None:
        """What the state or the person forbids is no action that is listed."""
        subject, name = self.subject, type(command).__name__
        if self.record is None or not subject.is_a_persons(name) or reason in subject.aims:
            return
        if not subject.changes(self.record, command, self.now) and reason != ACCEPTED:
            own = {"own_team": command.own_team} if hasattr(command, "own_team") else {}
            listed = Actions(self.decider, [name]).of(
                self.record, command.by, self.now, subject.also, **own
            )
            assert not listed, (name, reason)

    def _happens(self, command: Any, event: Any) -> None:
        before, self.record = self.record, self.decider.evolve(self.record, event)
        self.events.append(event)
        assert self.record.version == len(self.events)
        assert self.record.time == event.time == self.now
        assert before is None or (before.id, True) == (self.record.id, before.time <= self.now)
        self.subject.invariant(self.record)
        by = getattr(command, "by", CLOCK)
        actor = by if isinstance(by, Actor) else CLOCK
        request = Request(UUID(int=1), self.record.id, command, "", actor, self.now)
        payload = self.decider.journal_row(self.record, event, request, b"").payload
        assert self.decider.from_event(payload) == event
        self.payloads.append(payload)

    def require_one_story(self) -> None:
        """The journal folded, and the row read back, give the same record."""
        assert self.decider.fold(self.payloads) == self.record
        doc = self.decider.to_doc(self.record)
        assert self.decider.from_doc(doc, self.decider.table.shape) == self.record
        columns = self.decider.table.project(self.record)
        assert columns.keys() == self.decider.table.columns.keys()


@dataclass(frozen=True)
class UseCase:
    """What the test file of one use case adds to the checks of its aggregate.

    `legal` gives the legal commands of its verbs to a subject's people; `rights` are the reviewed
    rows of `who_may.txt` for these verbs, by the subject's title.
    """

    verbs: frozenset[str]
    legal: Callable[..., tuple[Legal, ...]]
    rights: Mapping[str, str]


def use_cases_beside(file: str) -> list[UseCase]:
    """The use cases that the other test files of the folder declare as `USE_CASE`."""
    folder = Path(file).parent
    package = ".".join(folder.relative_to(Path(__file__).parent.parent).parts)
    names = sorted(each.stem for each in folder.glob("test_*.py") if each != Path(file))
    modules = (importlib.import_module(f"{package}.{name}") for name in names)
    return [module.USE_CASE for module in modules if hasattr(module, "USE_CASE")]


def require_reviewed(
    table: Path, subjects: Sequence[Subject], use_cases: Sequence[UseCase] = ()
) -> None:
    """Compare who was ever accepted with what was reviewed: the table, and the use cases' rows.

    They show what the rules of the domain accept; the routes of the gateway narrow the roles.
    """
    for case in use_cases:
        for subject in subjects:
            rows = "".join(_rights_to(subject, verb) for verb in sorted(case.verbs))
            assert rows == case.rights[subject.title], f"{subject.title}:\n{rows}"
    elsewhere = {verb for case in use_cases for verb in case.verbs}
    text = "\n".join(_rights(subject, elsewhere) for subject in subjects)
    if os.environ.get(REVIEW) == "write":
        table.write_text(text, encoding="utf-8")
    assert text == table.read_text(encoding="utf-8"), f"review, then {REVIEW}=write pytest {table}"


def _rights(subject: Subject, elsewhere: Collection[str]) -> str:
    verbs = (verb for verb in subject.ways if verb not in elsewhere)
    return f"# {subject.title}\n" + "".join(_rights_to(subject, verb) for verb in verbs)


def _rights_to(subject: Subject, verb: str) -> str:
    """A verb with the states in which it is ever accepted, and with those who may give it."""
    states = subject.states_accepting(verb)
    lines = [f"{verb} in {', '.join(states)}"]
    accepted = {
        pair
        for state in states
        if subject.is_a_persons(verb)
        for pair, answer in subject.heard(verb, state).items()
        if answer == ACCEPTED
    }
    seen = {
        pair
        for state in states
        if subject.is_a_persons(verb)
        for pair, answer in subject.heard(verb, state).items()
        if answer != subject.missing
    }
    for relation in subject.people:
        roles = sorted(role for person, role in accepted if person == relation)
        if roles:
            whole = len(roles) == sum(person == relation for person, _ in seen)
            every = "every role" if len(roles) == len([*subject.roles]) else "every role in sight"
            said = f"  {relation}: {every if whole else ', '.join(roles)}"
            lines += wrap(said, 96, subsequent_indent="    ", break_on_hyphens=False)
    return "\n".join(lines) + "\n"
