"""A matter that is born from another one is seen by those alone who would see both."""

from hypothesis import given
from hypothesis import strategies as st

from backbone.postgres.conditions import AnyOf
from backbone.postgres.sights import Seen, sights_by
from backbone.shell.links import sights_of as links_of
from backbone.words.actor import Actor
from backbone.words.roles import EVERYONE
from backbone.words.sight import (
    ALARM,
    AUDITOR,
    CALLS_DESK,
    CARE,
    DISPUTE,
    EVERY,
    KEPT,
    LINES,
    OPERATOR,
    PETITION,
    SOURCES,
    SUPERVISION,
    Facts,
    born,
    born_of,
    is_kept,
    own_of,
    sees,
)
from tests.life_cycles import watchers_of

UNIT, OTHER, PLACE, TOWN = "unit", "other", "990101001", "990101"
sources, roles = st.sampled_from(sorted(SOURCES)), st.sampled_from(sorted(EVERYONE))
actors = st.builds(
    Actor,
    user=st.just("li"),
    unit=st.sampled_from(("", UNIT, OTHER)),
    role=roles,
    area=st.sampled_from(("", PLACE, TOWN, "990102")),
    line=st.sampled_from(("", *sorted(LINES), "fire")),
)


def facts(source: str) -> Facts:
    return Facts(source, (UNIT,), PLACE)


@given(actors, sources, st.lists(sources, max_size=3))
def test_who_sees_it_would_see_the_matter_itself_and_each_origin_that_limits(
    actor: Actor, source: str, origins: list[str]
) -> None:
    child = born(source, *origins)
    limiting = [each for each in origins if each in KEPT and each != source]
    every = all(sees(actor, facts(each)) for each in (source, *limiting))
    assert sees(actor, facts(child)) <= every
    if actor.unit != UNIT or not actor.area:  # one relation alone: no more is hidden than that
        assert sees(actor, facts(child)) == every


@given(sources, st.lists(sources, max_size=3), st.lists(sources, max_size=2))
def test_an_origin_is_inherited_over_any_number_of_births(
    source: str, first: list[str], then: list[str]
) -> None:
    child = born(source, *first)
    assert born(SUPERVISION, child, *then) == born(SUPERVISION, source, *first, *then)
    assert own_of(child) == source and child in born_of(source) and child in EVERY
    assert born(child, *then) == born(source, *first, *then)


def test_the_110_desk_knows_no_dispute_that_was_a_petition() -> None:
    of_petition = born(DISPUTE, PETITION)
    for role in CALLS_DESK:
        desk = Actor("li", UNIT, role, PLACE)
        assert sees(desk, facts(DISPUTE))
        assert not sees(desk, facts(of_petition))
    assert sees(Actor("li", UNIT, "mediator"), facts(of_petition)), "it is worked on"
    assert sees(Actor("li", "", "auditor", TOWN), facts(of_petition))
    assert is_kept(of_petition, "") and not is_kept(DISPUTE, "")
    assert watchers_of(of_petition) == watchers_of(PETITION) & watchers_of(DISPUTE)
    assert born(DISPUTE, ALARM) == DISPUTE and born(DISPUTE, CARE) != DISPUTE


SEEN = Seen(
    frozenset(born_of(DISPUTE)),
    area="area",
    readers="readers",
    source="source",
    told={born(DISPUTE, PETITION): ("FROM_PETITION",)},
)


@given(actors, st.sampled_from(born_of(DISPUTE)))
def test_the_sql_form_says_the_same(actor: Actor, source: str) -> None:
    word = dict(SEEN.told).get(source, (source,))[0]
    shown = [
        sight
        for sight in sights_by(SEEN, actor)
        if all(
            word in each.values
            for each in sight
            if isinstance(each, AnyOf) and each.column == "source"
        )
    ]
    # The other conditions hold for a record of the actor's own unit and place.
    here = Facts(source, (actor.unit,), actor.area)
    assert bool(shown) == sees(actor, here)


@given(actors, st.sampled_from(sorted(EVERY)), st.sampled_from(("", OTHER)))
def test_a_refused_follow_up_is_shown_to_whom_its_matter_is(
    actor: Actor, source: str, accused: str
) -> None:
    if actor.role == OPERATOR:
        return
    words = {"source": source, "accused": accused}
    shown = [
        sight
        for sight in links_of(actor)
        if all(
            words[each.column] in each.values
            for each in sight
            if isinstance(each, AnyOf) and each.column in words
        )
    ]
    here = Facts(source, (actor.unit,), actor.area, accused=accused)
    barred = accused and actor.role == AUDITOR and actor.unit == accused
    assert bool(shown) == sees(actor, here) or barred
