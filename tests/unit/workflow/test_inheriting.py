"""A supervision learns that an incident comes from a petition: the desk of 110 sees it no more."""

import pytest

from backbone.wire import to_message
from backbone.words.actor import Actor
from backbone.words.errors import NotFound
from backbone.words.sight import sees
from liandong.supervision.v1 import supervision_events_pb2 as pb
from liandong.supervision.v1.supervision_events_pb2 import SupervisionEvent
from services.workflow import supervising
from services.workflow.incident.record import Incident
from services.workflow.supervision import SUPERVISIONS, may_see
from services.workflow.supervision.answering import AnswerSupervision
from services.workflow.supervision.inheriting import HearOrigin, OriginLearnt
from services.workflow.supervision.lifting import LiftSupervision
from services.workflow.supervision.opening import OpenSupervision
from services.workflow.supervision.record import Level, State
from services.workflow.supervision.table import project
from tests.cities import NORTH
from tests.incidents import LI, changed
from tests.supervisions import FENG, ID, MAYOR, NORTH_HEAD, TWO, Locked, an_incident, decide, lived

DISPATCHER = Actor("qian", "north", "dispatcher", NORTH)
DISPUTE: Incident = changed(an_incident(1, LI), source="DISPUTE")
BORN: Incident = changed(DISPUTE, origin="PETITION")
OPENING = OpenSupervision(FENG, ID, (str(DISPUTE.id), str(TWO.id)), Level.KEY, "news?")
OPEN = lived(OPENING, also=Locked(DISPUTE, TWO))
TOLD = Locked(BORN, TWO)
HEARD = lived(HearOrigin(BORN.id), found=OPEN, also=TOLD)


def test_the_desk_of_110_sees_it_no_more_and_all_others_do() -> None:
    assert sees(DISPATCHER, OPEN.facts) and not sees(DISPATCHER, HEARD.facts)
    assert all(sees(each, HEARD.facts) for each in (FENG, MAYOR, NORTH_HEAD))
    with pytest.raises(NotFound):
        may_see(HEARD, AnswerSupervision(DISPATCHER, "x"))
    assert project(HEARD)["source"] == HEARD.facts.source != project(OPEN)["source"]


def test_it_is_as_if_it_had_been_opened_since() -> None:
    since = lived(OPENING, also=TOLD)
    assert HEARD.facts == since.facts
    assert decide(since, HearOrigin(BORN.id), also=TOLD) == [], "it knows already"
    assert decide(HEARD, HearOrigin(BORN.id), also=TOLD) == [], "once"
    assert decide(OPEN, HearOrigin(TWO.id), also=TOLD) == [], "a call comes from nowhere else"


def test_a_lifted_one_hears_it_too() -> None:
    lifted = lived(LiftSupervision(FENG, "settled", "x"), found=OPEN, also=TOLD)
    heard = lived(HearOrigin(BORN.id), found=lifted, also=TOLD)
    assert heard.state is State.LIFTED and not sees(DISPATCHER, heard.facts)


def test_its_incidents_are_not_told_what_they_have_said() -> None:
    """An incident drops a lifted supervision, and must not take it up again."""
    [event] = decide(OPEN, HearOrigin(BORN.id), also=TOLD)
    assert isinstance(event, OriginLearnt)
    told = SupervisionEvent(origin_learnt=to_message(event, pb.OriginLearnt))
    told.meta.event_id, told.meta.aggregate_id = str(ID), str(ID)
    assert supervising.follow_requests(told.SerializeToString()) == ()
    assert SUPERVISIONS.evolve(OPEN, event).demands == OPEN.demands
