"""A repeat asks again: of every verb the sight and the role, of every reveal the whole right."""

from typing import Any

import pytest

from backbone.words.rights import RIGHTS
from tests.life_cycles import ACCEPTED, NOTHING, reason_of
from tests.unit.rights.test_cells import TRIED, Tried

REVEALS = {"RevealCaller", "RevealPetitioner", "RevealParties", "RevealPerson"}


def all_verbs() -> list[Any]:
    return [
        pytest.param(tried, verb, id=f"{tried.subject.title}: {verb}")
        for tried in TRIED
        for verb in tried.subject.ways
        if verb in RIGHTS[tried.service] and not RIGHTS[tried.service][verb].is_inside
        if tried.subject.states_accepting(verb)
    ]


@pytest.mark.parametrize(("tried", "verb"), all_verbs())
def test_a_repeat_is_answered_to_those_who_still_may(tried: Tried, verb: str) -> None:
    """The first answer was to a legal command; the caller who repeats it has another role since."""
    subject, right = tried.subject, RIGHTS[tried.service][verb]
    state = subject.states_accepting(verb)[0]
    record, now = subject.ready(verb, state)
    command = subject.ways[verb].command
    after, now = subject.lived([command], None if state == NOTHING else record, now)
    for actor in subject.people.values():
        for role in subject.roles:
            again = subject.given_by(command, actor, role)
            heard = reason_of(lambda again=again: subject.decider.check_repeat(
                after, again, now, subject.also
            ))  # fmt: skip
            if verb in REVEALS:
                assert heard == subject.answer(after, again, now), (actor, role)
                continue
            guarded = reason_of(lambda again=again: subject.decider.life_cycle.guard(after, again))
            admitted = ACCEPTED if role in right.roles else "ROLE_MAY_NOT"
            assert heard == (guarded or admitted), (actor, role)


def test_every_reveal_is_decided_anew() -> None:
    disclosing = {
        name for tried in TRIED for name, verb in tried.subject.verbs.items() if verb.discloses
    }
    assert disclosing == REVEALS
    named = {name for rows in RIGHTS.values() for name in rows if name.startswith("Reveal")}
    assert named == REVEALS
